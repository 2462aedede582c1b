// Participants who lack modalities: which factors of the likelihood count, and what they are worth.
#include <gtest/gtest.h>

#include <cmath>

#include "model/density.h"
#include "model/density_workspace.h"

namespace polycause {
namespace {

/// Modalities 0 -> 1 and 2 -> 1 and 1 -> 3, one number each, so that blocks can be integrated.
DensityShape narrow_shape(PriorKind prior) {
  DensityShape shape;
  shape.latents = {1, 1, 1, 1};
  shape.privates = {0, 0, 0, 0};
  shape.prior = prior;
  shape.pairs = {{0, 1}, {2, 1}, {1, 3}};
  return shape;
}

/// With links and maps away from where they start.
Density perturbed(const DensityShape& shape) {
  Density density(shape);
  Random random(3, "init");
  density.initialise(random);
  Codes codes;
  codes.participants = 64;
  for (std::size_t m = 0; m < shape.latents.size(); ++m) {
    codes.width.push_back(shape.latents[m] + shape.privates[m]);
    codes.u.emplace_back(64 * static_cast<std::size_t>(codes.width[m]));
    for (float& x : codes.u.back()) x = static_cast<float>(random.normal());
  }
  std::vector<std::uint32_t> rows(64);
  for (std::size_t i = 0; i < 64; ++i) rows[i] = static_cast<std::uint32_t>(i);
  DensityWorkspace work(density);
  std::vector<float> gradient(density.parameters().size());
  density.gradient(codes, rows.data(), 64, 1, work, gradient.data());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    if (gradient[i] != 0.0f) density.parameters()[i] += static_cast<float>(0.2 * random.normal());
  }
  return density;
}

/// log-likelihoods of participants whose codes are `u` (n, M) and who have what `present` says.
std::vector<double> log_p(const Density& density, const std::vector<std::vector<float>>& u,
                          const std::vector<bool>& present) {
  Codes codes;
  codes.participants = u.size();
  codes.width.assign(present.size(), 1);
  codes.u.resize(present.size());
  for (const std::vector<float>& row : u) {
    for (std::size_t m = 0; m < present.size(); ++m) {
      codes.u[m].push_back(present[m] ? row[m] : std::nanf(""));  // must not be looked at
      codes.present.push_back(present[m] ? 1 : 0);
    }
  }
  const std::vector<float> found = density.decompose(codes, {}).log_p;
  return {found.begin(), found.end()};
}

class Presence : public testing::TestWithParam<PriorKind> {};

// The factor of a block is a density of the block's own code: it integrates to one.
TEST_P(Presence, BlocksAreDensitiesAndTheLikelihoodIsTheirProduct) {
  const Density density = perturbed(narrow_shape(GetParam()));
  const std::vector<float> at = {0.3f, -0.7f, 1.1f, 0.2f};
  const auto value = [&](const std::vector<bool>& present) {
    return log_p(density, {at}, present)[0];
  };
  const auto integral = [&](std::size_t m, const std::vector<bool>& with, double without) {
    std::vector<std::vector<float>> grid;
    const double step = 0.01;
    for (double x = -20; x < 20; x += step) {
      grid.push_back(at);
      grid.back()[m] = static_cast<float>(x);
    }
    double total = 0;
    for (const double l : log_p(density, grid, with)) total += std::exp(l - without) * step;
    return total;
  };
  const double b0 = value({true, false, false, false});
  const double b2 = value({false, false, true, false});
  EXPECT_NEAR(integral(0, {true, false, false, false}, 0), 1, 2e-3);
  EXPECT_NEAR(integral(2, {false, false, true, false}, 0), 1, 2e-3);
  // The second block needs both parents.
  EXPECT_NEAR(value({true, true, false, false}), b0, 1e-5);
  EXPECT_NEAR(value({false, true, true, false}), b2, 1e-5);
  EXPECT_NEAR(value({false, true, false, false}), 0, 1e-6);
  EXPECT_NEAR(integral(1, {true, true, true, false}, b0 + b2), 1, 2e-3);
  // The fourth counts with its parent, whose own block may drop out.
  EXPECT_NEAR(integral(3, {false, true, false, true}, 0), 1, 2e-3);
  EXPECT_NEAR(value({true, false, true, true}), b0 + b2, 1e-5);
  const double b1 = value({true, true, true, false}) - b0 - b2;
  const double b3 = value({false, true, false, true});
  EXPECT_GT(std::fabs(b1), 0.01);
  EXPECT_NEAR(value({true, true, true, true}), b0 + b1 + b2 + b3, 1e-5);
}

TEST_P(Presence, ValuesOfWhatIsThereDoNotChange) {
  DensityShape shape = narrow_shape(GetParam());
  shape.gated = true;
  Density density = perturbed(shape);
  density.close_gates({true, false, true});
  const std::vector<std::vector<bool>> patterns = {{true, true, true, true},
                                                   {false, true, true, true},
                                                   {true, true, false, true},
                                                   {true, false, true, true}};
  Codes codes;
  codes.participants = 300;  // patterns in turn: tiles have to be made by kind
  codes.width.assign(4, 1);
  codes.u.resize(4);
  Random random(7, "codes");
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t m = 0; m < 4; ++m) {
      codes.u[m].push_back(static_cast<float>(random.normal()));
      codes.present.push_back(patterns[i % 4][m] ? 1 : 0);
    }
  }
  Codes all = codes;
  all.present.clear();
  const Decomposition some = density.decompose(codes, {});
  const Decomposition full = density.decompose(all, {});
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t m = 0; m < 4; ++m) {
      const std::size_t at = i * 4 + m;
      if (!patterns[i % 4][m]) {
        EXPECT_TRUE(std::isnan(some.z[at]) && std::isnan(some.eps[at])) << i << " " << m;
        continue;
      }
      EXPECT_EQ(some.z[at], full.z[at]) << i << " " << m;
      // Absent behind an open gate: 0 for 1, and 1 for 3. The gate of 2 -> 1 is shut.
      const bool lost = (m == 1 && !patterns[i % 4][0]) || (m == 3 && !patterns[i % 4][1]);
      if (lost) {
        EXPECT_TRUE(std::isnan(some.eps[at])) << i << " " << m;
      } else {
        EXPECT_EQ(some.eps[at], full.eps[at]) << i << " " << m;
      }
    }
    EXPECT_TRUE(std::isfinite(some.log_p[i]));
    if (i % 4 == 0) {
      EXPECT_EQ(some.log_p[i], full.log_p[i]);
    }
  }
}

