// Order of modalities, direction of edges and the search over rotations, on latents made by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "methods/agreement.h"
#include "methods/fixtures.h"
#include "methods/modality_order.h"
#include "methods/rotation_search.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

std::vector<std::size_t> identity(std::size_t n) {
  std::vector<std::size_t> rank(n);
  for (std::size_t i = 0; i < n; ++i) rank[i] = i;
  return rank;
}

TEST(ModalityOrder, FindsTheCausesAmongAllOrders) {
  // The chain's first stands second, its second third, its third first.
  const std::vector<std::size_t> place = {1, 2, 0};
  const std::vector<float> z = chain_of_latents(3000, place);
  const Split split = split_of(2400, 600);
  const OrderScore best = best_order(z, std::vector<int>{2, 2, 2}, split, identity(3));
  EXPECT_EQ(best.rank, (std::vector<std::size_t>{2, 0, 1}));
  EXPECT_EQ(best.nll, order_nll(z, std::vector<int>{2, 2, 2}, split, best.rank));
  EXPECT_LT(best.nll, order_nll(z, std::vector<int>{2, 2, 2}, split, identity(3)) - 0.05);
}

TEST(ModalityOrder, FindsTheCausesOfManyByMoves) {
  const std::vector<std::size_t> place = {3, 0, 5, 1, 4, 2};  // six: more than are tried one by one
  const std::vector<float> z = chain_of_latents(2000, place);
  const OrderScore best = best_order(z, std::vector<int>(6, 2), split_of(1600, 400), identity(6));
  EXPECT_EQ(best.rank, (std::vector<std::size_t>{1, 3, 5, 0, 4, 2}));
}

TEST(ModalityOrder, WithoutLinksTheGivenOrderStays) {
  Random random(62, "apart");
  std::vector<float> z(2000 * 3);
  for (float& v : z) v = static_cast<float>(random.normal());
  const std::vector<std::size_t> given = {1, 0};
  // Two latents against one: scores differ only by what noise makes of them.
  const OrderScore best = best_order(z, std::vector<int>{2, 1}, split_of(1600, 400), given);
  EXPECT_NEAR(best.nll, order_nll(z, std::vector<int>{2, 1}, split_of(1600, 400), given), 0.05);
}

/// A candidate whose latents and edges are given; pairs join one modality with a later one.
Candidate candidate_of(const std::vector<float>& z, const std::vector<int>& latents,
                       const std::vector<LatentPair>& pairs, const std::vector<bool>& edges) {
  DensityShape shape;
  shape.latents = latents;
  shape.privates.assign(latents.size(), 0);
  shape.hidden = 16;
  shape.layers_per_width = 0;
  shape.pairs = pairs;
  Candidate candidate{"hand", Density(shape), {}, 0, 0, edges, {}};
  candidate.parts.z = z;
  return candidate;
}

TEST(OrientationMargins, TellCauseFromEffect) {
  const std::vector<float> z = chain_of_latents(3000, {0, 1});
  const Split split = split_of(2400, 600);
  const std::vector<double> right = orientation_margins(
      candidate_of(z, {2, 2}, {{0, 2}, {1, 3}, {0, 3}}, {true, true, false}), split);
  EXPECT_GT(right[0], 3);
  EXPECT_EQ(right[1], right[0]) << "edges between the same modalities turn together";
  EXPECT_TRUE(std::isnan(right[2]));
  const std::vector<double> wrong =
      orientation_margins(candidate_of(z, {2, 2}, {{2, 0}, {3, 1}}, {true, true}), split);
  EXPECT_LT(wrong[0], -3);
}

// Ten visits of a person with the same values say what one says: the margin, in standard errors, is
// that of one row each.
TEST(OrientationMargins, RowsOfOneGroupAreNoFurtherEvidence) {
  const std::vector<float> z = chain_of_latents(600, {0, 1});
  std::vector<float> visits;
  std::vector<std::size_t> groups;
  for (std::uint32_t i = 0; i < 600; ++i) {
    for (int visit = 0; visit < 10; ++visit) {
      visits.insert(visits.end(), z.begin() + 4 * i, z.begin() + 4 * (i + 1));
      groups.push_back(i);
    }
  }
  const std::vector<LatentPair> pairs = {{0, 2}, {1, 3}};
  const auto margin = [&](const std::vector<float>& latents, const Split& split,
                          const std::vector<std::size_t>& rows) {
    return orientation_margins(candidate_of(latents, {2, 2}, pairs, {true, true}), split, {},
                               rows)[0];
  };
  const double once = margin(z, split_of(480, 120), {});
  EXPECT_NEAR(margin(visits, split_of(4800, 1200), groups), once, 0.01 * once);
  EXPECT_GT(margin(visits, split_of(4800, 1200), {}), 3 * once);
}

