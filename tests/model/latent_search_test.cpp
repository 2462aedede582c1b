// Linear starts (subspace) and additive regressions on frozen latents (additive_fit).
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numeric>

#include "model/additive_fit.h"
#include "model/subspace.h"

namespace polycause {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<std::uint32_t> range(std::uint32_t begin, std::uint32_t end) {
  std::vector<std::uint32_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

RowMatrix matrix(const std::vector<double>& values, int size) {
  return Eigen::Map<const RowMatrix>(values.data(), size, size);
}

/// Two modalities of one private and two shared dimensions, hidden behind orthogonal maps:
/// correlations .9 and .5 between the shared ones.
struct Shared {
  Codes codes;
  std::vector<RowMatrix> mixing;

  explicit Shared(std::uint32_t n) {
    Random random(41, "shared");
    codes.participants = n;
    codes.width = {3, 3};
    codes.u.resize(2);
    for (int m = 0; m < 2; ++m) mixing.push_back(matrix(random_rotation(3, random), 3));
    for (std::uint32_t i = 0; i < n; ++i) {
      Eigen::RowVector3d a(random.normal(), random.normal(), random.normal());
      Eigen::RowVector3d b(0.9 * a(0) + std::sqrt(1 - 0.81) * random.normal(),
                           0.5 * a(1) + std::sqrt(1 - 0.25) * random.normal(), random.normal());
      const Eigen::RowVector3d u[] = {a * mixing[0], b * mixing[1]};
      for (std::size_t m = 0; m < 2; ++m) {
        for (int j = 0; j < 3; ++j) codes.u[m].push_back(static_cast<float>(u[m](j)));
      }
    }
  }
};

TEST(Subspace, CanonicalDirectionsAndCorrelations) {
  const Shared shared(20000);
  std::vector<std::vector<double>> canonical;
  const auto maps = canonical_maps(shared.codes, range(0, 20000), &canonical);
  ASSERT_EQ(maps.size(), 2u);
  for (std::size_t m = 0; m < 2; ++m) {
    ASSERT_EQ(canonical[m].size(), 3u);
    EXPECT_NEAR(canonical[m][0], 0.9, 0.02);
    EXPECT_NEAR(canonical[m][1], 0.5, 0.02);
    EXPECT_LT(canonical[m][2], 0.03);
    const RowMatrix map = matrix(maps[m], 3);
    EXPECT_NEAR((map.transpose() * map - RowMatrix::Identity(3, 3)).norm(), 0, 1e-9);
    // u = source * mixing, so the source's j-th coordinate is read off by mixing.row(j)'.
    EXPECT_NEAR(std::fabs(shared.mixing[m].row(0) * map.col(0)), 1, 0.01);
    EXPECT_NEAR(std::fabs(shared.mixing[m].row(1) * map.col(1)), 1, 0.01);
    EXPECT_NEAR(std::fabs(shared.mixing[m].row(2) * map.col(2)), 1, 0.01);
  }
}

TEST(Subspace, SparseRotationsUndoAMixing) {
  Shared shared(20000);
  // Strong and nearly equal links, so that canonical directions alone do not separate them.
  Random random(42, "equal");
  RowMatrix covariance = RowMatrix::Zero(3, 3);
  for (std::uint32_t i = 0; i < 20000; ++i) {
    Eigen::RowVector3d a(random.laplace(), random.laplace(), random.laplace());
    Eigen::RowVector3d b(0.8 * a(0) + 0.6 * random.laplace(), 0.8 * a(1) + 0.6 * random.laplace(),
                         random.laplace());
    const Eigen::RowVector3d u[] = {a * shared.mixing[0], b * shared.mixing[1]};
    for (std::size_t m = 0; m < 2; ++m) {
      for (int j = 0; j < 3; ++j)
        shared.codes.u[m][i * 3 + static_cast<std::size_t>(j)] = static_cast<float>(u[m](j));
    }
    covariance += u[0].transpose() * u[1] / 20000;
  }
  const auto rows = range(0, 20000);
  const auto maps = canonical_maps(shared.codes, rows);
  for (std::uint64_t trial = 0; trial < 5; ++trial) {  // two latents have no local minimum
    SCOPED_TRACE(trial);
    Random start(43, "start", trial);
    const auto turns = sparse_rotations(shared.codes, {2, 2}, maps, rows, 1, start);
    const RowMatrix left = matrix(rotate_first(maps[0], 3, turns[0], 2), 3);
    const RowMatrix right = matrix(rotate_first(maps[1], 3, turns[1], 2), 3);
    const RowMatrix cross =
        (left.leftCols(2).transpose() * covariance * right.leftCols(2)).cwiseAbs();
    // One entry per row and column is left.
    const double paired = std::max(cross(0, 0) + cross(1, 1), cross(0, 1) + cross(1, 0));
    const double crossed = std::min(cross(0, 0) + cross(1, 1), cross(0, 1) + cross(1, 0));
    EXPECT_NEAR(paired, 1.6, 0.05);
    EXPECT_LT(crossed, 0.05);
    for (const std::vector<double>& turn : turns) {
      const RowMatrix r = matrix(turn, 2);
      EXPECT_NEAR((r.transpose() * r - RowMatrix::Identity(2, 2)).norm(), 0, 1e-9);
    }
  }
}

TEST(Subspace, RandomRotationsAreOrthogonalAndUnbiased) {
  Random random(43, "haar");
  RowMatrix mean = RowMatrix::Zero(3, 3);
  RowMatrix squares = RowMatrix::Zero(3, 3);
  for (int i = 0; i < 3000; ++i) {
    const RowMatrix q = matrix(random_rotation(3, random), 3);
    ASSERT_NEAR((q.transpose() * q - RowMatrix::Identity(3, 3)).norm(), 0, 1e-12);
    mean += q / 3000;
    squares += q.cwiseProduct(q) / 3000;
  }
  EXPECT_LT(mean.cwiseAbs().maxCoeff(), 0.06);
  EXPECT_LT((squares.array() - 1.0 / 3).abs().maxCoeff(), 0.03);
}

TEST(Subspace, WhitensColumnsOverTheGivenRows) {
  Random random(44, "white");
  std::vector<float> z;
  for (int i = 0; i < 500; ++i) {
    const double a = random.normal();
    z.insert(z.end(), {9.0f, static_cast<float>(3 + 2 * a),
                       static_cast<float>(-1 + a + 0.5 * random.normal())});
  }
  std::vector<double> mean;
  std::vector<double> map;
  const auto rows = range(100, 500);
  whitening(z, 3, 1, 2, rows, mean, map);
  Eigen::Matrix2d covariance = Eigen::Matrix2d::Zero();
  Eigen::RowVector2d centre = Eigen::RowVector2d::Zero();
  for (const std::uint32_t row : rows) {
    const Eigen::RowVector2d x = (Eigen::RowVector2d(z[row * 3 + 1], z[row * 3 + 2]) -
                                  Eigen::RowVector2d(mean[0], mean[1])) *
                                 matrix(map, 2);
    covariance += x.transpose() * x / 400;
    centre += x / 400;
  }
  EXPECT_NEAR(centre.norm(), 0, 1e-9);
  EXPECT_NEAR((covariance - Eigen::Matrix2d::Identity()).norm(), 0, 1e-9);
}

/// z0, z1 -> z2 = tanh(2 z0) + 0.5 z1 + noise; z3 apart. Laplace noise.
std::vector<float> additive_case(std::size_t n) {
  Random random(45, "additive");
  std::vector<float> z;
  for (std::size_t i = 0; i < n; ++i) {
    const double a = random.laplace();
    const double b = random.laplace();
    const double c = std::tanh(2 * a) + 0.5 * b + 0.4 * random.laplace();
    const double d = random.laplace();
    for (const double v : {a, b, c, d}) z.push_back(static_cast<float>(v));
  }
  return z;
}

/// E[-log p] of Laplace noise of variance s^2: 1 + log(sqrt(2) s).
double laplace_entropy(double sd) { return 1 + std::log(std::sqrt(2.0) * sd); }

TEST(AdditiveScores, ReachTheEntropyOfTheNoise) {
  const std::vector<float> z = additive_case(12000);
  AdditiveScores scores(z, 4, range(0, 8000), range(8000, 12000));
  double squares = 0;
  for (std::size_t i = 0; i < 8000; ++i)
    squares += static_cast<double>(z[i * 4 + 2] * z[i * 4 + 2]) / 8000;
  // Scores are of the standardised latent.
  const double expected = laplace_entropy(0.4) - 0.5 * std::log(squares);
  EXPECT_NEAR(scores.validation_nll(2, {0, 1}), expected, 0.04);
  EXPECT_NEAR(scores.validation_nll(3, {}), laplace_entropy(1), 0.04);
}

// Rows come sorted by participant: the first ones may be a cohort, or a person, of their own.
TEST(AdditiveScores, AreOfRowsFromAllOver) {
  Random random(71, "late");
  std::vector<float> z;
  for (int i = 0; i < 4000; ++i) {
    const double a = random.normal();
    const double share = i % 2000 < 1000 ? 0 : 0.9;  // of the first half in either part, nothing
    z.push_back(static_cast<float>(a));
    z.push_back(static_cast<float>(share * a + std::sqrt(1 - share * share) * random.normal()));
  }
  AdditiveScores scores(z, 2, range(0, 2000), range(2000, 4000), 500);
  EXPECT_LT(scores.validation_nll(1, {0}), scores.validation_nll(1, {}) - 0.05);
}

TEST(AdditiveScores, TrueParentsAreWorthTheirPriceAndOthersAreNot) {
  const std::vector<float> z = additive_case(6000);
  AdditiveScores scores(z, 4, range(0, 4000), range(4000, 6000));
  const double full = scores.validation_nll(2, {0, 1});
  EXPECT_EQ(full, scores.validation_nll(2, {1, 0})) << "the order of parents does not matter";
  EXPECT_GT(scores.validation_nll(2, {1}), full + 0.3);
  EXPECT_GT(scores.validation_nll(2, {0}), full + 0.2);
  EXPECT_NEAR(scores.validation_nll(2, {0, 1, 3}), full, 0.01);
  EXPECT_NEAR(scores.validation_nll(3, {0, 1}), scores.validation_nll(3, {}), 0.01);
}

TEST(AdditiveScores, DifferenceIsTheMeanOverParticipantsAndItsError) {
  const std::vector<float> z = additive_case(6000);
  AdditiveScores scores(z, 4, range(0, 4000), range(4000, 6000));
  const std::vector<std::vector<std::size_t>> right = {{}, {}, {0, 1}, {}};
  const std::vector<std::vector<std::size_t>> turned = {{2}, {}, {1}, {}};
  const auto [none, no_error] = scores.difference(right, {{}, {}, {1, 0}, {}});
  EXPECT_EQ(none, 0.0);
  EXPECT_EQ(no_error, 0.0);
  const auto [worse, error] = scores.difference(right, turned);
  const double expected = scores.validation_nll(0, {2}) + scores.validation_nll(2, {1}) -
                          scores.validation_nll(0, {}) - scores.validation_nll(2, {0, 1});
  EXPECT_NEAR(worse, expected, 1e-5);
  EXPECT_GT(worse, 3 * error) << "a wrong direction shows, the noise not being Gaussian";
  EXPECT_GT(error, 0.002);
  EXPECT_LT(error, 0.05);
  const auto [better, same_error] = scores.difference(turned, right);
  EXPECT_EQ(better, -worse);
  EXPECT_NEAR(same_error, error, 1e-12);
}

TEST(AdditiveScores, UseTheRowsGivenAndNoMoreThanAsked) {
  std::vector<float> z = additive_case(3000);
  AdditiveScores before(z, 4, range(0, 1000), range(1000, 1500), 500);
  for (std::size_t i = 4; i < 1000 * 4; i += i % 4 == 3 ? 5 : 1) z[i] = 50;  // every second one
  for (std::size_t i = 1500 * 4; i < z.size(); ++i) z[i] = -50;
  AdditiveScores after(z, 4, range(0, 1000), range(1000, 1500), 500);
  EXPECT_EQ(before.validation_nll(2, {0, 1}), after.validation_nll(2, {0, 1}));
}

}  // namespace
}  // namespace polycause
