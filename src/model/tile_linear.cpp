#include "model/tile_linear.h"

#include <Eigen/LU>
#include <cmath>
#include <cstring>

#include "model/kernels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr int kTile = kTileSamples;

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

}  // namespace

TileMatrix matrix_of(const float* from, int size) {
  TileMatrix m(size, size);
  for (int i = 0; i < size * size; ++i) m.data()[i] = static_cast<double>(from[i]);
  return m;
}

double log_determinant(const float* w, int size, float* gradient, double weight) {
  const Eigen::PartialPivLU<TileMatrix> lu(matrix_of(w, size));
  const double value = lu.matrixLU().diagonal().array().abs().log().sum();
  if (!std::isfinite(value)) {
    throw NumericError(
        "density: a linear map of a head became singular; lower train.learning_rate");
  }
  if (gradient != nullptr) {
    const TileMatrix inverse = lu.inverse();
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j)
        gradient[i * size + j] -= static_cast<float>(weight * inverse(j, i));
    }
  }
  return value;
}

void apply_linear(const float* w, int width, float* x, float* copy) {
  const Kernels& kernel = kernels();
  std::memcpy(copy, x, area(width, kTile) * sizeof(float));
  std::memset(x, 0, area(width, kTile) * sizeof(float));
  for (int j = 0; j < width; ++j) {
    for (int k = 0; k < width; ++k)
      kernel.axpy(w[k * width + j], copy + area(k, kTile), x + area(j, kTile), kTile);
  }
}

void apply_linear_backward(const float* w, int width, const float* in, float* g, float* copy,
                           float* g_w) {
  const Kernels& kernel = kernels();
  std::memcpy(copy, g, area(width, kTile) * sizeof(float));
  std::memset(g, 0, area(width, kTile) * sizeof(float));
  for (int k = 0; k < width; ++k) {
    for (int j = 0; j < width; ++j) {
      g_w[k * width + j] += kernel.dot(in + area(k, kTile), copy + area(j, kTile), kTile);
      kernel.axpy(w[k * width + j], copy + area(j, kTile), g + area(k, kTile), kTile);
    }
  }
}

}  // namespace polycause
