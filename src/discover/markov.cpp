#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "discover/choose_test.h"
#include "discover/column_checks.h"
#include "discover/engines.h"
#include "polycause/error.h"

namespace polycause {
namespace {

// Asymptotic p of the largest distance between the p-values' distribution and the uniform one.
double uniformity_p(std::vector<double> p) {
  if (p.size() < 5) return std::nan("");
  std::sort(p.begin(), p.end());
  const auto n = static_cast<double>(p.size());
  double distance = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, (rank + 1) / n - p[i], p[i] - rank / n});
  }
  const double x = (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)) * distance;
  double sum = 0;
  for (int k = 1; k <= 100; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return x < 0.2 ? 1.0 : std::clamp(sum, 0.0, 1.0);
}

}  // namespace

MarkovCheck markov_check(const Table& table, const Graph& graph, const DiscoverOptions& options,
                         Observer* observer) {
  std::string test_name = options.test;
  const Dataset data = dataset_for(table, test_name, options);
  check_columns(data);
  std::vector<std::size_t> place(graph.nodes.size(), data.variables.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (std::size_t v = 0; v < data.variables.size(); ++v) {
      if (data.variables[v].id == graph.nodes[i].id) place[i] = v;
    }
    if (place[i] == data.variables.size()) {
      throw DataError(data.name.empty() ? "markov_check" : data.name, 0, graph.nodes[i].id,
                      "is a node of the graph but no column; expected a column for every node");
    }
  }
  MarkMatrix marks(data.variables.size());
  const auto end = [](Mark mark) {
    return mark == Mark::kArrow ? End::kArrow : mark == Mark::kCircle ? End::kCircle : End::kTail;
  };
  for (const Edge& edge : graph.edges) {
    marks.set_edge(place[edge.source], place[edge.target], end(edge.mark_source),
                   end(edge.mark_target));
  }
  const std::size_t threads = thread_count(options.threads);
  const Skeleton evidence =
      test_markov(*make_test(data, test_name, options, threads), marks, threads, observer);
  MarkovCheck check;
  std::vector<double> p;
  std::size_t rejected = 0;
  for (std::size_t i = 0; i < place.size(); ++i) {
    for (std::size_t j = i + 1; j < place.size(); ++j) {
      const Weakest& pair = evidence.pair(place[i], place[j]).weakest;
      if (marks.adjacent(place[i], place[j]) || std::isnan(pair.result.p)) continue;
      p.push_back(pair.result.p);
      if (pair.result.p > options.alpha) continue;
      ++rejected;
      std::vector<std::string> set;
      for (const std::size_t node : pair.set) set.push_back(data.variables[node].id);
      check.violations.push_back(
          {i, j, std::move(set), pair.result.p, pair.result.strength, pair.result.n});
    }
  }
  std::stable_sort(check.violations.begin(), check.violations.end(),
                   [](const Separation& a, const Separation& b) { return a.p_value < b.p_value; });
  check.tests = p.size();
  if (!p.empty()) check.rejected = static_cast<double>(rejected) / static_cast<double>(p.size());
  check.uniformity = uniformity_p(std::move(p));
  return check;
}

}  // namespace polycause
