#include "methods/rotation_search.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/random.h"
#include "methods/agreement.h"
#include "methods/fixtures.h"
#include "methods/latent_layout.h"
#include "model/subspace.h"

namespace polycause {
namespace {

// Ten latents in a modality have 45 planes to turn in: attempts as long as those for three leave
// some mixed (.94).
TEST(RotationSearch, TurnsManyLatentsRight) {
  constexpr int kLatents = 10;
  SimulateOptions options = simulation_preset("free");
  options.participants = 4000;
  options.modalities = 2;
  options.latents = kLatents;
  const std::vector<Column> truth = simulated("free", options, 1).truth.latents.columns;
  Codes codes;
  codes.participants = 4000;
  Random random(1, "turned");
  std::vector<float> z(codes.participants * 2 * kLatents);
  for (std::size_t m = 0; m < 2; ++m) {
    const std::vector<double> turn = random_rotation(kLatents, random);
    std::vector<float> u(codes.participants * kLatents);
    for (std::size_t i = 0; i < codes.participants; ++i) {
      for (std::size_t a = 0; a < kLatents; ++a) {
        const auto value = static_cast<float>(truth[m * kLatents + a].values[i]);
        z[(i * 2 + m) * kLatents + a] = value;
        for (std::size_t b = 0; b < kLatents; ++b)
          u[i * kLatents + b] += value * static_cast<float>(turn[a * kLatents + b]);
      }
    }
    codes.width.push_back(kLatents);
    codes.u.push_back(std::move(u));
  }
  DensityShape shape;
  shape.latents = {kLatents, kLatents};
  shape.privates = {0, 0};
  shape.layers_per_width = 0;
  shape.pairs = LatentLayout(shape.latents).pairs({0, 1});
  Density density(shape);
  density.initialise(random);
  Watch silent(nullptr, 1);
  search_rotation(density, codes, split_of(3500, 500), {"search", 1}, silent);
  const std::vector<double> agreement =
      matched_agreement(z, density.decompose(codes, {}).z, shape.latents);
  EXPECT_GT(std::accumulate(agreement.begin(), agreement.end(), 0.0) / (2 * kLatents), 0.99);
}

}  // namespace
}  // namespace polycause
