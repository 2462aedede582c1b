// What a modality shares with the others: a separable critic through the bottleneck, InfoNCE.
#pragma once

#include <torch/nn.h>

#include <cstdint>

namespace polycause {

/// Scores s(a, b) = exp(scale) <f(u_a), g(rest_b)> of normalised embeddings.
class Critic : public torch::nn::Module {
 public:
  Critic(std::int64_t latents, std::int64_t rest);
  /// u (B, latents), rest (B, rest) -> symmetrised cross entropy of recognising the own partner
  /// among B; log(B) minus it bounds the mutual information from below (van den Oord 2018).
  torch::Tensor loss(const torch::Tensor& u, const torch::Tensor& rest);

 private:
  torch::nn::Sequential own_{nullptr};
  torch::nn::Sequential other_{nullptr};
};

}  // namespace polycause
