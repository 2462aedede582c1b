#include "networks/plugin/contrast.h"

#include <torch/torch.h>

namespace polycause {
namespace {

constexpr int kWidth = 64;

torch::nn::Sequential perceptron(std::int64_t inputs, std::int64_t outputs) {
  namespace nn = torch::nn;
  const auto leaky = [] { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.1)); };
  return nn::Sequential(nn::Linear(inputs, kWidth), leaky(), nn::Linear(kWidth, kWidth), leaky(),
                        nn::Linear(kWidth, outputs));
}

}  // namespace

Critic::Critic(std::int64_t latents, std::int64_t rest) {
  other_ = register_module("other", perceptron(rest, latents + 1));
  own_ = register_module("own", perceptron(latents, 1));
}

torch::Tensor Critic::loss(const torch::Tensor& u, const torch::Tensor& rest) {
  namespace f = torch::nn::functional;
  const std::int64_t k = u.size(1);
  const torch::Tensor g = other_->forward(rest);  // (B, k + 1)
  const torch::Tensor scores =
      u.mm(g.slice(1, 0, k).t()) + own_->forward(u) + g.slice(1, k, k + 1).t();  // (B, B)
  const torch::Tensor own = torch::arange(u.size(0));
  return 0.5 * (f::cross_entropy(scores, own) + f::cross_entropy(scores.t(), own));
}

}  // namespace polycause
