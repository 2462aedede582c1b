// Square linear maps on a tile of samples in "lanes" layout (coordinate, sample).
#pragma once

#include <Eigen/Core>

namespace polycause {

inline constexpr int kTileSamples = 64;

using TileMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// (size, size) row-major floats as a matrix.
TileMatrix matrix_of(const float* from, int size);

/// log |det W| of a (size, size) map; when `gradient` is not null, subtracts from it `weight` times
/// the transposed inverse (a mean negative log-likelihood holds -weight log |det W|). Throws
/// NumericError when singular.
double log_determinant(const float* w, int size, float* gradient, double weight = 1);

/// x (width, T) becomes W' x, in place; `copy` (width, T) is scratch.
void apply_linear(const float* w, int width, float* x, float* copy);

/// `in` is what went into apply_linear; g (width, T), the gradient by what came out, becomes the
/// gradient by `in`; g_w (width, width) is added to.
void apply_linear_backward(const float* w, int width, const float* in, float* g, float* copy,
                           float* g_w);

}  // namespace polycause
