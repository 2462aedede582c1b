#include "model/grid_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/random.h"
#include "model/latent_grid.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXf;

constexpr Index kNeighbours = 20;  // of the dimension
constexpr Index kDimensionRows = 3000;
constexpr int kMostJoint = 729;  // above, a search takes too long

/// By how distances to neighbours grow, logarithms averaged over participants.
double dimension_of(const MatrixXf& points, std::uint64_t seed, std::size_t threads) {
  const Index n = std::min(points.rows(), kDimensionRows);
  const Index neighbours = std::min(kNeighbours, n - 1);
  if (neighbours < 2) return 1;
  Random random(seed, "grid.dimension");
  const std::vector<std::size_t> order =
      random.permutation(static_cast<std::size_t>(points.rows()));
  MatrixXf columns(points.cols(), n);
  for (Index i = 0; i < n; ++i)
    columns.col(i) = points.row(static_cast<Index>(order[static_cast<std::size_t>(i)])).transpose();
  std::vector<double> inverse(static_cast<std::size_t>(n), 0.0);
  parallel_for(inverse.size(), threads, [&](std::size_t i) {
    Eigen::VectorXf away =
        (columns.colwise() - columns.col(static_cast<Index>(i))).colwise().norm().transpose();
    std::partial_sort(away.data(), away.data() + neighbours + 1, away.data() + n);  // first: itself
    const auto farthest = static_cast<double>(away(neighbours));
    for (Index k = 1; k < neighbours; ++k)
      inverse[i] +=
          std::log(std::max(1e-12, farthest) / std::max(1e-12, static_cast<double>(away(k)))) /
          static_cast<double>(neighbours - 1);
  });
  double mean = 0;
  for (const double one : inverse) mean += one / static_cast<double>(n);
  return mean > 0 ? 1 / mean : 1;
}

class Choice {
 public:
  Choice(const MatrixXf& flat, int most_outcomes, std::uint64_t seed, std::size_t threads,
         const std::function<void()>& check, const KnownCandidate& known,
         const std::function<void(const GridCandidate&)>& found)
      : flat_(flat),
        most_outcomes_(most_outcomes),
        seed_(seed),
        threads_(threads),
        check_(check),
        known_(known),
        found_(found) {}

  /// Outcomes of `nodes` nodes: as many for all of them while that pays, then one node's one more
  /// or less.
  void climb(int nodes, GridChoice& choice) const {
    const auto size = static_cast<std::size_t>(nodes);
    std::vector<int> at(size, 2);
    double best = tried(at, choice);
    for (int c = 3; allowed(std::vector<int>(size, c)); ++c) {
      const double criterion = tried(std::vector<int>(size, c), choice);
      if (criterion <= best) break;
      best = criterion;
      at.assign(size, c);
    }
    while (true) {
      std::vector<int> better;
      for (std::size_t j = 0; j < size; ++j) {
        for (const int step : {-1, 1}) {
          std::vector<int> other = at;
          other[j] += step;
          if (!std::is_sorted(other.begin(), other.end()) || !allowed(other)) continue;
          const double criterion = tried(other, choice);
          if (criterion <= best) continue;
          best = criterion;
          better = other;
        }
      }
      if (better.empty()) return;
      at = better;
    }
  }

 private:
  bool allowed(const std::vector<int>& outcomes) const {
    int joint = 1;
    for (const int c : outcomes) joint = std::min(joint * c, kMostJoint + 1);
    return outcomes.front() >= 2 && outcomes.back() <= most_outcomes_ && joint <= kMostJoint;
  }

  double tried(const std::vector<int>& outcomes, GridChoice& choice) const {
    for (const GridCandidate& one : choice.tried) {
      if (one.outcomes == outcomes) return one.criterion;
    }
    GridCandidate own;
    own.outcomes = outcomes;
    if (!known_ || !known_(own)) {
      search(own);
      if (found_) found_(own);
    }
    choice.tried.push_back(own);
    if (own.criterion > choice.tried[choice.chosen].criterion)
      choice.chosen = choice.tried.size() - 1;
    return own.criterion;
  }

  void search(GridCandidate& own) const {
    const LatentGridModel model(own.outcomes, flat_);
    const LatentGrid grid = best_grid(model, seed_, threads_, check_);
    MatrixXf gamma;
    own.likelihood = model.responsibilities(grid, flat_.rows(), gamma);
    const auto n = static_cast<double>(flat_.rows());
    own.uncertainty =
        -static_cast<double>((gamma.array() * gamma.array().max(1e-20F).log()).sum()) / n;
    own.free = static_cast<int>(grid.shape.size() + grid.log_spread.size() + grid.log_noise.size() +
                                grid.log_joint.size() - 1);
    own.criterion = grid.objective - own.uncertainty - 0.5 * own.free * std::log(n) / n;
  }

  const MatrixXf& flat_;
  int most_outcomes_;
  std::uint64_t seed_;
  std::size_t threads_;
  const std::function<void()>& check_;
  const KnownCandidate& known_;
  const std::function<void(const GridCandidate&)>& found_;
};

}  // namespace

GridChoice choose_grid(const MatrixXf& latents, int most_nodes, int most_outcomes,
                       std::uint64_t seed, std::size_t threads, const std::function<void()>& check,
                       const KnownCandidate& known,
                       const std::function<void(const GridCandidate&)>& found) {
  GridChoice choice;
  choice.dimension = dimension_of(latents, seed, threads);
  const int width = std::clamp(static_cast<int>(std::lround(choice.dimension)), 1,
                               std::min(most_nodes, static_cast<int>(latents.cols())));
  // Where there are parts, the widest directions: ways between parts are guesses.
  const MatrixXf flat = grid_coordinates(latents, width, seed, threads).back().x;
  const Choice chooser(flat, most_outcomes, seed, threads, check, known, found);
  for (int nodes = 1; nodes <= width; ++nodes) chooser.climb(nodes, choice);
  return choice;
}

}  // namespace polycause
