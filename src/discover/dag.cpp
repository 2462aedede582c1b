#include "discover/dag.h"

#include <algorithm>

#include "discover/orientation.h"

namespace polycause {

MarkMatrix class_of(const Parents& parents, const Constraints& constraints) {
  MarkMatrix graph(parents.size());
  for (std::size_t child = 0; child < parents.size(); ++child) {
    for (const std::size_t p : parents[child]) graph.set_edge(p, child, End::kTail, End::kTail);
  }
  const MarkMatrix skeleton = graph;
  for (std::size_t child = 0; child < parents.size(); ++child) {
    for (const std::size_t a : parents[child]) {
      for (const std::size_t b : parents[child]) {
        if (a != b && !skeleton.adjacent(a, b)) graph.direct(a, child);
      }
    }
  }
  constraints.direct(graph);
  apply_meek(graph, {}, constraints);
  return graph;
}

bool extend(const MarkMatrix& graph, Parents* parents) {
  const std::size_t size = graph.size();
  parents->assign(size, {});
  std::vector<NodeSet> near(size);
  for (std::size_t i = 0; i < size; ++i) near[i] = graph.neighbours(i);
  std::vector<bool> gone(size, false);
  // A node can be the last one when nothing points out of it and its undirected neighbours are
  // joined to all its others.
  const auto can_be_last = [&](std::size_t node) {
    for (const std::size_t a : near[node]) {
      if (gone[a]) continue;
      if (graph.directed(node, a)) return false;
      if (!graph.undirected(node, a)) continue;
      for (const std::size_t b : near[node]) {
        if (!gone[b] && b != a && !graph.adjacent(a, b)) return false;
      }
    }
    return true;
  };
  for (std::size_t left = size; left > 0; --left) {
    std::size_t node = 0;
    while (node < size && (gone[node] || !can_be_last(node))) ++node;
    if (node == size) return false;
    gone[node] = true;
    for (const std::size_t a : near[node]) {
      if (!gone[a]) (*parents)[node].push_back(a);
    }
  }
  return true;
}

NodeSet causal_order(const Parents& parents) {
  NodeSet order;
  std::vector<bool> placed(parents.size(), false);
  for (bool found = true; found;) {
    found = false;
    for (std::size_t i = 0; i < parents.size(); ++i) {
      const bool ready = !placed[i] && std::all_of(parents[i].begin(), parents[i].end(),
                                                   [&](std::size_t p) { return placed[p]; });
      if (!ready) continue;
      placed[i] = found = true;
      order.push_back(i);
    }
  }
  return order;
}

}  // namespace polycause
