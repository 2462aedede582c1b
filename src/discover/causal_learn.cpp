#include <algorithm>
#include <cmath>
#include <map>

#include "discover/compatible.h"

namespace polycause {
namespace {

struct RankedCollider {
  Triple triple;
  double p = 0;
};

// Largest p of x and z over the subsets of adj(x) or adj(z) that hold y, or that do not.
struct Extremes {
  double with_y = 0;
  double without_y = 0;
  bool separated_with_y = false;
  bool separated_without_y = false;
};

class CausalLearn {
 public:
  CausalLearn(const Skeleton& skeleton, IndependenceTest& test, double alpha)
      : skeleton_(skeleton), test_(test), alpha_(alpha), graph_(skeleton.size()) {
    const std::size_t size = skeleton.size();
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        if (skeleton.adjacent(i, j)) graph_.set_edge(i, j, End::kTail, End::kTail);
      }
    }
    for (std::size_t i = 0; i < size; ++i) adjacent_.push_back(graph_.neighbours(i));
  }

  MarkMatrix run(int uc_rule, int priority) {
    if (priority < 0) priority = uc_rule == 2 ? 4 : 3;
    std::vector<RankedCollider> colliders = uc_rule == 0   ? by_separating_sets(priority)
                                            : uc_rule == 1 ? by_largest_p(priority)
                                                           : definite(priority);
    // Stable, so that equal p keep the order of the triples.
    if (priority == 3) {
      std::stable_sort(colliders.begin(), colliders.end(),
                       [](const auto& a, const auto& b) { return a.p < b.p; });
    } else if (priority == 4) {
      std::stable_sort(colliders.begin(), colliders.end(),
                       [](const auto& a, const auto& b) { return a.p > b.p; });
    }
    for (const RankedCollider& collider : colliders) apply(collider.triple, priority);
    meek(uc_rule == 2);
    return graph_;
  }

 private:
  std::vector<Triple> triples() const {
    std::vector<Triple> found;
    for (std::size_t y = 0; y < adjacent_.size(); ++y) {
      for (const std::size_t x : adjacent_[y]) {
        for (const std::size_t z : adjacent_[y]) {
          if (x < z && !skeleton_.adjacent(x, z)) found.emplace_back(x, y, z);
        }
      }
    }
    return found;
  }

  Extremes extremes(std::size_t x, std::size_t y, std::size_t z) {
    Extremes found;
    for (const std::size_t side : {x, z}) {
      for (std::size_t depth = 0; depth <= adjacent_[side].size(); ++depth) {
        for_each_subset(adjacent_[side], depth, [&](const NodeSet& set) {
          const double p = test_.p_value(x, z, set);
          const bool with = std::binary_search(set.begin(), set.end(), y);
          double& largest = with ? found.with_y : found.without_y;
          if (p > largest) largest = p;
          if (p > alpha_) (with ? found.separated_with_y : found.separated_without_y) = true;
          return true;
        });
      }
    }
    return found;
  }

  std::vector<RankedCollider> by_separating_sets(int priority) {
    std::vector<RankedCollider> found;
    for (const auto& [x, y, z] : triples()) {
      const NodeSet& set = skeleton_.pair(x, z).weakest.set;
      if (std::binary_search(set.begin(), set.end(), y)) continue;
      const double p = priority == 3   ? extremes(x, y, z).with_y
                       : priority == 4 ? extremes(x, y, z).without_y
                                       : 0;
      found.push_back({{x, y, z}, p});
    }
    return found;
  }

  std::vector<RankedCollider> by_largest_p(int priority) {
    std::vector<RankedCollider> found;
    for (const auto& [x, y, z] : triples()) {
      const Extremes e = extremes(x, y, z);
      if (e.without_y > e.with_y)
        found.push_back({{x, y, z}, priority == 4 ? e.without_y : e.with_y});
    }
    return found;
  }

