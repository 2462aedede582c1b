// How far two solutions agree: latents matched within their modality.
#pragma once

#include <cstddef>
#include <vector>

namespace polycause {

/// Two solutions whose mean agreement is lower are called distinct.
inline constexpr double kDistinct = 0.96;

/// Per-latent matched |Spearman| of two sets of latents (n, D), modality by modality,
/// over participants who have both; 0 for a latent without spread. `partner` (optional) receives
/// for every latent of `a` the index of its counterpart in `b`.
std::vector<double> matched_agreement(const std::vector<float>& a, const std::vector<float>& b,
                                      const std::vector<int>& latents,
                                      std::vector<std::size_t>* partner = nullptr);

}  // namespace polycause
