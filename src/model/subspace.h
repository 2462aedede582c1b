// Linear starts for the heads: what of a modality's code leaves a linear trace in the others (CCA),
// and rotations of it that make the cross-modality covariances sparse (Condition 4.3).
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "model/density.h"

namespace polycause {

/// Per modality an orthogonal (d, d) row-major map u -> u W whose columns are the
/// canonical directions against all other modalities' codes together, strongest first. `canonical`
/// (optional) receives the canonical correlations per modality, largest first.
std::vector<std::vector<double>> canonical_maps(
    const Codes& codes, const std::vector<std::uint32_t>& rows,
    std::vector<std::vector<double>>* canonical = nullptr);

/// Rotations R_m (d(z), d(z)) that minimise sum over pairs of modalities of sum |R_a' C_ab R_b|,
/// best of `starts` random ones, where C_ab is the covariance of the first d(z) coordinates under
/// `maps`.
std::vector<std::vector<double>> sparse_rotations(const Codes& codes,
                                                  const std::vector<int>& latents,
                                                  const std::vector<std::vector<double>>& maps,
                                                  const std::vector<std::uint32_t>& rows,
                                                  int starts, Random& random);

/// Random orthogonal matrix (k, k) row-major, Haar.
std::vector<double> random_rotation(int k, Random& random);

/// map (d, d) with its first k columns multiplied by rotation (k, k).
std::vector<double> rotate_first(const std::vector<double>& map, int d,
                                 const std::vector<double>& rotation, int k);

/// Mean (k) and whitening map (k, k) of columns [first, first + k) of z (n, stride) over `rows`.
void whitening(const std::vector<float>& z, std::size_t stride, std::size_t first, int k,
               const std::vector<std::uint32_t>& rows, std::vector<double>& mean,
               std::vector<double>& map);

}  // namespace polycause
