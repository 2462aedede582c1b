// The graph that a fit reports, with what the other restarts say of its edges.
#pragma once

#include <string>
#include <vector>

#include "methods/staged.h"
#include "polycause/graph.h"

namespace polycause {

/// Edges of `reported` after pruning; strength = P(gate open). `names` (D,) of the latents,
/// `modalities` (M,). `others`: the solutions of the other restarts, matched latent by latent:
/// stability = the share of them that join a pair, in whatever direction (undefined without any).
/// Where the order of the modalities was not given, a direction is stated only if turning it is
/// worse by three standard errors, here and in every other restart that joins the pair.
Graph learned_graph(const Candidate& reported, const std::vector<const Candidate*>& others,
                    const std::vector<std::string>& names,
                    const std::vector<std::string>& modalities);

}  // namespace polycause
