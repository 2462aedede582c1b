// Time of the PC search on linear-Gaussian tables, beside a plain PC with the same skeleton.
// Usage: discover_benchmark [VARIABLES MEAN_DEGREE ALPHA THREADS [plain]]; without arguments the
// four sizes of the published comparison, on one thread and two.
#include <Eigen/Dense>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/random.h"
#include "discover/correlation.h"
#include "discover/fisher_z.h"
#include "discover/orientation.h"
#include "discover/skeleton.h"

namespace polycause {
namespace {

constexpr std::size_t kRows = 2000;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A DAG in which i can cause j only when i < j; weights +-U(.3, .9), unit noise.
Dataset simulate(std::size_t size, double degree) {
  Random random(1, "benchmark");
  Dataset data;
  data.rows = kRows;
  for (std::size_t j = 0; j < size; ++j) {
    Variable variable{"v" + std::to_string(j), 0, {}};
    for (std::size_t r = 0; r < kRows; ++r) variable.values.push_back(random.normal());
    for (std::size_t i = 0; i < j; ++i) {
      if (random.uniform() >= degree / static_cast<double>(size - 1)) continue;
      const double weight = (random.coin() ? 1 : -1) * random.uniform(0.3, 0.9);
      for (std::size_t r = 0; r < kRows; ++r) {
        variable.values[r] += weight * data.variables[i].values[r];
      }
    }
    data.variables.push_back(std::move(variable));
  }
  return data;
}

// The textbook: frozen neighbours, every subset in turn, an inverse per test.
std::vector<bool> plain_pc(const std::vector<double>& correlation, std::size_t size, double alpha,
                           std::size_t* tests) {
  std::vector<bool> adjacent(size * size, true);
  for (std::size_t depth = 0;; ++depth) {
    std::vector<NodeSet> neighbours(size);
    std::size_t largest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        if (i != j && adjacent[i * size + j]) neighbours[i].push_back(j);
      }
      largest = std::max(largest, neighbours[i].size());
    }
    if (largest <= depth) return adjacent;
    for (std::size_t x = 0; x < size; ++x) {
      for (const std::size_t y : neighbours[x]) {
        NodeSet others;
        for (const std::size_t node : neighbours[x]) {
          if (node != y) others.push_back(node);
        }
        if (!adjacent[x * size + y]) continue;
        for_each_subset(others, depth, [&](const NodeSet& given) {
          NodeSet all = {x, y};
          all.insert(all.end(), given.begin(), given.end());
          const auto k = static_cast<Eigen::Index>(all.size());
          Eigen::MatrixXd matrix(k, k);
          for (Eigen::Index a = 0; a < k; ++a) {
            for (Eigen::Index b = 0; b < k; ++b) {
              matrix(a, b) = correlation[all[static_cast<std::size_t>(a)] * size +
                                         all[static_cast<std::size_t>(b)]];
            }
          }
          const Eigen::MatrixXd inverse = matrix.inverse();
          const double r = -inverse(0, 1) / std::sqrt(inverse(0, 0) * inverse(1, 1));
          ++*tests;
          if (!(fisher_z_p(r, static_cast<double>(kRows), depth) > alpha)) return true;
          adjacent[x * size + y] = adjacent[y * size + x] = false;
          return false;
        });
      }
    }
  }
}

void measure(std::size_t size, double degree, double alpha, std::size_t threads, bool plain) {
  const Dataset data = simulate(size, degree);
  const std::clock_t processor = std::clock();
  const double start = now();
  const auto test = make_fisher_z(data, threads);
  const double correlated = now();
  Skeleton skeleton = find_skeleton(*test, Constraints(size), {alpha, -1, threads, false}, nullptr);
  const double searched = now();
  const std::size_t tests = skeleton.tests;
  ColliderOptions how;
  how.alpha = alpha;
  how.threads = threads;
  const Colliders colliders =
      find_colliders(skeleton, *test, Constraints(size), how, &skeleton.tests, nullptr);
  orient(skeleton, colliders, Constraints(size));
  const double oriented = now();
  std::printf(
      "%5zu/%g/%g threads %zu: correlations %.3f s, skeleton %.3f s (%.2f M tests, %.1f M/s), "
      "arrows %.3f s (%.2f M tests), total %.3f s, processor %.3f s\n",
      size, degree, alpha, threads, correlated - start, searched - correlated,
      1e-6 * static_cast<double>(tests),
      1e-6 * static_cast<double>(tests) / (searched - correlated), oriented - searched,
      1e-6 * static_cast<double>(skeleton.tests - tests), oriented - start,
      static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC);
  if (!plain) return;
  const std::vector<double> correlation = correlation_matrix(data, 1);
  const double plain_start = now();
  std::size_t plain_tests = 0;
  const std::vector<bool> adjacent = plain_pc(correlation, size, alpha, &plain_tests);
  const double seconds = now() - plain_start;
  bool same = true;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      same = same && (i == j || adjacent[i * size + j] == skeleton.adjacent(i, j));
    }
  }
  std::printf("      plain PC: skeleton %.3f s (%.2f M tests, %.2f M/s), %s skeleton, ratio %.1f\n",
              seconds, 1e-6 * static_cast<double>(plain_tests),
              1e-6 * static_cast<double>(plain_tests) / seconds, same ? "same" : "DIFFERENT",
              seconds / (searched - correlated));
}

}  // namespace
}  // namespace polycause

int main(int count, char** words) {
  if (count >= 5) {
    polycause::measure(std::strtoul(words[1], nullptr, 10), std::strtod(words[2], nullptr),
                       std::strtod(words[3], nullptr), std::strtoul(words[4], nullptr, 10),
                       count > 5);
    return 0;
  }
  for (const std::size_t threads : {1u, 2u}) {
    polycause::measure(100, 2, 0.05, threads, threads == 1);
    polycause::measure(200, 4, 0.05, threads, threads == 1);
    polycause::measure(1000, 2, 0.01, threads, threads == 1);
    polycause::measure(1000, 2, 0.05, threads, false);
  }
  return 0;
}
