// Encoders: normalised blocks (B, channels, height, width) -> features (B, kFeatures).
#pragma once

#include <torch/nn.h>

#include <memory>
#include <string>

#include "polycause/blocks.h"

namespace polycause {

constexpr int kFeatures = 64;

class Encoder : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
};

/// `network` resolved (not "auto"); `channels` counts the mask's channel of a series with gaps.
/// "where" and "what" are the streams of a picture. Throws std::invalid_argument for a network that
/// does not suit the shape.
std::shared_ptr<Encoder> make_encoder(const BlockShape& shape, std::int64_t channels,
                                      const std::string& network);

/// Weights from `generator`, in the order of registration: Kaiming uniform by fan-in, zero biases.
void initialise(torch::nn::Module& module, at::Generator& generator);

}  // namespace polycause
