#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/parallel.h"
#include "base/random.h"
#include "model/geodesic.h"
#include "model/latent_grid.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;

constexpr Index kFew = 800;      // participants of first tries
constexpr Index kMany = 3000;    // of those that were good
constexpr Index kMost = 20000;   // of the best
constexpr int kBeginnings = 80;  // of two nodes, times (L - 1)^2 of more: there are more turns
constexpr int kFewest = 40;
constexpr int kEffort = 26000;     // clusters of all beginnings together
constexpr std::size_t kGood = 60;  // improved on more participants
constexpr std::size_t kBest = 6;
constexpr Index kNeighbours = 10;  // of the entropy
constexpr Index kEntropyRows = 6000;
constexpr double kRidge = 0.02;  // of the search: .002 lets wrong names bend, .1 forbids right ones
constexpr double kRidgeOfBest = 0.002;  // of the names that were chosen
constexpr double kSame = 2e-4;          // nat: two grids closer than this are one
constexpr double kBetter = 2e-3;        // nat that a turn must gain
constexpr int kTurns = 4;
constexpr double kSizes[] = {0.66, 0.85, 1.02};

MatrixXd random_turn(Index size, Random& random) {
  MatrixXd m(size, size);
  for (Index i = 0; i < m.size(); ++i) m.data()[i] = random.normal();
  return Eigen::HouseholderQR<MatrixXd>(m).householderQ();
}

class Search {
 public:
  Search(const LatentGridModel& model, std::uint64_t seed, std::size_t threads,
         const std::function<void()>& check)
      : model_(model), seed_(seed), threads_(threads), check_(check) {}

  LatentGrid run() const {
    const auto turning = static_cast<int>(model_.nodes()) - 1;
    const auto beginnings = static_cast<std::size_t>(std::max(
        kFewest,
        std::min(kBeginnings * turning * turning, kEffort / static_cast<int>(model_.joint()))));
    std::vector<LatentGrid> grids(beginnings);
    parallel_for(beginnings, threads_, [&](std::size_t s) {
      if (check_) check_();
      Random random(seed_, "grid.start", s);
      grids[s] = model_.straight(random_turn(model_.nodes(), random), kSizes[s % 3], s % 2 == 0);
      model_.improve(grids[s], kFew, 100, 0.03, kRidge);
    });
    keep(grids, kGood);
    improve(grids, kMany, 60, 0.02);
    keep(grids, kBest);
    improve(grids, kMany, 100, 0.02);
    keep(grids, kBest);
    for (int turn = 0; turn < kTurns; ++turn) {
      const double before = grids[0].objective;
      std::vector<LatentGrid> others = turns_of(grids[0]);
      improve(others, kFew, 60, 0.03);
      keep(others, kBest);
      improve(others, kMany, 100, 0.02);
      grids.insert(grids.end(), others.begin(), others.end());
      keep(grids, kBest);
      if (grids[0].objective < before + kBetter) break;
    }
    improve(grids, kMost, 100, 0.01);
    keep(grids, 1);
    return grids[0];
  }

 private:
  void improve(std::vector<LatentGrid>& grids, Index rows, int rounds, double rate) const {
    parallel_for(grids.size(), threads_, [&](std::size_t s) {
      if (check_) check_();
      model_.improve(grids[s], rows, rounds, rate, kRidge);
    });
  }

  /// The best `most` that differ, best first.
  static void keep(std::vector<LatentGrid>& grids, std::size_t most) {
    std::stable_sort(grids.begin(), grids.end(), [](const LatentGrid& a, const LatentGrid& b) {
      return a.objective > b.objective;
    });
    std::vector<LatentGrid> kept;
    for (LatentGrid& grid : grids) {
      if (kept.size() == most) break;
      if (kept.empty() || kept.back().objective - grid.objective > kSame)
        kept.push_back(std::move(grid));
    }
    grids = std::move(kept);
  }

  /// Two nodes turned by an eighth, or one of them named relative to the other.
  std::vector<LatentGrid> turns_of(const LatentGrid& grid) const {
    std::vector<LatentGrid> out;
    const Index size = model_.nodes();
    for (Index a = 0; a < size; ++a) {
      for (Index b = 0; b < size; ++b) {
        if (a == b) continue;
        for (const double shear : {-1.0, -0.5, 0.5, 1.0}) {
          MatrixXd m = MatrixXd::Identity(size, size);
          m(a, b) = shear;
          m.col(b) /= m.col(b).norm();
          out.push_back(model_.turned(grid, m));
        }
        if (a > b) continue;
        MatrixXd m = MatrixXd::Identity(size, size);
        m(a, a) = m(b, a) = m(b, b) = std::sqrt(0.5);
        m(a, b) = -m(a, a);
        out.push_back(model_.turned(grid, m));
      }
    }
    return out;
  }

  const LatentGridModel& model_;
  std::uint64_t seed_;
  std::size_t threads_;
  const std::function<void()>& check_;
};

