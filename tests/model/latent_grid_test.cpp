// Grids of discrete nodes that were bent into latents: which cluster is which joint outcome?
#include "model/latent_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;

constexpr Index kPeople = 900;

/// Two nodes of three outcomes, the second mostly a function of the first; features u about their
/// outcomes; latents a turned and bent image of u.
struct Bent {
  std::vector<std::vector<int>> nodes = std::vector<std::vector<int>>(2);  // [node][person]
  MatrixXf features = MatrixXf(kPeople, 2);
  MatrixXf latents;
};

Bent bent(std::uint64_t seed, Index latents) {
  Bent world;
  world.latents = MatrixXf(kPeople, latents);
  Random random(seed, "bent");
  const double angle = 0.9;
  for (Index i = 0; i < kPeople; ++i) {
    const int a = static_cast<int>(random.below(3));
    const int b = random.uniform() < 0.75 ? (a + 1) % 3 : static_cast<int>(random.below(3));
    world.nodes[0].push_back(a);
    world.nodes[1].push_back(b);
    const double u = a - 1 + 0.2 * random.normal();
    const double v = b - 1 + 0.2 * random.normal();
    world.features(i, 0) = static_cast<float>(u);
    world.features(i, 1) = static_cast<float>(v);
    const double p = u + 0.25 * v * v - 0.2 * u * v;
    const double q = v - 0.3 * u * u;
    world.latents(i, 0) = static_cast<float>(std::cos(angle) * p - std::sin(angle) * q);
    world.latents(i, 1) = static_cast<float>(std::sin(angle) * p + std::cos(angle) * q);
    if (latents > 2) world.latents(i, 2) = static_cast<float>(0.4 * u * v + 0.1 * random.normal());
  }
  return world;
}

/// Share of right outcomes, nodes and outcomes matched.
double accuracy(const MatrixXf& gamma, const Bent& world) {
  double best = 0;
  for (const bool swapped : {false, true}) {
    double sum = 0;
    for (std::size_t node = 0; node < 2; ++node) {
      int table[3][3] = {};
      for (Index i = 0; i < gamma.rows(); ++i) {
        Index c = 0;
        gamma.row(i).maxCoeff(&c);
        const Index own = (node == 1) != swapped ? c % 3 : c / 3;
        ++table[own][world.nodes[node][static_cast<std::size_t>(i)]];
      }
      std::vector<int> map{0, 1, 2};
      int most = 0;
      do most = std::max(most, table[0][map[0]] + table[1][map[1]] + table[2][map[2]]);
      while (std::next_permutation(map.begin(), map.end()));
      sum += static_cast<double>(most) / static_cast<double>(gamma.rows());
    }
    best = std::max(best, sum / 2);
  }
  return best;
}

TEST(LatentGrid, FindsTheNamesOfDependentNodesInBentLatents) {
  for (const Index latents : {2, 3}) {
    const Bent world = bent(3, latents);
    const GridSearch found = search_latent_grid(world.latents, {3, 3}, 1, 2);
    EXPECT_GT(accuracy(found.responsibilities, world), 0.95) << latents;
    // A feature is one coordinate, whichever and in whichever direction.
    for (Index node = 0; node < 2; ++node) {
      const Eigen::VectorXf u = world.features.col(node).array() - world.features.col(node).mean();
      double best = 0;
      for (Index k = 0; k < 2; ++k) {
        const Eigen::VectorXf t =
            found.coordinates.col(k).array() - found.coordinates.col(k).mean();
        best = std::max(best, static_cast<double>(std::fabs(u.dot(t)) / (u.norm() * t.norm())));
      }
      EXPECT_GT(best, 0.97) << latents;
    }
    EXPECT_LT(found.rest.squaredNorm(), 0.1F * world.latents.squaredNorm());
    EXPECT_EQ(found.positions.rows(), 9);
  }
}

