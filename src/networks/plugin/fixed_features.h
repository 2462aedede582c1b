// What is measured in a block without learning: its principal components and, of series, normal
// scores of simple statistics per channel, since canonical correlation is linear and rates,
// extremes and powers are not. With few participants a linear map of these finds more than a
// trained network. Pictures have components only: statistics are curved functions of strong
// latents, and canonical correlation would take those for latents of their own.
#pragma once

#include <torch/types.h>

#include "polycause/blocks.h"

namespace polycause {

class FixedFeatures {
 public:
  explicit FixedFeatures(const BlockShape& shape);
  std::int64_t count() const;

  /// Axes from normalised blocks x (n, C, H, W); scales from all their features.
  void fit(const torch::Tensor& x);
  /// x (B, C, H, W) normalised, zeros where missing -> (B, count), standardised.
  torch::Tensor of(const torch::Tensor& x) const;

  /// Everything that was fitted, in a fixed order.
  std::vector<torch::Tensor> tensors() const;

 private:
  torch::Tensor measured(const torch::Tensor& x) const;

  std::int64_t channels_;
  bool series_;
  torch::Tensor axes_;   // (C H W, kAxes), zero columns where there are fewer components
  torch::Tensor mean_;   // (count,)
  torch::Tensor scale_;  // (count,) 1 / sd, 0 for what does not vary
  torch::Tensor knots_;  // (statistics, knots) values at evenly spaced normal scores, of series
};

}  // namespace polycause
