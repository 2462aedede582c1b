// Decoders: (B, inputs) -> normalised blocks (B, channels, height, width).
#pragma once

#include <torch/nn.h>

#include <memory>
#include <string>

#include "polycause/blocks.h"

namespace polycause {

class Decoder : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& u) = 0;
};

/// Transposed convolutions for pictures and for series, an LSTM beside the LSTM encoder.
std::shared_ptr<Decoder> make_decoder(const BlockShape& shape, const std::string& network,
                                      std::int64_t inputs);

}  // namespace polycause