double digamma(Index whole) {
  double sum = -0.57721566490153286;  // Euler's constant
  for (Index k = 1; k < whole; ++k) sum += 1 / static_cast<double>(k);
  return sum;
}

/// Entropy of points (n, d) by their nearest neighbours (Kozachenko and Leonenko 1987), nat.
double entropy_of(const MatrixXf& points, std::size_t threads) {
  const Index n = points.rows();
  const Index neighbours = std::min<Index>(kNeighbours, n - 1);
  const auto dimensions = static_cast<double>(points.cols());
  const MatrixXf columns = points.transpose();
  std::vector<double> logs(static_cast<std::size_t>(n));
  parallel_for(logs.size(), threads, [&](std::size_t i) {
    Eigen::VectorXf away =
        (columns.colwise() - columns.col(static_cast<Index>(i))).colwise().squaredNorm();
    std::nth_element(away.data(), away.data() + neighbours, away.data() + n);  // itself is one
    logs[i] = 0.5 * std::log(std::max(1e-24, static_cast<double>(away(neighbours))));
  });
  double mean = 0;
  for (const double value : logs) mean += value / static_cast<double>(n);
  return digamma(n) - digamma(neighbours) + 0.5 * dimensions * std::log(std::acos(-1.0)) -
         std::lgamma(0.5 * dimensions + 1) + dimensions * mean;
}

/// The `dimensions` widest directions.
MatrixXf principal(const MatrixXf& latents, Index dimensions) {
  const MatrixXf centred = latents.rowwise() - latents.colwise().mean();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> parts(
      (centred.transpose() * centred).cast<double>());
  return centred * parts.eigenvectors().rightCols(dimensions).cast<float>();
}

Coordinates mixed(MatrixXf flat, std::uint64_t seed) {
  flat.rowwise() -= flat.colwise().mean().eval();
  const float scale = std::sqrt(flat.squaredNorm() / static_cast<float>(flat.size()));
  if (scale > 0) flat /= scale;
  Random random(seed, "grid.order");
  Coordinates out{MatrixXf(flat.rows(), flat.cols()),
                  random.permutation(static_cast<std::size_t>(flat.rows()))};
  for (std::size_t i = 0; i < out.order.size(); ++i)
    out.x.row(static_cast<Index>(i)) = flat.row(static_cast<Index>(out.order[i]));
  return out;
}

GridSearch searched(Coordinates in, const MatrixXf& latents, const std::vector<int>& outcomes,
                    std::uint64_t seed, std::size_t threads, const std::function<void()>& check) {
  const Index n = in.x.rows();
  const Index nodes = in.x.cols();
  const double entropy = entropy_of(in.x.topRows(std::min(n, kEntropyRows)), threads);
  const LatentGridModel model(outcomes, std::move(in.x));
  LatentGrid grid = best_grid(model, seed, threads, check);
  GridSearch out;
  out.divergence = -entropy - grid.objective;
  model.improve(grid, kMost, 100, 0.01, kRidgeOfBest);
  MatrixXf gamma;
  model.responsibilities(grid, n, gamma);
  const MatrixXf t = model.coordinates(grid, gamma);
  out.coordinates.resize(n, nodes);
  out.responsibilities.resize(n, gamma.cols());
  for (std::size_t i = 0; i < in.order.size(); ++i) {
    out.coordinates.row(static_cast<Index>(in.order[i])) = t.row(static_cast<Index>(i));
    out.responsibilities.row(static_cast<Index>(in.order[i])) = gamma.row(static_cast<Index>(i));
  }
  const MatrixXf terms = model.terms_at(out.coordinates);
  out.rest = latents - terms * terms.colPivHouseholderQr().solve(latents);
  out.positions = model.positions();
  out.spread = model.spreads(grid);
  return out;
}

}  // namespace

LatentGrid best_grid(const LatentGridModel& model, std::uint64_t seed, std::size_t threads,
                     const std::function<void()>& check) {
  return Search(model, seed, threads, check).run();
}

std::vector<Coordinates> grid_coordinates(const MatrixXf& latents, Index dimensions,
                                          std::uint64_t seed, std::size_t threads) {
  bool whole = true;
  std::vector<Coordinates> all;
  all.push_back(mixed(geodesic_coordinates(latents, dimensions, seed, threads, &whole), seed));
  if (!whole && latents.cols() >= dimensions)
    all.push_back(mixed(principal(latents, dimensions), seed));
  return all;
}

GridSearch search_latent_grid(const MatrixXf& latents, const std::vector<int>& outcomes,
                              std::uint64_t seed, std::size_t threads,
                              const std::function<void()>& check) {
  GridSearch best;
  best.divergence = std::numeric_limits<double>::infinity();
  const auto nodes = static_cast<Index>(outcomes.size());
  for (Coordinates& in : grid_coordinates(latents, nodes, seed, threads)) {
    GridSearch found = searched(std::move(in), latents, outcomes, seed, threads, check);
    if (found.divergence < best.divergence) best = std::move(found);
  }
  return best;
}

}  // namespace polycause
