#include "discover/fci.h"

#include <algorithm>
#include <queue>

namespace polycause {
namespace {

MarkMatrix circles(const Skeleton& skeleton) {
  MarkMatrix graph(skeleton.size());
  for (std::size_t i = 0; i < skeleton.size(); ++i) {
    for (std::size_t j = i + 1; j < skeleton.size(); ++j) {
      if (skeleton.adjacent(i, j)) graph.set_edge(i, j, End::kCircle, End::kCircle);
    }
  }
  return graph;
}

// Nodes that some path joins to x whose inner nodes are colliders or in triangles.
NodeSet possible_d_sep(const MarkMatrix& graph, std::size_t x) {
  const std::size_t size = graph.size();
  std::vector<bool> seen_edge(size * size, false);
  std::vector<bool> found(size, false);
  std::queue<std::pair<std::size_t, std::size_t>> open;
  for (const std::size_t next : graph.neighbours(x)) {
    seen_edge[x * size + next] = found[next] = true;
    open.push({x, next});
  }
  while (!open.empty()) {
    const auto [a, b] = open.front();
    open.pop();
    for (std::size_t c = 0; c < size; ++c) {
      if (c == a || c == x || !graph.adjacent(b, c) || seen_edge[b * size + c]) continue;
      const bool collider = graph.at(a, b) == End::kArrow && graph.at(c, b) == End::kArrow;
      if (!collider && !graph.adjacent(a, c)) continue;
      seen_edge[b * size + c] = found[c] = true;
      open.push({b, c});
    }
  }
  NodeSet nodes;
  for (std::size_t i = 0; i < size; ++i) {
    if (found[i] && i != x) nodes.push_back(i);
  }
  return nodes;
}

// Tests every edge given subsets of the possible d-separators; they may hold nodes that are not
// neighbours, which hidden common causes make necessary.
void separate_further(const MarkMatrix& graph, const IndependenceTest& test,
                      const Constraints& constraints, const ColliderOptions& options,
                      Observer* observer, Skeleton& skeleton) {
  std::vector<NodeSet> candidates;
  std::vector<NodeSet> near;  // whose subsets the skeleton search has tried
  for (std::size_t i = 0; i < graph.size(); ++i) {
    candidates.push_back(possible_d_sep(graph, i));
    NodeSet causes;
    for (const std::size_t node : graph.neighbours(i)) {
      if (constraints.may_cause(node, i)) causes.push_back(node);
    }
    near.push_back(std::move(causes));
  }
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::size_t j = i + 1; j < graph.size(); ++j) {
      if (graph.adjacent(i, j) && !constraints.keeps_joined(i, j)) pairs.emplace_back(i, j);
    }
  }
  skeleton.tests += for_each_with_test(
      test, pairs.size(), options.threads, observer, [&](IndependenceTest& own, std::size_t unit) {
        const auto [x, y] = pairs[unit];
        PairEvidence& pair = skeleton.pair(x, y);
        for (const std::size_t side : {x, y}) {
          NodeSet from;
          for (const std::size_t node : candidates[side]) {
            if (node != x && node != y && constraints.may_separate(node, x, y))
              from.push_back(node);
          }
          const bool nothing_new =
              std::includes(near[side].begin(), near[side].end(), from.begin(), from.end());
          std::size_t largest = nothing_new ? 0 : from.size();
          if (options.max_depth >= 0) {
            largest = std::min(largest, static_cast<std::size_t>(options.max_depth));
          }
          for (std::size_t depth = 1; depth <= largest && pair.adjacent; ++depth) {
            const Weakest weakest =
                own.scan(x, y, from, depth, options.alpha, [&](const NodeSet&, double) {
                  pair.adjacent = false;
                  return false;
                });
            if (weaker(weakest.result, pair.weakest.result)) pair.weakest = weakest;
          }
          if (!pair.adjacent) return;
        }
      });
}

}  // namespace

MarkMatrix circles_and_colliders(const Skeleton& skeleton, const Colliders& colliders,
                                 const Constraints& constraints) {
  MarkMatrix graph = circles(skeleton);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::size_t j = 0; j < graph.size(); ++j) {
      if (i == j || !graph.adjacent(i, j)) continue;
      if (constraints.requires_edge(i, j)) {
        graph.direct(i, j);
      } else if (constraints.forbids(i, j) && graph.at(j, i) == End::kCircle) {
        graph.set(j, i, End::kArrow);  // i is no cause of j
      }
    }
  }
  for (const auto& [x, y, z] : colliders.colliders) {
    if (graph.at(x, y) == End::kTail || graph.at(z, y) == End::kTail) continue;
    graph.set(x, y, End::kArrow);
    graph.set(z, y, End::kArrow);
  }
  return graph;
}

Found run_fci(const IndependenceTest& test, const Constraints& constraints,
              const DiscoverOptions& options, std::size_t threads, Observer* observer) {
  ColliderOptions how = collider_options(options, threads);
  how.fall_back = true;
  Found found;
  found.conflicts = false;
  found.evidence = find_skeleton(test, constraints,
                                 {options.alpha, options.max_depth, threads, false}, observer);
  std::size_t& tests = found.evidence.tests;
  Colliders colliders = find_colliders(found.evidence, test, constraints, how, &tests, observer);
  separate_further(circles_and_colliders(found.evidence, colliders, constraints), test, constraints,
                   how, observer, found.evidence);
  leave_out_weak(found.evidence, constraints, options.min_strength);
  colliders = find_colliders(found.evidence, test, constraints, how, &tests, observer);
  found.marks = circles_and_colliders(found.evidence, colliders, constraints);
  apply_zhang(found.marks, found.evidence, colliders.ambiguous);
  return found;
}

}  // namespace polycause
