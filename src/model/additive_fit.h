// Scores of a latent given a set of parents on frozen latents: additive regression on the kBasis
// fixed functions with noise of kMixture Gaussians, fitted by expectation-maximisation.
// Deterministic and fast (n k^2 for k basis columns), so that whole graphs can be searched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "model/density_shape.h"

namespace polycause {

class AdditiveScores {
 public:
  /// z (n, D) row-major; at most `most` rows of each part are used, spread over it. The conditions
  /// (n, C) are parents of every latent, beside those that are asked for.
  AdditiveScores(const std::vector<float>& z, std::size_t latents,
                 const std::vector<std::uint32_t>& train,
                 const std::vector<std::uint32_t>& validation, std::size_t most = 20000,
                 const Conditions& conditions = {});

  /// Held-out negative log-likelihood of `target` given `parents` (any order), nat per participant.
  double validation_nll(std::size_t target, std::vector<std::size_t> parents);
  /// Held-out mean of (graph b - graph a), parents per latent, and its standard error. `groups`
  /// (n,): rows of one are not independent; empty: all are.
  std::pair<double, double> difference(const std::vector<std::vector<std::size_t>>& a,
                                       const std::vector<std::vector<std::size_t>>& b,
                                       const std::vector<std::size_t>& groups = {});
  std::size_t latents() const { return latents_; }

 private:
  struct Score {
    double mean = 0;
    std::vector<float> each;  // (validation,)
  };
  const Score& score(std::size_t target, std::vector<std::size_t>& parents);

  void add_column(const std::vector<float>& values, std::size_t stride, std::size_t at,
                  const std::vector<std::uint32_t>& rows, std::size_t j);

  std::size_t latents_;
  std::size_t columns_;                  // latents, then conditions
  std::vector<std::uint32_t> held_out_;  // (validation,) rows
  std::size_t train_ = 0;
  std::vector<double> basis_;  // (train + validation, columns * kBasis), centred by training means
  std::vector<double> z_;      // (train + validation, columns), standardised
  std::map<std::pair<std::size_t, std::vector<std::size_t>>, Score> cache_;
};

}  // namespace polycause
