#include <algorithm>
#include <unordered_map>

#include "discover/orientation.h"

namespace polycause {
namespace {

// The separating subsets of adj(x) and adj(z), each counted once.
struct Votes {
  std::size_t sets = 0;
  std::unordered_map<std::size_t, std::size_t> with;  // node -> separating sets that hold it
  Weakest weakest;
};

NodeSet neighbours(const Skeleton& skeleton, std::size_t node) {
  NodeSet found;
  for (std::size_t i = 0; i < skeleton.size(); ++i) {
    if (skeleton.adjacent(node, i)) found.push_back(i);
  }
  return found;
}

Votes vote(IndependenceTest& test, const Constraints& constraints, const ColliderOptions& options,
           std::size_t x, std::size_t z, const NodeSet& adjacent_x, const NodeSet& adjacent_z) {
  Votes votes;
  NodeSet first;
  for (const bool second : {false, true}) {
    NodeSet candidates;
    for (const std::size_t node : second ? adjacent_z : adjacent_x) {
      if (constraints.may_cause(node, second ? z : x)) candidates.push_back(node);
    }
    if (!second) first = candidates;
    std::size_t largest = candidates.size();
    if (options.max_depth >= 0) {
      largest = std::min(largest, static_cast<std::size_t>(options.max_depth));
    }
    for (std::size_t depth = 0; depth <= largest; ++depth) {
      const Weakest weakest =
          test.scan(x, z, candidates, depth, options.alpha, [&](const NodeSet& set, double) {
            // Subsets common to both sides were counted on the first.
            if (second && std::includes(first.begin(), first.end(), set.begin(), set.end())) {
              return true;
            }
            ++votes.sets;
            for (const std::size_t node : set) ++votes.with[node];
            return true;
          });
      if (weaker(weakest.result, votes.weakest.result)) votes.weakest = weakest;
    }
  }
  return votes;
}

enum class Verdict { kCollider, kNonCollider, kAmbiguous };

Verdict judge(const Votes& votes, std::size_t y, ColliderRule rule) {
  const auto found = votes.with.find(y);
  const std::size_t with = found == votes.with.end() ? 0 : found->second;
  const auto decide = [](bool collider) {
    return collider ? Verdict::kCollider : Verdict::kNonCollider;
  };
  switch (rule) {
    case ColliderRule::kMajority:
      return 2 * with == votes.sets ? Verdict::kAmbiguous : decide(2 * with < votes.sets);
    case ColliderRule::kDefinite:
      if (votes.sets == 0 || (with > 0 && with < votes.sets)) return Verdict::kAmbiguous;
      return decide(with == 0);
    case ColliderRule::kMaxP: {
      const NodeSet& set = votes.weakest.set;
      return decide(!std::binary_search(set.begin(), set.end(), y));
    }
  }
  return Verdict::kAmbiguous;
}

}  // namespace

Colliders find_colliders(const Skeleton& skeleton, const IndependenceTest& test,
                         const Constraints& constraints, const ColliderOptions& options,
                         std::size_t* tests, Observer* observer) {
  const std::size_t size = skeleton.size();
  std::vector<NodeSet> adjacent(size);
  for (std::size_t i = 0; i < size; ++i) adjacent[i] = neighbours(skeleton, i);
  struct Pair {
    std::size_t x;
    std::size_t z;
    NodeSet middles;
    Votes votes;
  };
  std::vector<Pair> pairs;
  for (std::size_t x = 0; x < size; ++x) {
    std::vector<std::size_t> reached;
    for (const std::size_t y : adjacent[x]) {
      for (const std::size_t z : adjacent[y]) {
        if (z > x && !skeleton.adjacent(x, z)) reached.push_back(z);
      }
    }
    std::sort(reached.begin(), reached.end());
    reached.erase(std::unique(reached.begin(), reached.end()), reached.end());
    for (const std::size_t z : reached) {
      NodeSet middles;
      std::set_intersection(adjacent[x].begin(), adjacent[x].end(), adjacent[z].begin(),
                            adjacent[z].end(), std::back_inserter(middles));
      pairs.push_back({x, z, std::move(middles), {}});
    }
  }
  *tests += for_each_with_test(
      test, pairs.size(), options.threads, observer, [&](IndependenceTest& own, std::size_t i) {
        Pair& pair = pairs[i];
        pair.votes =
            vote(own, constraints, options, pair.x, pair.z, adjacent[pair.x], adjacent[pair.z]);
      });
  Colliders result;
  for (Pair& pair : pairs) {
    if (!options.fall_back || pair.votes.sets > 0) continue;
    pair.votes.sets = 1;
    for (const std::size_t node : skeleton.pair(pair.x, pair.z).weakest.set)
      pair.votes.with[node] = 1;
  }
  for (const Pair& pair : pairs) {
    for (const std::size_t y : pair.middles) {
      const Verdict verdict = judge(pair.votes, y, options.rule);
      if (verdict == Verdict::kCollider) result.colliders.emplace_back(pair.x, y, pair.z);
      if (verdict == Verdict::kAmbiguous) result.ambiguous.emplace(pair.x, y, pair.z);
    }
  }
  return result;
}

}  // namespace polycause