TEST(LatentGrid, ThreadsChangeNothingAndSeedsDo) {
  const Bent world = bent(4, 2);
  const GridSearch one = search_latent_grid(world.latents, {2, 2}, 1, 1);
  const GridSearch two = search_latent_grid(world.latents, {2, 2}, 1, 2);
  const GridSearch other = search_latent_grid(world.latents, {2, 2}, 2, 1);
  EXPECT_EQ(one.coordinates, two.coordinates);
  EXPECT_EQ(one.responsibilities, two.responsibilities);
  EXPECT_NE(one.coordinates, other.coordinates);
}

TEST(LatentGrid, IsADensity) {
  // The mass of the likelihood over a wide square is one: determinants and constants are right.
  const Bent world = bent(5, 2);
  LatentGrid grid;
  {
    const LatentGridModel model({3, 3}, world.latents);
    grid = model.straight(MatrixXd::Identity(2, 2), 0.8, true);
    model.improve(grid, kPeople, 40, 0.03, 0.02);
  }
  constexpr Index kSide = 160;
  constexpr double kReach = 5;
  MatrixXf places(kSide * kSide, 2);
  for (Index i = 0; i < places.rows(); ++i) {
    const auto at = [](Index k) {
      return kReach * (2 * (static_cast<double>(k) + 0.5) / kSide - 1);
    };
    places(i, 0) = static_cast<float>(at(i / kSide));
    places(i, 1) = static_cast<float>(at(i % kSide));
  }
  const LatentGridModel everywhere({3, 3}, places);
  double mass = 0;
  const double area = std::pow(2 * kReach / kSide, 2);
  for (Index i = 0; i < places.rows(); ++i) {
    const LatentGridModel here({3, 3}, places.row(i));
    MatrixXf gamma;
    mass += std::exp(here.responsibilities(grid, 1, gamma)) * area;
    if (i == 0) {
      EXPECT_NEAR(static_cast<double>(gamma.sum()), 1, 1e-5);
    }
  }
  EXPECT_NEAR(mass, 1, 0.01);
}

TEST(LatentGrid, AscentRaisesTheLikelihood) {
  const Bent world = bent(6, 3);
  const LatentGridModel model({3, 3}, world.latents);
  LatentGrid grid = model.straight(MatrixXd::Identity(2, 2), 0.8, false);
  MatrixXf gamma;
  double before = model.responsibilities(grid, kPeople, gamma);
  for (int part = 0; part < 4; ++part) {
    model.improve(grid, kPeople, 15, 0.01, 0);
    EXPECT_GT(grid.objective, before) << part;
    before = grid.objective;
  }
  LatentGrid worse = grid;
  worse.shape.row(1) *= 1.2;
  worse.log_spread.array() += 0.3;
  EXPECT_LT(model.responsibilities(worse, kPeople, gamma), before);
}

TEST(LatentGrid, ATurnedGridIsTheSameSurface) {
  const Bent world = bent(7, 3);
  const LatentGridModel model({3, 3}, world.latents);
  LatentGrid grid = model.straight(MatrixXd::Identity(2, 2), 0.8, true);
  model.improve(grid, kPeople, 30, 0.03, 0.02);  // bent by now
  MatrixXd turn(2, 2);
  turn << 1, 0.5, -0.3, 0.8;
  const LatentGrid turned = model.turned(grid, turn);
  MatrixXf t(3, 2);
  t << -1.0F, 0.2F, 0.4F, 0.9F, 0.0F, -0.7F;
  const auto surface = [&](const LatentGrid& of, const MatrixXf& at) {
    return MatrixXf(model.terms_at(at) * of.shape.cast<float>());
  };
  const MatrixXf there = surface(turned, t);
  const MatrixXf here = surface(grid, t * turn.transpose().cast<float>());
  EXPECT_LT((there - here).norm(), 1e-4F);
  EXPECT_GT((there - surface(grid, t)).norm(), 0.1F);
}

}  // namespace
}  // namespace polycause
