#include "discover/assemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "discover/node.h"

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

}  // namespace

Graph to_graph(const std::vector<std::string>& names, const std::vector<std::size_t>& position,
               const Found& found) {
  const MarkMatrix& marks = found.marks;
  const Skeleton& skeleton = found.evidence;
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
      const PairEvidence& pair = skeleton.pair(from, to);
      const TestResult& test = pair.weakest.result;
      std::vector<std::string> set;
      for (const std::size_t node : pair.weakest.set) set.push_back(names[node]);
      if (!marks.adjacent(from, to)) {
        if (!std::isnan(test.p)) {
          graph.separations.push_back({a, b, std::move(set), test.p, test.strength, test.n});
        }
        continue;
      }
      if (marks.at(from, to) != End::kArrow && marks.at(to, from) == End::kArrow)
        std::swap(from, to);
      Edge edge;
      edge.source = position[from];
      edge.target = position[to];
      edge.mark_source = mark_of(marks.at(to, from));
      edge.mark_target = mark_of(marks.at(from, to));
      edge.kind = found.conflicts && marks.both_arrows(from, to) ? "conflict"
                  : found.by_tests && std::isnan(test.p)         ? "untested"
                                                                 : "discovered";
      edge.strength = test.strength;
      edge.p_value = test.p;
      const std::size_t high = std::max(from, to);
      edge.q_value = q[high * (high - 1) / 2 + std::min(from, to)];
      edge.n = test.n;
      edge.separating_set = std::move(set);
      graph.edges.push_back(std::move(edge));
    }
  }
  return graph;
}

void check_and_tell(const Graph& graph, const Found& found, const std::string& test,
                    const DiscoverOptions& options, Observer* observer) {
  if (order_free(options) && has_directed_cycle(graph)) {
    throw std::logic_error("discover: the graph holds a directed cycle");
  }
  if (observer == nullptr) return;
  for (const Edge& edge : graph.edges) {
    if (edge.kind != "untested") continue;
    observer->message(
        LogLevel::kWarning,
        fmt::format("'{}' and '{}' stay joined untested: too few rows show both for a test; leave "
                    "one of the two out or merge levels",
                    graph.nodes[edge.source].id, graph.nodes[edge.target].id));
  }
  observer->message(LogLevel::kInfo,
                    fmt::format("{} tests ({}), sets of up to {}, {} edges", found.evidence.tests,
                                test, found.evidence.depth, graph.edges.size()));
}

Constraints constraints_on(const std::vector<std::string>& names, const Knowledge& knowledge,
                           Observer* observer) {
  std::vector<std::string> warnings;
  Constraints constraints(knowledge, names, &warnings);
  if (observer != nullptr) {
    for (const std::string& warning : warnings) observer->message(LogLevel::kWarning, warning);
  }
  return constraints;
}

}  // namespace polycause