  std::vector<RankedCollider> definite(int priority) {
    std::vector<RankedCollider> found;
    for (const auto& [x, y, z] : triples()) {
      const Extremes e = extremes(x, y, z);
      if (e.separated_with_y && e.separated_without_y) continue;
      if (e.separated_with_y || (!e.separated_without_y && e.without_y <= e.with_y)) {
        non_colliders_.insert({x, y, z});
      } else {
        found.push_back({{x, y, z}, priority == 4 ? e.without_y : e.with_y});
      }
    }
    return found;
  }

  void apply(const Triple& triple, int priority) {
    const auto [x, y, z] = triple;
    if (priority >= 2 && (graph_.directed(y, x) || graph_.directed(y, z))) return;
    for (const std::size_t from : {x, z}) {
      if (priority == 1 && graph_.directed(y, from)) {
        graph_.set_edge(from, y, End::kArrow, End::kArrow);
      } else if (priority != 1 || graph_.undirected(from, y)) {
        graph_.direct(from, y);
      }
    }
    definite_colliders_.insert(triple);
  }

  bool try_direct(std::size_t from, std::size_t to) {
    if (!graph_.undirected(from, to) || reaches(graph_, to, from)) return false;
    graph_.direct(from, to);
    return true;
  }

  bool apart_non_collider(std::size_t i, std::size_t j, std::size_t k, bool definite_only) const {
    return !skeleton_.adjacent(i, k) &&
           (!definite_only || non_colliders_.count(i < k ? Triple{i, j, k} : Triple{k, j, i}) > 0);
  }

  // Rules 1 to 3, each triple in turn, until a pass changes nothing.
  void meek(bool definite_only) {
    bool changed = true;
    while (changed) {
      changed = false;
      for (std::size_t j = 0; j < adjacent_.size(); ++j) {
        for (const std::size_t i : adjacent_[j]) {
          for (const std::size_t k : adjacent_[j]) {
            if (i != k && graph_.directed(i, j) && apart_non_collider(i, j, k, definite_only)) {
              changed = try_direct(j, k) || changed;
            }
          }
        }
      }
      for (std::size_t j = 0; j < adjacent_.size(); ++j) {
        for (const std::size_t i : adjacent_[j]) {
          for (const std::size_t k : adjacent_[j]) {
            if (i != k && graph_.directed(i, j) && graph_.directed(j, k) &&
                skeleton_.adjacent(i, k)) {
              changed = try_direct(i, k) || changed;
            }
          }
        }
      }
      changed = kites(definite_only) || changed;
    }
  }

  bool kites(bool definite_only) {
    bool changed = false;
    for (std::size_t i = 0; i < adjacent_.size(); ++i) {
      for (const std::size_t j : adjacent_[i]) {
        for (const std::size_t k : adjacent_[i]) {
          if (j >= k || skeleton_.adjacent(j, k)) continue;
          if (definite_only ? non_colliders_.count({j, i, k}) == 0
                            : !graph_.undirected(i, j) || !graph_.undirected(i, k)) {
            continue;
          }
          for (const std::size_t l : adjacent_[i]) {
            if (l == j || l == k) continue;
            const bool into = definite_only ? definite_colliders_.count({j, l, k}) > 0
                                            : graph_.directed(j, l) && graph_.directed(k, l);
            if (into) changed = try_direct(i, l) || changed;
          }
        }
      }
    }
    return changed;
  }

  const Skeleton& skeleton_;
  IndependenceTest& test_;
  double alpha_;
  MarkMatrix graph_;
  std::vector<NodeSet> adjacent_;
  std::set<Triple> non_colliders_;
  std::set<Triple> definite_colliders_;
};

}  // namespace

MarkMatrix orient_causal_learn(const Skeleton& skeleton, IndependenceTest& test, double alpha,
                               int uc_rule, int priority) {
  return CausalLearn(skeleton, test, alpha).run(uc_rule, priority);
}

}  // namespace polycause
