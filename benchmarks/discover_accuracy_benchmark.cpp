// How many of the arrows that a search states are right: linear-Gaussian tables of random graphs,
// each search on the same tables. The rules named after other programs give their arrows.
// Usage: discover_accuracy_benchmark [GRAPHS [MEAN_DEGREE [ALPHA [VARIABLES ...]]]]; without
// arguments 10 graphs of 50, 100 and 200 variables.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/random.h"
#include "polycause/discover.h"

namespace polycause {
namespace {

constexpr std::size_t kRows = 2000;

struct Sample {
  Table table;
  std::vector<std::vector<bool>> edge;  // [cause][effect]
};

// Variables stand in an order of their own, so that no rule gains by the order of the columns.
Sample simulate(std::size_t size, double degree, std::size_t number) {
  Random random(number, "accuracy", size);
  const std::vector<std::size_t> column = random.permutation(size);
  Sample sample;
  sample.edge.assign(size, std::vector<bool>(size, false));
  sample.table.columns.resize(size);
  for (std::size_t r = 0; r < kRows; ++r) sample.table.ids.push_back(std::to_string(r));
  for (std::size_t j = 0; j < size; ++j) {
    std::vector<double> values;
    for (std::size_t r = 0; r < kRows; ++r) values.push_back(random.normal());
    for (std::size_t i = 0; i < j; ++i) {
      if (random.uniform() >= degree / static_cast<double>(size - 1)) continue;
      const double weight = (random.coin() ? 1 : -1) * random.uniform(0.3, 0.9);
      const std::vector<double>& cause = sample.table.columns[column[i]].values;
      for (std::size_t r = 0; r < kRows; ++r) values[r] += weight * cause[r];
      sample.edge[column[i]][column[j]] = true;
    }
    sample.table.columns[column[j]].values = std::move(values);
  }
  for (std::size_t i = 0; i < size; ++i) sample.table.columns[i].name = "v" + std::to_string(i);
  return sample;
}

struct Tally {
  std::size_t edges = 0;  // in the true graphs
  std::size_t found = 0;
  std::size_t joined = 0;  // found ones that are edges
  std::size_t arrows = 0;
  std::size_t right = 0;
  std::size_t conflicts = 0;
  std::size_t cycles = 0;  // graphs with one
  double seconds = 0;

  void add(const Sample& sample, const Graph& graph) {
    for (const auto& row : sample.edge) {
      for (const bool edge : row) edges += edge ? 1 : 0;
    }
    cycles += has_directed_cycle(graph) ? 1 : 0;
    for (const Edge& e : graph.edges) {
      const bool forward = sample.edge[e.source][e.target];
      ++found;
      joined += forward || sample.edge[e.target][e.source] ? 1 : 0;
      const bool arrow = e.mark_target == Mark::kArrow;
      conflicts += arrow && e.mark_source == Mark::kArrow ? 1 : 0;
      if (!arrow || e.mark_source != Mark::kTail) continue;
      ++arrows;
      right += forward ? 1 : 0;
    }
  }
};

struct Search {
  std::string name;
  std::string engine;
  std::string rule;
};

void compare(std::size_t graphs, std::size_t size, double degree, double alpha) {
  const std::vector<Search> searches = {{"pc majority", "pc", "majority"},
                                        {"pc definite", "pc", "definite"},
                                        {"pc maxp", "pc", "maxp"},
                                        {"boss", "boss", "majority"},
                                        {"ges", "ges", "majority"},
                                        {"as causal-learn", "pc", "causal-learn-0-2"},
                                        {"as pcalg default", "pc", "pcalg-relaxed"},
                                        {"as pcalg majority", "pc", "pcalg-solve-confl"}};
  std::vector<Tally> tallies(searches.size());
  for (std::size_t number = 0; number < graphs; ++number) {
    const Sample sample = simulate(size, degree, number);
    for (std::size_t s = 0; s < searches.size(); ++s) {
      DiscoverOptions options;
      options.engine = searches[s].engine;
      options.rule = searches[s].rule;
      options.alpha = alpha;
      options.threads = 1;
      const std::clock_t start = std::clock();
      const Graph graph = discover(sample.table, {}, options);
      tallies[s].seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      tallies[s].add(sample, graph);
    }
  }
  const auto count = static_cast<double>(graphs);
  std::printf("%zu graphs, %zu variables, mean degree %g, %zu rows, alpha %g: %.1f edges each\n",
              graphs, size, degree, kRows, alpha, static_cast<double>(tallies[0].edges) / count);
  std::printf("%-18s %9s %9s %9s %9s %9s %9s %7s %9s\n", "", "edges", "right", "arrows", "right",
              "share", "conflicts", "cyclic", "CPU s");
  for (std::size_t s = 0; s < searches.size(); ++s) {
    const Tally& t = tallies[s];
    std::printf("%-18s %9.1f %9.1f %9.1f %9.1f %9.3f %9.1f %7zu %9.3f\n", searches[s].name.c_str(),
                static_cast<double>(t.found) / count, static_cast<double>(t.joined) / count,
                static_cast<double>(t.arrows) / count, static_cast<double>(t.right) / count,
                static_cast<double>(t.right) / static_cast<double>(t.arrows),
                static_cast<double>(t.conflicts) / count, t.cycles, t.seconds / count);
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace polycause

int main(int count, char** words) {
  const std::size_t graphs = count > 1 ? std::strtoul(words[1], nullptr, 10) : 10;
  const double degree = count > 2 ? std::strtod(words[2], nullptr) : 2;
  const double alpha = count > 3 ? std::strtod(words[3], nullptr) : 0.01;
  std::vector<std::size_t> sizes;
  for (int i = 4; i < count; ++i) sizes.push_back(std::strtoul(words[i], nullptr, 10));
  if (sizes.empty()) sizes = {50, 100, 200};
  for (const std::size_t size : sizes) polycause::compare(graphs, size, degree, alpha);
  return 0;
}
