#include "polycause/discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/parallel.h"
#include "discover/choose_test.h"
#include "discover/dataset.h"
#include "discover/engines.h"
#include "discover/node.h"
#include "polycause/error.h"

namespace polycause {
namespace {

// Benjamini and Hochberg's q of every p; pairs without a p take no part.
std::vector<double> false_discovery(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> q(p.size(), std::nan(""));
  double least = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    least = std::min(least, p[i] * static_cast<double>(order.size()) / static_cast<double>(rank));
    q[i] = least;
  }
  return q;
}

Mark mark_of(End end) {
  return end == End::kArrow ? Mark::kArrow : end == End::kCircle ? Mark::kCircle : Mark::kTail;
}

// Edges in the order of the table's columns; a directed one starts at its cause.
Graph to_graph(const std::vector<std::string>& names, const std::vector<std::size_t>& position,
               const MarkMatrix& marks, const Skeleton& skeleton) {
  const std::size_t size = names.size();
  std::vector<std::size_t> place(size);  // of the table's i-th column in the search
  for (std::size_t i = 0; i < size; ++i) place[position[i]] = i;
  Graph graph;
  for (std::size_t i = 0; i < size; ++i) graph.nodes.push_back(node_from_id(names[place[i]]));
  std::vector<double> p;
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = 0; i < j; ++i) p.push_back(skeleton.pair(i, j).weakest.result.p);
  }
  const std::vector<double> q = false_discovery(p);
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = a + 1; b < size; ++b) {
      std::size_t from = place[a];
      std::size_t to = place[b];
      if (!marks.adjacent(from, to)) continue;
      if (marks.at(from, to) != End::kArrow && marks.at(to, from) == End::kArrow)
        std::swap(from, to);
      const PairEvidence& pair = skeleton.pair(from, to);
      Edge edge;
      edge.source = position[from];
      edge.target = position[to];
      edge.mark_source = mark_of(marks.at(to, from));
      edge.mark_target = mark_of(marks.at(from, to));
      edge.kind = marks.both_arrows(from, to) ? "conflict" : "discovered";
      edge.strength = pair.weakest.result.strength;
      edge.p_value = pair.weakest.result.p;
      const std::size_t high = std::max(from, to);
      edge.q_value = q[high * (high - 1) / 2 + std::min(from, to)];
      edge.n = pair.weakest.result.n;
      for (const std::size_t node : pair.weakest.set) edge.separating_set.push_back(names[node]);
      graph.edges.push_back(std::move(edge));
    }
  }
  return graph;
}

void check_options(const DiscoverOptions& options) {
  const auto check = [](const char* key, const std::string& value,
                        const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    throw ConfigError(fmt::format("discover.{} = \"{}\"; expected one of {}", key, value,
                                  fmt::join(known, ", ")));
  };
  check("engine", options.engine, {"pc"});
  check("test", options.test, test_names());
  check("rule", options.rule, rule_names());
  if (!(options.alpha > 0 && options.alpha < 1)) {
    throw ConfigError(
        fmt::format("discover.alpha = {}; expected a number between 0 and 1", options.alpha));
  }
}

}  // namespace

void visit_settings(DiscoverOptions& options, SettingsVisitor& visitor) {
  visitor.visit("discover.engine", options.engine, {"pc"}, "search: pc = PC-stable");
  visitor.visit(
      "discover.test", options.test, test_names(),
      "independence test: auto = by the types of the columns; fisherz = partial correlation, "
      "spearman = of ranks; chisq, gsq = discrete columns; cg = mixed");
  visitor.visit(
      "discover.rule", options.rule, rule_names(),
      "colliders: majority = by the majority of separating sets, definite = by all, maxp = by the "
      "set with the largest p, each with conflicts marked; others as "
      "in the program named");
  visitor.visit("discover.alpha", options.alpha, 0.0, 1.0,
                "level of the tests: a pair is separated when p is above it");
  visitor.visit("discover.min_strength", options.min_strength, 0.0, 1.0,
                "edges with a smaller |partial correlation| are left out");
  visitor.visit("discover.max_depth", options.max_depth, -1, kNoLimit,
                "largest separating set tried; -1 = no limit");
  visitor.visit("discover.threads", options.threads, 0, kNoLimit,
                "threads; 0 = all cores; the result does not depend on it");
}

Graph discover(const Table& table, const Knowledge& knowledge, const DiscoverOptions& options,
               Observer* observer) {
  check_options(options);
  const std::size_t threads = thread_count(options.threads);
  std::string test_name = options.test;
  Dataset data = dataset_for(table, test_name);
  check_columns(data);
  std::vector<std::size_t> position(data.variables.size());
  std::iota(position.begin(), position.end(), std::size_t{0});
  if (order_free(options.rule)) data = canonical(data, &position);
  std::vector<std::string> names;
  for (const Variable& variable : data.variables) names.push_back(variable.id);

  std::vector<std::string> warnings;
  const Constraints constraints(knowledge, names, &warnings);
  const std::unique_ptr<IndependenceTest> test = make_test(data, test_name, threads);
  const Found found = run_pc(*test, constraints, options, threads, observer);
  const Graph graph = to_graph(names, position, found.marks, found.evidence);
  if (order_free(options.rule) && has_directed_cycle(graph)) {
    throw std::logic_error("discover: the graph holds a directed cycle");
  }
  if (observer != nullptr) {
    for (const std::string& warning : warnings) observer->message(LogLevel::kWarning, warning);
    observer->message(LogLevel::kInfo,
                      fmt::format("{} tests ({}), sets of up to {}, {} edges", found.evidence.tests,
                                  test_name, found.evidence.depth, graph.edges.size()));
  }
  return graph;
}

}  // namespace polycause