TEST(OrientationMargins, GaussianLinesHaveNoDirection) {
  Random random(63, "gauss");
  std::vector<float> z;
  for (int i = 0; i < 3000; ++i) {
    const double a = random.normal();
    z.push_back(static_cast<float>(a));
    z.push_back(static_cast<float>(0.8 * a + 0.6 * random.normal()));
  }
  const std::vector<double> margins =
      orientation_margins(candidate_of(z, {1, 1}, {{0, 1}}, {true}), split_of(2400, 600));
  EXPECT_LT(std::fabs(margins[0]), 3);
}

TEST(OrientationMargins, TurningThatClosesACycleIsImpossible) {
  const std::vector<float> z = chain_of_latents(500, {0, 1, 2});
  // Modality 0 -> 1 -> 2 and 0 -> 2, all along the first latent of each.
  const std::vector<double> margins = orientation_margins(
      candidate_of(z, std::vector<int>{2, 2, 2}, {{0, 2}, {2, 4}, {0, 4}}, {true, true, true}),
      split_of(400, 100));
  EXPECT_EQ(margins[2], std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isfinite(margins[0]));
  EXPECT_TRUE(std::isfinite(margins[1]));
}

TEST(MatchedAgreement, PairsWithinAModalityWhateverTheSign) {
  Random random(64, "match");
  std::vector<float> a;
  std::vector<float> b;
  for (int i = 0; i < 500; ++i) {
    const auto x = static_cast<float>(random.normal());
    const auto y = static_cast<float>(random.normal());
    const auto w = static_cast<float>(random.normal());
    a.insert(a.end(), {x, y, w});
    b.insert(b.end(), {-y * y * y, x, static_cast<float>(random.normal())});
  }
  const std::vector<double> each = matched_agreement(a, b, {2, 1});
  EXPECT_NEAR(each[0], 1, 1e-12);
  EXPECT_NEAR(each[1], 1, 1e-12);
  EXPECT_LT(each[2], 0.2);
}

TEST(RotationSearch, SeparatesMixedSources) {
  const std::vector<float> z = chain_of_latents(3000, {0, 1});
  Codes codes;
  codes.participants = 3000;
  codes.width = {2, 2};
  codes.u.resize(2);
  for (std::size_t i = 0; i < 3000; ++i) {
    for (std::size_t m = 0; m < 2; ++m) {
      const float x = z[i * 4 + 2 * m];
      const float y = z[i * 4 + 2 * m + 1];
      codes.u[m].push_back(0.8f * x - 0.6f * y + 0.5f);
      codes.u[m].push_back(0.6f * x + 0.8f * y - 1.0f);
    }
  }
  DensityShape shape;
  shape.latents = {2, 2};
  shape.privates = {0, 0};
  shape.hidden = 16;
  shape.layers_per_width = 0;
  shape.pairs = {{0, 2}, {1, 2}, {0, 3}, {1, 3}};
  Density density(shape);
  Random random(65, "init");
  density.initialise(random);
  const std::vector<double> before = matched_agreement(density.decompose(codes, {}).z, z, {2, 2});
  ASSERT_LT(before[0], 0.9);
  Watch watch(nullptr, 1);
  const Split split = split_of(2400, 600);
  const double objective = search_rotation(density, codes, split, {"search", 1}, watch);
  const std::vector<double> after = matched_agreement(density.decompose(codes, {}).z, z, {2, 2});
  for (const double each : after) EXPECT_GT(each, 0.98);
  EXPECT_NEAR(objective,
              density.decompose(codes, split.validation).mean_nll() + 0.02 * density.group_norm(),
              1e-5);
}

TEST(RotationSearch, LeavesAGeneralPriorAlone) {
  DensityShape shape;
  shape.latents = {1, 1};
  shape.privates = {0, 0};
  shape.hidden = 16;
  shape.prior = PriorKind::kGeneral;
  shape.pairs = {{0, 1}};
  Density density(shape);
  Random random(66, "init");
  density.initialise(random);
  Codes codes;
  codes.participants = 200;
  codes.width = {1, 1};
  codes.u.assign(2, std::vector<float>(200));
  for (auto& u : codes.u) {
    for (float& v : u) v = static_cast<float>(random.normal());
  }
  const std::vector<float> before = density.parameters();
  Watch watch(nullptr, 1);
  const Split split = split_of(150, 50);
  EXPECT_EQ(search_rotation(density, codes, split, {"search", 1}, watch),
            density.decompose(codes, split.validation).mean_nll());
  EXPECT_EQ(density.parameters(), before);
}

}  // namespace
}  // namespace polycause
