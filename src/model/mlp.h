// A small multilayer perceptron inside a flat parameter vector: inputs - hidden - hidden - outputs,
// LeakyReLU(0.2). Widths are padded to kPad; padded units stay exactly zero.
#pragma once

#include <cstddef>

#include "base/random.h"

namespace polycause {

class Mlp {
 public:
  Mlp() = default;
  /// Parameters begin at `offset` of the vector.
  Mlp(int inputs, int hidden, int outputs, std::size_t offset);

  int inputs() const { return inputs_; }
  int hidden() const { return hidden_; }    ///< padded
  int outputs() const { return outputs_; }  ///< padded
  std::size_t offset() const { return offset_; }
  std::size_t size() const;                              ///< parameters
  std::size_t output_bias() const { return b3(); }       ///< offset of the last bias
  std::size_t input_weights() const { return offset_; }  ///< offset of W1 (inputs, hidden)
  /// Floats that forward keeps for `samples` rows, and that backward needs as scratch.
  std::size_t memory(int samples) const;
  std::size_t scratch(int samples) const;
  std::size_t transposed_size() const;

  /// Gaussian weights, gain sqrt(2/1.04) on hidden layers and `out_scale` on the last; biases 0.
  void initialise(float* theta, Random& random, double out_scale) const;

  /// Copies of the weights transposed, for backward. `out`: transposed_size() floats.
  void transpose(const float* theta, float* out) const;

  /// x(r, k) = x[r * x_row + k * x_col]; out (samples, outputs()) rows.
  void forward(const float* theta, int samples, const float* x, int x_row, int x_col, float* memory,
               float* out) const;

  /// g_out (samples, outputs()), zero in padded columns. Adds to g_theta (may be null: input
  /// gradient only). g_x (samples, padded(inputs)) rows or null.
  void backward(const float* transposed, int samples, const float* x, int x_row, int x_col,
                const float* memory, const float* g_out, float* scratch, float* g_theta,
                float* g_x) const;

 private:
  std::size_t b1() const;
  std::size_t w2() const;
  std::size_t b2() const;
  std::size_t w3() const;
  std::size_t b3() const;

  int inputs_ = 0;
  int true_hidden_ = 0;
  int true_outputs_ = 0;
  int hidden_ = 0;
  int outputs_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace polycause
