// Fast causal inference: graphs with circle marks where hidden common causes may be at work.
#pragma once

#include "discover/engines.h"
#include "discover/orientation.h"

namespace polycause {

/// Zhang's (2008) rules R1-R4 and R8-R10 on a graph of circles and arrowheads, to a fixed point. No
/// selection bias is assumed (hence no R5-R7). Tails inside a directed cycle become circles again.
void apply_zhang(MarkMatrix& graph, const Skeleton& skeleton, const std::set<Triple>& ambiguous);

}  // namespace polycause
