#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/random.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

double total(const std::vector<double>& weights, std::size_t columns,
             const std::vector<std::size_t>& assignment) {
  double sum = 0;
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] != kNoPartner) sum += weights[i * columns + assignment[i]];
  }
  return sum;
}

// Best total over all one-to-one assignments of min(rows, columns) pairs.
double brute_force(const std::vector<double>& weights, std::size_t rows, std::size_t columns) {
  const std::size_t size = std::max(rows, columns);
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  double best = -1e300;
  do {
    double sum = 0;
    for (std::size_t i = 0; i < std::min(rows, columns); ++i) {
      sum += rows <= columns ? weights[i * columns + order[i]] : weights[order[i] * columns + i];
    }
    best = std::max(best, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(Assign, EqualsBruteForceOnRandomTablesOfAnyShape) {
  Random random(11, "assign");
  for (int round = 0; round < 400; ++round) {
    const std::size_t rows = 1 + random.below(6);
    const std::size_t columns = 1 + random.below(6);
    std::vector<double> weights(rows * columns);
    const bool ties = random.coin();
    for (double& w : weights) {
      w = ties ? static_cast<double>(random.below(4)) : random.uniform(-1, 1);
    }
    const std::vector<std::size_t> found = assign(weights, rows, columns);
    ASSERT_EQ(found.size(), rows);
    std::set<std::size_t> used;
    for (const std::size_t j : found) {
      if (j == kNoPartner) continue;
      ASSERT_LT(j, columns);
      EXPECT_TRUE(used.insert(j).second) << "column used twice";
    }
    EXPECT_EQ(used.size(), std::min(rows, columns));
    EXPECT_NEAR(total(weights, columns, found), brute_force(weights, rows, columns), 1e-12);
  }
}

TEST(Assign, EmptyAndWrongSizes) {
  EXPECT_TRUE(assign({}, 0, 3).empty());
  EXPECT_EQ(assign({}, 2, 0), (std::vector<std::size_t>{kNoPartner, kNoPartner}));
  EXPECT_THROW(assign({1, 2, 3}, 2, 2), Error);
  EXPECT_THROW(assign({1, std::numeric_limits<double>::quiet_NaN()}, 1, 2), NumericError);
}

}  // namespace
}  // namespace polycause
