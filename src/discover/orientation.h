// From a skeleton to a graph with directions: colliders, then Meek's rules.
#pragma once

#include <set>
#include <tuple>
#include <vector>

#include "discover/constraints.h"
#include "discover/independence.h"
#include "discover/skeleton.h"
#include "polycause/observer.h"

namespace polycause {

/// An unshielded triple x - y - z, x < z.
using Triple = std::tuple<std::size_t, std::size_t, std::size_t>;

/// What was decided about the unshielded triples of a skeleton.
struct Colliders {
  std::vector<Triple> colliders;
  std::set<Triple> ambiguous;  ///< no rule may rely on these being non-colliders
};

/// How the subsets of adj(x) and of adj(z) decide on x - y - z.
enum class ColliderRule {
  kMajority,  ///< a collider when y is in fewer than half of those that separate; ambiguous at half
  kDefinite,  ///< a collider when y is in none, a non-collider when in all; else ambiguous
  kMaxP       ///< a collider when y is not in the one with the largest p
};

struct ColliderOptions {
  double alpha = 0.01;
  std::int64_t max_depth = -1;
  std::size_t threads = 1;
  ColliderRule rule = ColliderRule::kMajority;
  /// When no subset of the neighbours separates x and z, the set that separated them decides.
  bool fall_back = false;
};

/// A triple that no set separates is ambiguous (but not by kMaxP).
Colliders find_colliders(const Skeleton& skeleton, const IndependenceTest& test,
                         const Constraints& constraints, const ColliderOptions& options,
                         std::size_t* tests, Observer* observer);

/// Directs the skeleton: knowledge, colliders, then Meek's rules R1-R4 in rounds. Claims that
/// contradict each other, or that together close a directed cycle, become conflicts (two arrows),
/// so the outcome does not depend on any order and never holds a directed cycle.
MarkMatrix orient(const Skeleton& skeleton, const Colliders& colliders,
                  const Constraints& constraints);

/// The rounds of R1-R4 alone, on a graph that is directed in part.
void apply_meek(MarkMatrix& graph, const std::set<Triple>& ambiguous,
                const Constraints& constraints);

}  // namespace polycause
