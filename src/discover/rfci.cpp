// Really fast causal inference: instead of searching sets among possible d-separators, the tests
// that an orientation relies on are made when it is drawn, and edges that fail them go.
#include <algorithm>

#include "discover/fci.h"

namespace polycause {
namespace {

class Rfci {
 public:
  Rfci(const IndependenceTest& test, const Constraints& constraints, double alpha,
       Skeleton& skeleton)
      : test_(test.clone()), constraints_(constraints), alpha_(alpha), skeleton_(skeleton) {}

  // x and z apart given S: were x - y cut by S without y, the triple x - y - z would say nothing.
  // All triples are looked at before any edge goes, so that the result depends on no order.
  void check_triples() {
    for (bool cut = true; cut;) {
      cut = false;
      std::vector<std::pair<Pair, Weakest>> found;
      for_each_triple([&](std::size_t x, std::size_t y, std::size_t z) {
        NodeSet set = skeleton_.pair(x, z).weakest.set;
        set.erase(std::remove(set.begin(), set.end(), y), set.end());
        for (const std::size_t end : {x, z}) {
          const Weakest weakest = {test_->test(end, y, set), set};
          if (weakest.result.p > alpha_) found.push_back({{end, y}, smallest(end, y, set)});
        }
      });
      for (const auto& [pair, weakest] : found) cut = remove(pair, weakest) || cut;
    }
  }

  // Every two neighbours on the path must depend on each other given all subsets of the set.
  bool check_path(const NodeSet& path, const NodeSet& set) {
    bool sound = true;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      const Weakest weakest = smallest(path[i], path[i + 1], set);
      if (weakest.result.p > alpha_) sound = !remove({path[i], path[i + 1]}, weakest) && sound;
    }
    return sound;
  }

  std::size_t tests() const { return test_->tests(); }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;

  template <typename Visit>
  void for_each_triple(const Visit& visit) {
    const std::size_t size = skeleton_.size();
    for (std::size_t y = 0; y < size; ++y) {
      for (std::size_t x = 0; x < size; ++x) {
        if (!skeleton_.adjacent(x, y)) continue;
        for (std::size_t z = x + 1; z < size; ++z) {
          if (skeleton_.adjacent(z, y) && !skeleton_.adjacent(x, z)) visit(x, y, z);
        }
      }
    }
  }

  // The first subset, by size, that separates the two; without one, p is not above alpha.
  Weakest smallest(std::size_t x, std::size_t y, const NodeSet& set) {
    NodeSet candidates;
    for (const std::size_t node : set) {
      if (node != x && node != y) candidates.push_back(node);
    }
    Weakest weakest;
    for (std::size_t depth = 0; depth <= candidates.size(); ++depth) {
      Weakest at_depth = test_->scan(x, y, candidates, depth, alpha_,
                                     [](const NodeSet&, double) { return false; });
      if (weaker(at_depth.result, weakest.result)) weakest = std::move(at_depth);
      if (weakest.result.p > alpha_) break;
    }
    return weakest;
  }

  bool remove(const Pair& nodes, const Weakest& weakest) {
    PairEvidence& pair = skeleton_.pair(nodes.first, nodes.second);
    if (!pair.adjacent || constraints_.keeps_joined(nodes.first, nodes.second)) return false;
    pair.adjacent = false;
    pair.weakest = weakest;
    return true;
  }

  std::unique_ptr<IndependenceTest> test_;
  const Constraints& constraints_;
  double alpha_;
  Skeleton& skeleton_;
};

}  // namespace

Found run_rfci(const IndependenceTest& test, const Constraints& constraints,
               const DiscoverOptions& options, std::size_t threads, Observer* observer) {
  ColliderOptions how = collider_options(options, threads);
  how.fall_back = true;
  Found found;
  found.conflicts = false;
  found.evidence = find_skeleton(test, constraints,
                                 {options.alpha, options.max_depth, threads, false}, observer);
  leave_out_weak(found.evidence, constraints, options.min_strength);
  Rfci search(test, constraints, options.alpha, found.evidence);
  const PathCheck check = [&](const NodeSet& path, const NodeSet& set) {
    return search.check_path(path, set);
  };
  for (bool done = false; !done;) {  // each round but the last cuts an edge
    search.check_triples();
    const Colliders colliders =
        find_colliders(found.evidence, test, constraints, how, &found.evidence.tests, observer);
    found.marks = circles_and_colliders(found.evidence, colliders, constraints);
    done = apply_zhang(found.marks, found.evidence, colliders.ambiguous, check);
  }
  found.evidence.tests += search.tests();
  return found;
}

}  // namespace polycause
