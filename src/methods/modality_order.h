// Which modality comes before which, when the study does not say: scored on frozen latents by
// additive regressions on held-out participants.
#pragma once

#include <cstddef>
#include <vector>

#include "methods/staged.h"

namespace polycause {

struct OrderScore {
  std::vector<std::size_t> rank;  ///< place of every modality, causes first
  double nll = 0;                 ///< held out, of all latents given those of earlier modalities
};

/// The order of least held-out NLL: all orders up to five modalities, else insertion moves from
/// `rank`.
OrderScore best_order(const std::vector<float>& z, const LatentLayout& layout, const Split& split,
                      const std::vector<std::size_t>& rank, const Conditions& conditions = {});

/// The same score of one order.
double order_nll(const std::vector<float>& z, const LatentLayout& layout, const Split& split,
                 const std::vector<std::size_t>& rank, const Conditions& conditions = {});

/// Per pair with an edge: how much worse held-out participants are predicted when all edges between
/// its two modalities are turned round, in standard errors of the difference; NaN for pairs without
/// an edge, +infinity where turning closes a cycle. `groups` (n,): rows of one are not independent;
/// empty: all are.
std::vector<double> orientation_margins(const Candidate& candidate, const Split& split,
                                        const Conditions& conditions = {},
                                        const std::vector<std::size_t>& groups = {});

}  // namespace polycause
