#include "discover/orientation.h"

#include <algorithm>
#include <utility>

namespace polycause {
namespace {

using Arrow = std::pair<std::size_t, std::size_t>;

Triple triple(std::size_t x, std::size_t y, std::size_t z) {
  return x < z ? Triple{x, y, z} : Triple{z, y, x};
}

// Applies all claims of one round at once.
void settle(MarkMatrix& graph, const std::set<Arrow>& claims, const Constraints& constraints) {
  std::vector<Arrow> made;
  for (const auto& [from, to] : claims) {
    if (!graph.undirected(from, to) || constraints.forbids(from, to)) continue;
    if (claims.count({to, from}) > 0 && !constraints.forbids(to, from)) continue;
    made.emplace_back(from, to);
  }
  for (const auto& [from, to] : claims) {
    if (graph.undirected(from, to) && claims.count({to, from}) > 0 &&
        !constraints.forbids(from, to) && !constraints.forbids(to, from)) {
      graph.set_edge(from, to, End::kArrow, End::kArrow);
    }
  }
  for (const auto& [from, to] : made) graph.direct(from, to);
  // The graph had no cycle before: taking back every new arrow inside a component leaves none.
  const std::vector<std::size_t> component = directed_components(graph);
  for (const auto& [from, to] : made) {
    if (component[from] == component[to]) graph.set_edge(from, to, End::kArrow, End::kArrow);
  }
}

class Meek {
 public:
  Meek(const MarkMatrix& graph, const std::set<Triple>& ambiguous)
      : graph_(graph), ambiguous_(ambiguous), adjacent_(graph.size()) {
    for (std::size_t i = 0; i < graph.size(); ++i) adjacent_[i] = graph.neighbours(i);
  }

  std::set<Arrow> claims() const {
    std::set<Arrow> found;
    for (std::size_t a = 0; a < graph_.size(); ++a) {
      for (const std::size_t b : adjacent_[a]) {
        if (graph_.undirected(a, b) &&
            (away(a, b) || shortcut(a, b) || kite(a, b) || chain(a, b))) {
          found.emplace(a, b);
        }
      }
    }
    return found;
  }

 private:
  bool non_collider(std::size_t x, std::size_t y, std::size_t z) const {
    return !graph_.adjacent(x, z) && ambiguous_.count(triple(x, y, z)) == 0;
  }
  // R1: c -> a - b, c and b apart.
  bool away(std::size_t a, std::size_t b) const {
    return std::any_of(adjacent_[a].begin(), adjacent_[a].end(), [&](std::size_t c) {
      return c != b && graph_.directed(c, a) && non_collider(c, a, b);
    });
  }
  // R2: a -> c -> b.
  bool shortcut(std::size_t a, std::size_t b) const {
    return std::any_of(adjacent_[a].begin(), adjacent_[a].end(), [&](std::size_t c) {
      return graph_.directed(a, c) && graph_.directed(c, b);
    });
  }
  // R3: a - c -> b and a - d -> b, c and d apart.
  bool kite(std::size_t a, std::size_t b) const {
    for (const std::size_t c : adjacent_[a]) {
      if (!graph_.undirected(a, c) || !graph_.directed(c, b)) continue;
      for (const std::size_t d : adjacent_[a]) {
        if (c < d && graph_.undirected(a, d) && graph_.directed(d, b) && non_collider(c, a, d))
          return true;
      }
    }
    return false;
  }
  // R4: a - d, d -> c -> b, a and c adjacent, d and b apart.
  bool chain(std::size_t a, std::size_t b) const {
    for (const std::size_t c : adjacent_[a]) {
      if (!graph_.directed(c, b)) continue;
      for (const std::size_t d : adjacent_[a]) {
        if (d != b && graph_.undirected(a, d) && graph_.directed(d, c) && non_collider(d, a, b))
          return true;
      }
    }
    return false;
  }

  const MarkMatrix& graph_;
  const std::set<Triple>& ambiguous_;
  std::vector<NodeSet> adjacent_;
};

}  // namespace

void apply_meek(MarkMatrix& graph, const std::set<Triple>& ambiguous,
                const Constraints& constraints) {
  while (true) {
    const MarkMatrix before = graph;
    settle(graph, Meek(before, ambiguous).claims(), constraints);
    if (graph == before) return;
  }
}

MarkMatrix orient(const Skeleton& skeleton, const Colliders& colliders,
                  const Constraints& constraints) {
  MarkMatrix graph(skeleton.size());
  for (std::size_t i = 0; i < skeleton.size(); ++i) {
    for (std::size_t j = i + 1; j < skeleton.size(); ++j) {
      if (skeleton.adjacent(i, j)) graph.set_edge(i, j, End::kTail, End::kTail);
    }
  }
  constraints.direct(graph);
  std::set<Arrow> claims;
  for (const auto& [x, y, z] : colliders.colliders) {
    // Knowledge that y causes one of its neighbours here rules the collider out.
    if (constraints.forbids(x, y) || constraints.forbids(z, y)) continue;
    if (graph.directed(y, x) || graph.directed(y, z)) continue;
    claims.emplace(x, y);
    claims.emplace(z, y);
  }
  settle(graph, claims, constraints);
  apply_meek(graph, colliders.ambiguous, constraints);
  return graph;
}

}  // namespace polycause
