// Against scipy and scikit-learn; tests/golden/evaluate.py made the values.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "evaluate/correlation.h"
#include "evaluate/kernel_ridge.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

using nlohmann::json;

const json& golden() {
  static const json values =
      json::parse(std::ifstream(POLYCAUSE_SOURCE_DIR "/tests/golden/evaluate.json"));
  return values;
}

std::vector<double> column(const json& list) {
  std::vector<double> values;
  for (const json& v : list) {
    values.push_back(v.is_null() ? std::numeric_limits<double>::quiet_NaN() : v.get<double>());
  }
  return values;
}

TEST(Golden, Correlations) {
  ASSERT_EQ(golden()["correlations"].size(), 4u);
  for (const json& one : golden()["correlations"]) {
    const std::vector<double> x = column(one["x"]);
    const std::vector<double> y = column(one["y"]);
    EXPECT_NEAR(spearman(x, y), one["spearman"].get<double>(), 1e-13);
    EXPECT_NEAR(pearson(x, y), one["pearson"].get<double>(), 1e-13);
    EXPECT_EQ(mid_ranks(y), column(one["ranks"]));
    const std::vector<double> scores = rank_normal(y);
    const std::vector<double> expected = column(one["rank_normal"]);
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-12);
  }
}

TEST(Golden, Assignments) {
  ASSERT_EQ(golden()["assignments"].size(), 5u);
  for (const json& one : golden()["assignments"]) {
    const std::size_t columns = one["columns"];
    const std::vector<double> weights = column(one["weights"]);
    const std::vector<std::size_t> found = assign(weights, one["rows"], columns);
    double total = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] != kNoPartner) total += weights[i * columns + found[i]];
    }
    EXPECT_NEAR(total, one["total"].get<double>(), 1e-12);
  }
}

TEST(Golden, KernelRidge) {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  ASSERT_EQ(golden()["kernel_ridge"].size(), 3u);
  for (const json& one : golden()["kernel_ridge"]) {
    std::vector<double> x = column(one["x"]);
    std::vector<double> y = column(one["y"]);
    const Eigen::Index d = one["d"];
    const Eigen::Index targets = one["targets"];
    const Eigen::Index train = one["train"];
    const auto all = static_cast<Eigen::Index>(x.size()) / d;
    const Eigen::MatrixXd inputs = Eigen::Map<Rows>(x.data(), all, d);
    const Eigen::MatrixXd outputs = Eigen::Map<Rows>(y.data(), all, targets);
    for (const std::size_t threads : {1u, 3u}) {
      const KernelRidgeFit fit =
          kernel_ridge_r2(inputs.topRows(train), outputs.topRows(train),
                          inputs.bottomRows(all - train), outputs.bottomRows(all - train), threads);
      EXPECT_NEAR(fit.gamma, one["gamma"].get<double>(), 1e-15);
      EXPECT_EQ(fit.ridge, one["ridge"].get<double>());
      EXPECT_NEAR(fit.validation, one["validation"].get<double>(), 1e-8);
      const std::vector<double> r2 = column(one["r2"]);
      ASSERT_EQ(fit.r2.size(), targets);
      for (Eigen::Index t = 0; t < targets; ++t) {
        EXPECT_NEAR(fit.r2(t), r2[static_cast<std::size_t>(t)], 1e-8);
      }
    }
  }
}

}  // namespace
}  // namespace polycause
