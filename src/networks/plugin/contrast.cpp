#include "networks/plugin/contrast.h"

#include <torch/torch.h>

namespace polycause {
namespace {

using torch::Tensor;

constexpr int kWidth = 64;
constexpr int kEmbedding = 32;
constexpr double kFirstScale = 2.3;  // log 10
constexpr double kLargestScale = 4.6;

torch::nn::Sequential perceptron(std::int64_t inputs, std::int64_t outputs) {
  namespace nn = torch::nn;
  const auto leaky = [] { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.1)); };
  return nn::Sequential(nn::Linear(inputs, kWidth), leaky(), nn::Linear(kWidth, kWidth), leaky(),
                        nn::Linear(kWidth, outputs));
}

}  // namespace

Critic::Critic(std::int64_t latents, std::int64_t rest) : single_(latents == 1) {
  own_ = register_module("own", perceptron(latents, single_ ? 1 : kEmbedding));
  other_ = register_module("other", perceptron(rest, single_ ? 2 : kEmbedding));
  log_scale_ = register_parameter("log_scale", torch::zeros({1}));
}

Tensor Critic::scores(const Tensor& u, const Tensor& rest) {
  const Tensor b = other_->forward(rest);
  if (single_) return u.mm(b.slice(1, 0, 1).t()) + own_->forward(u) + b.slice(1, 1, 2).t();
  namespace f = torch::nn::functional;
  const auto unit = f::NormalizeFuncOptions().dim(1);
  const Tensor a = f::normalize(own_->forward(u), unit);  // (B, kEmbedding)
  const Tensor scale = (log_scale_ + kFirstScale).clamp_max(kLargestScale).exp();
  return a.mm(f::normalize(b, unit).t()) * scale;
}

Tensor Critic::loss(const Tensor& u, const Tensor& rest) {
  namespace f = torch::nn::functional;
  const Tensor all = scores(u, rest);  // (B, B)
  const Tensor own = torch::arange(u.size(0));
  return 0.5 * (f::cross_entropy(all, own) + f::cross_entropy(all.t(), own));
}

}  // namespace polycause
