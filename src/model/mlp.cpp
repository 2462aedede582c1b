#include "model/mlp.h"

#include <cmath>

#include "model/kernels.h"

namespace polycause {
namespace {

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

void transpose_matrix(const float* in, int rows, int columns, float* out, int ld_out) {
  for (int c = 0; c < columns; ++c) {
    for (int r = 0; r < ld_out; ++r) out[c * ld_out + r] = r < rows ? in[r * columns + c] : 0.0f;
  }
}

}  // namespace

Mlp::Mlp(int inputs, int hidden, int outputs, std::size_t offset)
    : inputs_(inputs),
      true_hidden_(hidden),
      true_outputs_(outputs),
      hidden_(padded(hidden)),
      outputs_(padded(outputs)),
      offset_(offset) {}

std::size_t Mlp::b1() const { return offset_ + area(inputs_, hidden_); }
std::size_t Mlp::w2() const { return b1() + static_cast<std::size_t>(hidden_); }
std::size_t Mlp::b2() const { return w2() + area(hidden_, hidden_); }
std::size_t Mlp::w3() const { return b2() + static_cast<std::size_t>(hidden_); }
std::size_t Mlp::b3() const { return w3() + area(hidden_, outputs_); }
std::size_t Mlp::size() const { return b3() + static_cast<std::size_t>(outputs_) - offset_; }
std::size_t Mlp::memory(int samples) const { return 2 * area(samples, hidden_); }
std::size_t Mlp::scratch(int samples) const { return 2 * area(samples, hidden_); }

std::size_t Mlp::transposed_size() const {
  return area(hidden_, padded(inputs_)) + area(hidden_, hidden_) + area(outputs_, hidden_);
}

void Mlp::initialise(float* theta, Random& random, double out_scale) const {
  const auto fill = [&](std::size_t at, int rows, int columns, int stride, double gain) {
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < columns; ++c) {
        theta[at + area(r, stride) + static_cast<std::size_t>(c)] =
            static_cast<float>(random.normal() * gain / std::sqrt(static_cast<double>(rows)));
      }
    }
  };
  for (std::size_t i = 0; i < size(); ++i) theta[offset_ + i] = 0.0f;
  const double gain = std::sqrt(2.0 / (1.0 + kLeak * kLeak));
  fill(offset_, inputs_, true_hidden_, hidden_, gain);
  fill(w2(), true_hidden_, true_hidden_, hidden_, gain);
  fill(w3(), true_hidden_, true_outputs_, outputs_, out_scale);
}

void Mlp::transpose(const float* theta, float* out) const {
  transpose_matrix(theta + offset_, inputs_, hidden_, out, padded(inputs_));
  out += area(hidden_, padded(inputs_));
  transpose_matrix(theta + w2(), hidden_, hidden_, out, hidden_);
  out += area(hidden_, hidden_);
  transpose_matrix(theta + w3(), hidden_, outputs_, out, hidden_);
}

void Mlp::forward(const float* theta, int samples, const float* x, int x_row, int x_col,
                  float* memory, float* out) const {
  const Kernels& kernel = kernels();
  float* h1 = memory;                           // (samples, hidden)
  float* h2 = memory + area(samples, hidden_);  // (samples, hidden)
  kernel.gemm(samples, inputs_, hidden_, x, x_row, x_col, theta + offset_, hidden_, h1, hidden_,
              false, theta + b1());
  kernel.leaky_relu(h1, area(samples, hidden_));
  kernel.gemm(samples, hidden_, hidden_, h1, hidden_, 1, theta + w2(), hidden_, h2, hidden_, false,
              theta + b2());
  kernel.leaky_relu(h2, area(samples, hidden_));
  kernel.gemm(samples, hidden_, outputs_, h2, hidden_, 1, theta + w3(), outputs_, out, outputs_,
              false, theta + b3());
}

void Mlp::backward(const float* transposed, int samples, const float* x, int x_row, int x_col,
                   const float* memory, const float* g_out, float* scratch, float* g_theta,
                   float* g_x) const {
  const Kernels& kernel = kernels();
  const float* w1_t = transposed;                             // (hidden, padded inputs)
  const float* w2_t = w1_t + area(hidden_, padded(inputs_));  // (hidden, hidden)
  const float* w3_t = w2_t + area(hidden_, hidden_);          // (outputs, hidden)
  const float* h1 = memory;
  const float* h2 = memory + area(samples, hidden_);
  float* g2 = scratch;
  float* g1 = scratch + area(samples, hidden_);
  kernel.gemm(samples, outputs_, hidden_, g_out, outputs_, 1, w3_t, hidden_, g2, hidden_, false,
              nullptr);
  kernel.leaky_relu_backward(h2, g2, area(samples, hidden_));
  kernel.gemm(samples, hidden_, hidden_, g2, hidden_, 1, w2_t, hidden_, g1, hidden_, false,
              nullptr);
  kernel.leaky_relu_backward(h1, g1, area(samples, hidden_));
  if (g_theta != nullptr) {
    kernel.gemm(hidden_, samples, outputs_, h2, 1, hidden_, g_out, outputs_, g_theta + w3(),
                outputs_, true, nullptr);
    kernel.add_column_sums(g_out, samples, outputs_, g_theta + b3());
    kernel.gemm(hidden_, samples, hidden_, h1, 1, hidden_, g2, hidden_, g_theta + w2(), hidden_,
                true, nullptr);
    kernel.add_column_sums(g2, samples, hidden_, g_theta + b2());
    kernel.gemm(inputs_, samples, hidden_, x, x_col, x_row, g1, hidden_, g_theta + offset_, hidden_,
                true, nullptr);
    kernel.add_column_sums(g1, samples, hidden_, g_theta + b1());
  }
  if (g_x != nullptr) {
    kernel.gemm(samples, hidden_, padded(inputs_), g1, hidden_, 1, w1_t, padded(inputs_), g_x,
                padded(inputs_), false, nullptr);
  }
}

}  // namespace polycause
