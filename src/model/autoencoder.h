// Autoencoder of one tabular modality: code = (x - mean) P + net(x, mask), and back; P starts at
// the principal axes, so that training begins at the best linear code. Missing cells enter as zero
// with their mask and leave the loss. The code is whitened at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "model/mlp.h"

namespace polycause {

/// Encoded cells of a modality, (n, width) row-major; `present` 1 or 0 per encoded cell, empty when
/// nothing is missing.
struct Cells {
  std::size_t participants = 0;
  int width = 0;
  std::vector<float> x;
  std::vector<std::uint8_t> present;
};

class Autoencoder {
 public:
  Autoencoder() = default;
  /// `masked`: the encoder also sees the mask (2 width inputs).
  Autoencoder(int width, bool masked, int code, int hidden);

  int code() const { return code_; }
  int width() const { return width_; }
  int hidden() const { return hidden_; }
  bool masked() const { return masked_; }

  /// Principal axes by subspace iteration over `rows`, small random networks. Returns how many of
  /// the code's axes the table has: beyond its rank there is only the rounding of its numbers.
  int initialise(const Cells& cells, const std::vector<std::uint32_t>& rows, Random& random);

  /// Mean squared error over the present cells of `rows`, gradient written (parameters().size()).
  double gradient(const Cells& cells, const std::uint32_t* rows, std::size_t count,
                  std::vector<float>& gradient) const;
  double loss(const Cells& cells, const std::vector<std::uint32_t>& rows) const;
  /// Sets the whitening so that the codes of `rows` have mean 0 and identity covariance.
  /// Throws NumericError when the code has collapsed (rank below its size).
  void whiten(const Cells& cells, const std::vector<std::uint32_t>& rows);

  /// (n, code) whitened; and from whitened codes back to (n, width).
  std::vector<float> encode(const Cells& cells) const;
  std::vector<float> decode(const std::vector<float>& code) const;

  std::vector<float>& parameters() { return theta_; }
  const std::vector<float>& parameters() const { return theta_; }
  const std::vector<double>& whitening() const { return whitening_; }
  void set_whitening(std::vector<double> whitening) { whitening_ = std::move(whitening); }

 private:
  int inputs() const { return masked_ ? 2 * width_ : width_; }
  void load(const Cells& cells, const std::uint32_t* rows, std::size_t count, float* in) const;
  void raw_codes(const Cells& cells, const std::uint32_t* rows, std::size_t count,
                 float* out) const;

  int width_ = 0;
  bool masked_ = false;
  int code_ = 0;
  int hidden_ = 0;
  Mlp encoder_;
  Mlp decoder_;
  std::size_t axes_ = 0;      // (inputs, padded code): linear part of the encoder, mask rows zero
  std::size_t loadings_ = 0;  // (code, padded width): linear part of the decoder
  std::vector<float> theta_;
  std::vector<double> whitening_;  // mean (code), then map (code, code): u = (raw - mean) map
};

}  // namespace polycause
