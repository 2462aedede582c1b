// Fast causal inference: graphs with circle marks where hidden common causes may be at work.
#pragma once

#include <functional>

#include "discover/engines.h"
#include "discover/orientation.h"

namespace polycause {

/// Circles, what knowledge says, and the arrowheads of the colliders.
MarkMatrix circles_and_colliders(const Skeleton& skeleton, const Colliders& colliders,
                                 const Constraints& constraints);

/// Asked before a discriminating path (all its nodes, the last is the one that the path is for) is
/// used, with the set that separates its ends; false ends the rules.
using PathCheck = std::function<bool(const NodeSet& path, const NodeSet& set)>;

/// Zhang's (2008) rules R1-R4 and R8-R10 on a graph of circles and arrowheads, to a fixed point. No
/// selection bias is assumed (hence no R5-R7). Tails inside a directed cycle become circles again.
/// False when `check` (may be empty) ended them.
bool apply_zhang(MarkMatrix& graph, const Skeleton& skeleton, const std::set<Triple>& ambiguous,
                 const PathCheck& check = {});

}  // namespace polycause
