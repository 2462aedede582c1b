#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Table draw(const std::vector<std::string>& names, std::size_t n, std::uint64_t seed) {
  Table table;
  for (std::size_t i = 0; i < n; ++i) table.ids.push_back("p" + std::to_string(i));
  for (std::size_t k = 0; k < names.size(); ++k) {
    Random random(seed, names[k], k);
    Column column;
    column.name = names[k];
    for (std::size_t i = 0; i < n; ++i) column.values.push_back(random.laplace());
    table.columns.push_back(column);
  }
  return table;
}

const std::vector<std::string> kNames = {"a.z1", "a.z2", "b.z1", "b.z2"};

TEST(Evaluate, IsPerfectUnderPermutationSignAndMonotoneMaps) {
  const Table truth = draw(kNames, 1500, 1);
  Table estimate = truth;
  std::swap(estimate.columns[0].values, estimate.columns[1].values);
  for (double& v : estimate.columns[0].values) v = -std::exp(v);
  for (double& v : estimate.columns[3].values) v = v * v * v;
  std::reverse(estimate.ids.begin(), estimate.ids.end());
  for (Column& c : estimate.columns) std::reverse(c.values.begin(), c.values.end());
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_NEAR(scores.mcc_spearman, 1, 1e-12);
  EXPECT_NEAR(scores.mcc_spearman_min, 1, 1e-12);
  EXPECT_LT(scores.mcc, 0.99);  // Pearson sees the bends
  EXPECT_GT(scores.r2, 0.95);
  EXPECT_EQ(scores.latents[0].estimate, "a.z2");
  EXPECT_EQ(scores.latents[1].estimate, "a.z1");
  EXPECT_EQ(scores.latents[3].estimate, "b.z2");
  EXPECT_EQ(scores.shd, -1);
  EXPECT_EQ(scores.participants, 1500u);
}

TEST(Evaluate, IsNearZeroForIndependentEstimates) {
  const Scores scores = evaluate(draw(kNames, 4000, 2), draw(kNames, 4000, 3), nullptr, nullptr);
  EXPECT_LT(scores.mcc_spearman, 0.06);
  EXPECT_LT(scores.mcc, 0.06);
  EXPECT_LT(std::fabs(scores.r2), 0.05);
}

TEST(Evaluate, NeverMatchesAcrossModalities) {
  const Table truth = draw(kNames, 500, 4);
  Table estimate = truth;
  std::swap(estimate.columns[0].values, estimate.columns[2].values);
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_LT(scores.mcc_spearman, 0.6);
}

}  // namespace
}  // namespace polycause
