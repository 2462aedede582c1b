// Bent sheets laid flat.
#include "model/geodesic.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;

constexpr Index kPeople = 1500;

/// Share of the variance of `wanted` that a linear map of `from` explains.
double explained(const MatrixXf& from, const VectorXd& wanted) {
  MatrixXd design(from.rows(), from.cols() + 1);
  design << from.cast<double>(), VectorXd::Ones(from.rows());
  const VectorXd rest = wanted - design * design.colPivHouseholderQr().solve(wanted);
  const VectorXd centred = wanted.array() - wanted.mean();
  return 1 - rest.squaredNorm() / centred.squaredNorm();
}

TEST(Geodesic, LaysARolledSheetFlat) {
  Random random(1, "roll");
  MatrixXf points(kPeople, 3);
  VectorXd along(kPeople);
  VectorXd across(kPeople);
  for (Index i = 0; i < kPeople; ++i) {
    along(i) = random.uniform(0, 5.5);  // most of a turn
    across(i) = random.uniform(0, 2);
    points(i, 0) = static_cast<float>(std::cos(along(i)));
    points(i, 1) = static_cast<float>(std::sin(along(i)));
    points(i, 2) = static_cast<float>(across(i));
  }
  EXPECT_LT(explained(points, along), 0.9);
  const MatrixXf flat = geodesic_coordinates(points, 2, 1, 2);
  EXPECT_GT(explained(flat, along), 0.99);
  EXPECT_GT(explained(flat, across), 0.98);
  const auto spread = [](const Eigen::VectorXf& v) {
    return (v.array() - v.mean()).square().mean();
  };
  EXPECT_GT(spread(flat.col(0)), spread(flat.col(1)));  // most variance first
  EXPECT_NEAR(static_cast<double>(spread(flat.col(0))), 5.5 * 5.5 / 12, 0.3);  // in its units
}

TEST(Geodesic, MorePeopleThanTheGraphHoldsAndAnyThreads) {
  Random random(2, "roll");
  MatrixXf points(4000, 2);
  VectorXd along(points.rows());
  for (Index i = 0; i < points.rows(); ++i) {
    along(i) = random.uniform(0, 3);
    points(i, 0) = static_cast<float>(std::cos(along(i)));
    points(i, 1) = static_cast<float>(std::sin(along(i)));
  }
  const MatrixXf one = geodesic_coordinates(points, 1, 3, 1);
  EXPECT_EQ(one, geodesic_coordinates(points, 1, 3, 2));
  EXPECT_GT(explained(one, along), 0.999);
}

TEST(Geodesic, SeparatePartsAreJoinedAndFewPointsDo) {
  Random random(3, "parts");
  MatrixXf points(200, 2);
  for (Index i = 0; i < points.rows(); ++i) {
    points(i, 0) = static_cast<float>((i % 2 == 0 ? 0.0 : 50.0) + random.normal());
    points(i, 1) = static_cast<float>(random.normal());
  }
  const MatrixXf flat = geodesic_coordinates(points, 2, 1, 1);
  ASSERT_TRUE(flat.allFinite());
  EXPECT_GT(std::fabs(flat(0, 0) - flat(1, 0)), 30);
  EXPECT_LT(std::fabs(flat(0, 0) - flat(2, 0)), 15);
  const MatrixXf few = geodesic_coordinates(points.topRows(2), 3, 1, 1);
  EXPECT_TRUE(few.allFinite());
  EXPECT_EQ(few.cols(), 3);
  const MatrixXf same = geodesic_coordinates(MatrixXf::Ones(40, 2), 1, 1, 1);
  EXPECT_TRUE(same.allFinite());
}

}  // namespace
}  // namespace polycause
