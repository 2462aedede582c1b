// Orientation as other programs do it, in the order of the columns: for comparison with their
// results. Unlike orient(), two of these settle contradictions by order, and pcalg's may leave
// directed cycles to be undone.
#pragma once

#include "discover/orientation.h"

namespace polycause {

/// causal-learn's rules: `uc_rule` 0 (separating sets), 1 (largest p) or 2 (definite); `priority` 0
/// overwrite, 1 two arrows, 2 first come, 3 and 4 by p, -1 the program's default. Needs a skeleton
/// found with SkeletonOptions::exhaustive.
MarkMatrix orient_causal_learn(const Skeleton& skeleton, IndependenceTest& test, double alpha,
                               int uc_rule, int priority);

/// pcalg's udag2pdagRelaxed; the last collider wins, or with `solve_conflicts` two arrows.
MarkMatrix orient_pcalg(const Skeleton& skeleton, const Colliders& colliders, bool solve_conflicts);

/// Colliders by the separating sets that the skeleton kept.
Colliders separating_set_colliders(const Skeleton& skeleton);

}  // namespace polycause
