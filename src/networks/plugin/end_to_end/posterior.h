// A Gaussian posterior with full covariance. A factorised one pays for every angle between its axes
// and those of the decoder, whatever the noise: it would turn the latents by how they are decoded
// rather than by how they depend on each other.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace polycause {

struct CodePosterior {
  torch::Tensor mean;   ///< (B, k)
  torch::Tensor lower;  ///< (B, k, k) Cholesky factor of the covariance

  torch::Tensor sample(at::Generator& generator) const;  ///< (B, k)
  torch::Tensor variance() const;                        ///< (B, k), the diagonal
  torch::Tensor entropy() const;                         ///< (B,), nat
};

/// Numbers per participant that say a posterior of k codes.
inline std::int64_t posterior_size(std::int64_t k) { return k + k * (k + 1) / 2; }

/// raw (B, posterior_size(k)) unconstrained.
CodePosterior posterior_from(const torch::Tensor& raw, std::int64_t k);

}  // namespace polycause
