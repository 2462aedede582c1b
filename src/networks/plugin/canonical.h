// Canonical directions of one modality's features against what the others hold: where the trained
// networks begin.
#pragma once

#include <torch/types.h>

namespace polycause {

/// x (n, p), features that matter most first, y (n, q), standardised -> (p, k): the k directions of
/// x that y says most about (canonical correlation, number of features and ridge chosen by
/// cross-validation), each with variance 1.
torch::Tensor canonical_directions(const torch::Tensor& x, const torch::Tensor& y, std::int64_t k);

}  // namespace polycause
