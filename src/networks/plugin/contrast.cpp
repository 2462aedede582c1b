#include "networks/plugin/contrast.h"

#include <torch/torch.h>

namespace polycause {
namespace {

constexpr int kWidth = 64;
constexpr int kEmbedding = 32;
constexpr double kFirstScale = 2.3;  // log 10

torch::nn::Sequential perceptron(std::int64_t inputs) {
  namespace nn = torch::nn;
  const auto leaky = [] { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.1)); };
  return nn::Sequential(nn::Linear(inputs, kWidth), leaky(), nn::Linear(kWidth, kWidth), leaky(),
                        nn::Linear(kWidth, kEmbedding));
}

}  // namespace

Critic::Critic(std::int64_t latents, std::int64_t rest) {
  own_ = register_module("own", perceptron(latents));
  other_ = register_module("other", perceptron(rest));
  log_scale_ = register_parameter("log_scale", torch::zeros({1}));
}

torch::Tensor Critic::loss(const torch::Tensor& u, const torch::Tensor& rest) {
  namespace f = torch::nn::functional;
  const auto unit = f::NormalizeFuncOptions().dim(1);
  const torch::Tensor a = f::normalize(own_->forward(u), unit);       // (B, kEmbedding)
  const torch::Tensor b = f::normalize(other_->forward(rest), unit);  // (B, kEmbedding)
  const torch::Tensor scale = (log_scale_ + kFirstScale).clamp_max(4.6).exp();
  const torch::Tensor scores = a.mm(b.t()) * scale;  // (B, B)
  const torch::Tensor own = torch::arange(u.size(0));
  return 0.5 * (f::cross_entropy(scores, own) + f::cross_entropy(scores.t(), own));
}

}  // namespace polycause