TEST_P(Presence, LossIsTheMeanOfTheLogLikelihoods) {
  const Density density = perturbed(narrow_shape(GetParam()));
  Codes codes;
  codes.participants = 192;
  codes.width.assign(4, 1);
  codes.u.resize(4);
  Random random(8, "codes");
  const std::vector<std::vector<int>> patterns = {{1, 1, 1, 1}, {0, 1, 1, 1}, {1, 1, 0, 0}};
  for (std::size_t i = 0; i < 192; ++i) {
    for (std::size_t m = 0; m < 4; ++m) {
      codes.u[m].push_back(static_cast<float>(random.normal()));
      codes.present.push_back(static_cast<std::uint8_t>(patterns[i / 64][m]));
    }
  }
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < 192; ++i) rows.push_back(i);
  DensityWorkspace work(density);
  std::vector<float> gradient(density.parameters().size());
  const double loss = density.gradient(codes, rows.data(), 192, 1, work, gradient.data());
  EXPECT_NEAR(loss, density.decompose(codes, {}).mean_nll(), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Priors, Presence,
                         testing::Values(PriorKind::kAdditive, PriorKind::kGeneral));

TEST(RowGroups, HoldTheRowsForWhichTheSameBlocksCount) {
  const Density density(narrow_shape(PriorKind::kAdditive));
  Codes codes;
  codes.participants = 6;
  codes.width.assign(4, 1);
  const std::vector<std::uint32_t> rows = {5, 3, 1, 0, 2, 4};
  const std::vector<RowGroup> whole = density.row_groups(codes, rows);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].rows, rows);
  codes.present = {1, 1, 1, 1,   // everything
                   1, 1, 0, 0,   // 0
                   0, 1, 0, 0,   // nothing
                   1, 0, 0, 0,   // 0
                   1, 1, 1, 1,   //
                   0, 1, 0, 1};  // 3
  const std::vector<RowGroup> groups = density.row_groups(codes, rows);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].counts, (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(groups[0].rows, std::vector<std::uint32_t>{5});
  EXPECT_EQ(groups[1].rows, (std::vector<std::uint32_t>{3, 1}));
  EXPECT_EQ(groups[2].rows, (std::vector<std::uint32_t>{0, 4}));
}

}  // namespace
}  // namespace polycause
