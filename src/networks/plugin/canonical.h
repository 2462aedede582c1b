// Canonical directions of one modality's features against what the others hold: where the trained
// networks begin.
#pragma once

#include <torch/types.h>

namespace polycause {

inline constexpr std::int64_t kCanonicalFolds = 5;

struct Canonical {
  torch::Tensor directions;  // (p, k), each with variance 1
  double least = 0;          // held-out correlation of the weakest; 0 where y holds fewer than k
};

/// x (n, p), features that matter most first, y (n, q), standardised: the k directions of x that y
/// says most about (canonical correlation, number of features and ridge chosen by
/// cross-validation over `folds` (n,) of 0 ... kCanonicalFolds - 1, two of them or more, the fewest
/// features that are nearly best).
Canonical canonical_directions(const torch::Tensor& x, const torch::Tensor& y, std::int64_t k,
                               const torch::Tensor& folds);

}  // namespace polycause
