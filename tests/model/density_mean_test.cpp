// What the prior expects of a latent given its parents, against its density on a grid.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "model/density.h"

namespace polycause {
namespace {

/// Three modalities of one latent each, the last one a child of both; identity heads.
Density random_density(PriorKind prior) {
  DensityShape shape;
  shape.latents = {1, 1, 1};
  shape.privates = {0, 0, 0};
  shape.layers_per_width = 0;
  shape.hidden = 8;
  shape.prior = prior;
  shape.pairs = {{0, 1}, {0, 2}, {1, 2}};
  shape.gated = true;
  shape.conditions = 1;
  Density density(shape);
  Random random(11, "mean");
  density.initialise(random);
  for (std::size_t k = density.prior_begin(); k < density.gate_begin(); ++k)
    density.parameters()[k] += static_cast<float>(0.4 * random.normal());
  density.set_gates(0.6);  // open by a part only
  return density;
}

TEST(ConditionalMean, IsTheMeanOfTheConditionalDensity) {
  for (const PriorKind prior : {PriorKind::kAdditive, PriorKind::kGeneral}) {
    const Density density = random_density(prior);
    for (const auto& [a, b] : {std::pair{-1.3f, 0.4f}, std::pair{0.9f, 1.7f}}) {
      constexpr int kPoints = 6000;
      Codes codes;
      codes.participants = kPoints;
      codes.conditions = {1, std::vector<float>(kPoints, 0.0f)};
      codes.width = {1, 1, 1};
      codes.u.assign(3, std::vector<float>(kPoints));
      for (std::size_t i = 0; i < kPoints; ++i) {
        codes.u[0][i] = a;
        codes.u[1][i] = b;
        codes.u[2][i] = -15.0f + 30.0f * static_cast<float>(i) / kPoints;
      }
      const std::vector<float> log_p = density.decompose(codes, {}).log_p;
      double total = 0;
      double sum = 0;
      for (std::size_t i = 0; i < kPoints; ++i) {
        const double p = std::exp(static_cast<double>(log_p[i]));
        total += p;
        sum += p * static_cast<double>(codes.u[2][i]);
      }
      const std::vector<float> mean = density.conditional_mean(2, {a, b, 99.0f, b, a, 0.0f});
      ASSERT_EQ(mean.size(), 2u);
      EXPECT_NEAR(static_cast<double>(mean[0]), sum / total, 2e-3);
      EXPECT_NE(mean[0], mean[1]);
    }
  }
}

TEST(ConditionalMean, RowsDoNotDependOnEachOther) {
  const Density density = random_density(PriorKind::kGeneral);
  std::vector<float> z;
  for (int i = 0; i < 70 * 3; ++i) z.push_back(static_cast<float>(std::sin(i)));  // two tiles
  const std::vector<float> all = density.conditional_mean(2, z);
  ASSERT_EQ(all.size(), 70u);
  EXPECT_EQ(density.conditional_mean(2, {z[207], z[208], z[209]})[0], all[69]);
}

TEST(Parents, AreThoseBehindAnOpenGate) {
  Density density = random_density(PriorKind::kAdditive);
  EXPECT_EQ(density.parents(2), (std::vector<int>{0, 1}));
  density.close_gates({true, true, false});
  EXPECT_EQ(density.parents(2), (std::vector<int>{0}));
  EXPECT_TRUE(density.parents(0).empty());
  const float before = density.conditional_mean(2, {0.5f, -1.0f, 0.0f})[0];
  EXPECT_EQ(density.conditional_mean(2, {0.5f, 2.0f, 0.0f})[0], before);
}

}  // namespace
}  // namespace polycause
