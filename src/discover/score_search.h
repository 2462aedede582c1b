// Searches for the directed graph with the best score.
#pragma once

#include <functional>

#include "discover/dag.h"
#include "discover/score.h"

namespace polycause {

/// Best order score search. `poll` is called now and then and may
/// throw to end the search. The graph keeps to the constraints.
Parents boss(Score& score, const Constraints& constraints, const std::function<void()>& poll);

/// Greedy equivalence search (Chickering 2002): edges are inserted, then deleted, class by class,
/// while the score rises. `start` is the class to begin with.
MarkMatrix ges(Score& score, const Constraints& constraints, MarkMatrix start, bool forward,
               const std::function<void()>& poll);

}  // namespace polycause
