// Edges that held-out participants do not need.
#pragma once

#include <vector>

#include "methods/staged.h"

namespace polycause {

/// Backward elimination on frozen latents: of `candidate.edges` those stay that cost more than
/// `threshold` nat when they are left out.
std::vector<bool> prune(const Candidate& candidate, const StagedProblem& problem, double threshold);

}  // namespace polycause
