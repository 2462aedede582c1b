#include "model/density.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/density_workspace.h"

namespace polycause {
namespace {

Codes random_codes(const DensityShape& shape, std::size_t n, std::uint64_t seed) {
  Codes codes;
  codes.participants = n;
  Random random(seed, "codes");
  for (std::size_t m = 0; m < shape.latents.size(); ++m) {
    codes.width.push_back(shape.latents[m] + shape.privates[m]);
    std::vector<float> u(n * static_cast<std::size_t>(codes.width.back()));
    for (float& x : u) x = static_cast<float>(random.normal());
    codes.u.push_back(u);
  }
  codes.conditions.count = static_cast<std::size_t>(shape.conditions);
  for (std::size_t i = 0; i < n * codes.conditions.count; ++i)
    codes.conditions.values.push_back(static_cast<float>(random.normal()));
  return codes;
}

/// Unequal sizes, edges in both directions of the listing and inside a modality.
DensityShape unequal_shape(PriorKind prior, bool gated) {
  DensityShape shape;
  shape.latents = {2, 1, 3};
  shape.privates = {1, 2, 0};
  shape.prior = prior;
  shape.gated = gated;
  shape.pairs = {{0, 2}, {1, 2}, {0, 3}, {2, 3}, {1, 4}, {2, 5}, {0, 5}};
  if (prior == PriorKind::kAdditive) shape.pairs.push_back({4, 3});
  return shape;
}

struct Case {
  PriorKind prior;
  bool gated;
  int layers;
  int conditions = 0;
  bool absent = false;  ///< tiles of participants who lack a modality
};

class DensityGradient : public testing::TestWithParam<Case> {};

// Central differences of the loss along random directions of each block of parameters.
TEST_P(DensityGradient, AgreesWithFiniteDifferences) {
  DensityShape shape = unequal_shape(GetParam().prior, GetParam().gated);
  // A chain: where its first modality is absent, the second drops out and the third counts.
  if (GetParam().absent) shape.pairs = {{0, 2}, {1, 2}, {2, 3}, {2, 5}};
  shape.layers_per_width = GetParam().layers;
  shape.conditions = GetParam().conditions;
  Density density(shape);
  Random random(3, "init");
  density.initialise(random);
  density.set_gates(0.6);
  Codes codes = random_codes(shape, GetParam().absent ? 320 : 128, 5);
  std::vector<std::uint32_t> rows(codes.participants);
  if (GetParam().absent) {
    codes.present.assign(rows.size() * 3, 1);
    for (std::size_t i = 64; i < rows.size(); ++i) {
      const std::size_t tile = i / 64;
      codes.present[i * 3 + (tile + 2) % 3] = 0;
      if (tile == 4) codes.present[i * 3 + 1] = 0;  // two absent
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  DensityWorkspace work(density);
  std::vector<float> gradient(density.parameters().size());
  std::vector<float> unused(gradient.size());
  // Away from zero biases, where LeakyReLU has its kink; links away from zero.
  density.gradient(codes, rows.data(), rows.size(), 99, work, gradient.data());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double size = GetParam().absent && i >= density.prior_begin() ? 0.3 : 0.05;
    if (gradient[i] != 0.0f) density.parameters()[i] += static_cast<float>(size * random.normal());
  }
  density.gradient(codes, rows.data(), rows.size(), 99, work, gradient.data());
  const std::size_t bounds[] = {0, density.prior_begin(), density.gate_begin(), gradient.size()};
  for (std::size_t block = 0; block < (GetParam().gated ? 3u : 2u); ++block) {
    int checked = 0;
    double largest = 0;
    while (checked < 40) {
      const std::size_t i = bounds[block] + random.below(bounds[block + 1] - bounds[block]);
      if (gradient[i] == 0.0f) {  // padding, shifts and unseen coordinates are not trained
        if (block != 2 || i < bounds[2] + shape.pairs.size()) ++checked;
        continue;
      }
      const float base = density.parameters()[i];
      const float step = 2e-3f;
      density.parameters()[i] = base + step;
      const double above =
          density.gradient(codes, rows.data(), rows.size(), 99, work, unused.data());
      density.parameters()[i] = base - step;
      const double below =
          density.gradient(codes, rows.data(), rows.size(), 99, work, unused.data());
      density.parameters()[i] = base;
      const double found = (above - below) / (2.0 * static_cast<double>(step));
      const auto expected = static_cast<double>(gradient[i]);
      EXPECT_NEAR(found, expected, 8e-3 + 0.05 * std::fabs(expected)) << "parameter " << i;
      largest = std::max(largest, std::fabs(expected));
      ++checked;
    }
    EXPECT_GT(largest, 0.02) << "block " << block << " has no gradient to check";
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DensityGradient,
    testing::Values(Case{PriorKind::kAdditive, false, 3}, Case{PriorKind::kAdditive, true, 3},
                    Case{PriorKind::kAdditive, false, 0}, Case{PriorKind::kGeneral, false, 3},
                    Case{PriorKind::kGeneral, true, 3}, Case{PriorKind::kAdditive, true, 3, 2},
                    Case{PriorKind::kAdditive, false, 0, 1}, Case{PriorKind::kGeneral, true, 3, 2},
                    Case{PriorKind::kAdditive, true, 3, 2, true},
                    Case{PriorKind::kAdditive, false, 0, 0, true},
                    Case{PriorKind::kGeneral, true, 3, 1, true}));

}  // namespace
}  // namespace polycause
