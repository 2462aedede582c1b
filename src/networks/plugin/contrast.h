// What a modality shares with the others: a separable critic through the bottleneck, InfoNCE.
#pragma once

#include <torch/nn.h>

#include <cstdint>

namespace polycause {

/// Scores a pair <a(u), b(rest)>. With one output a is u itself (and b holds its bias), so that u
/// stays in step with what the others say. With several a is a network: outputs gain nothing from
/// repeating each other's functions, as the second harmonic of a strong latent beside a weak one.
class Critic : public torch::nn::Module {
 public:
  Critic(std::int64_t latents, std::int64_t rest);
  /// u (B, latents), rest (B, rest) -> symmetrised cross entropy of recognising the own partner
  /// among B; log(B) minus it bounds the mutual information from below (van den Oord 2018).
  torch::Tensor loss(const torch::Tensor& u, const torch::Tensor& rest);

 private:
  torch::Tensor scores(const torch::Tensor& u, const torch::Tensor& rest);

  bool single_;
  torch::nn::Sequential own_{nullptr};
  torch::nn::Sequential other_{nullptr};
  torch::Tensor log_scale_;
};

}  // namespace polycause
