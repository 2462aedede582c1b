// Grouped causal representation learning (Morioka & Hyvarinen 2024): encoders per modality, found
// by telling participants from mixtures of participants. The log-odds are
//   sum over pairs of modalities, i in one, j in the other, of w_ij phi(h_j, h_i), both directions,
//   + a term of every modality alone,
// with phi(x, y) = |s y - |s| psi(x)|, psi shared by all pairs, w <= 0: the weights are the graph.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "networks/plugin/end_to_end/network.h"

namespace polycause {
namespace {

using torch::Tensor;
namespace nn = torch::nn;

constexpr std::int64_t kCurve = 8;  // hidden units of psi
constexpr int kLayers = 2;

class Gcarl : public TrainedNetwork {
 public:
  Gcarl(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    make_codings([](std::int64_t k) { return k; }, false, kLayers);
    const std::int64_t d = latents();
    Tensor across = torch::zeros({d, d});
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = 0; j < d; ++j) {
        if (modality_of(i) != modality_of(j)) across[i][j] = 1;
      }
    }
    across_ = register_buffer("across", across);
    scale_ = register_buffer("scale", torch::ones({d}));
    mean_ = register_buffer("mean", torch::zeros({d}));
    weight_ = register_parameter("weight", torch::zeros({d, d}));
    slope_ = register_parameter("slope", torch::zeros({d, d}));
    curve_first_ = register_parameter("curve_first", torch::zeros({1, kCurve}));
    curve_bias_ = register_parameter("curve_bias", torch::zeros({kCurve}));
    curve_last_ = register_parameter("curve_last", torch::zeros({kCurve, 1}));
    curve_linear_ = register_parameter("curve_linear", torch::zeros({1}));
    bias_ = register_parameter("bias", torch::zeros({1}));
    for (std::size_t m = 0; m < codings_.size(); ++m)
      alone_.push_back(register_module("alone" + std::to_string(m), dense(d_z(m), 32, 1, 1)));
  }

  bool complete_only() const override { return true; }

  void begin(const std::vector<EndToEndInput>&, const std::vector<std::uint32_t>&,
             const EndToEndOptions&, at::Generator& generator) override {
    const torch::NoGradGuard no_gradient;
    weight_.fill_(-0.1);
    slope_.uniform_(-0.3, 0.3, generator);
    curve_first_.uniform_(-1, 1, generator);
    curve_last_.zero_();
    curve_linear_.fill_(1);
  }

  Tensor loss_of(const Sample& sample, const TrainingStage& progress,
                 at::Generator& generator) override {
    const Tensor h = standard(encoded(sample), progress.training);
    const std::size_t groups = codings_.size();
    // One modality stays, the others come from other participants, each from its own.
    const std::int64_t stays =
        torch::randint(static_cast<std::int64_t>(groups), {1}, generator).item<std::int64_t>();
    std::vector<Tensor> mixed;
    for (std::size_t m = 0; m < groups; ++m) {
      const Tensor own = h.narrow(1, first_latent(m), d_z(m));
      mixed.push_back(static_cast<std::int64_t>(m) == stays
                          ? own
                          : own.index_select(0, torch::randperm(h.size(0), generator)));
    }
    const Tensor truth = log_odds(h);
    const Tensor mixture = log_odds(torch::cat(mixed, 1));
    const Tensor logistic =
        0.5 * (-torch::log_sigmoid(truth) - torch::log_sigmoid(-mixture)).mean();
    return logistic + kApart * repetition(h);
  }

  void constrain() override {
    const torch::NoGradGuard no_gradient;
    weight_.clamp_max_(0);
  }

  void finish(const std::vector<EndToEndInput>&, const std::vector<std::uint32_t>&,
              const EndToEndOptions&) override {
    const torch::NoGradGuard no_gradient;
    const Tensor strength = (weight_ * slope_).abs() * across_;
    const auto largest = std::max(1e-12, strength.max().item<double>());
    const std::int64_t d = latents();
    edges_.clear();
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = 0; j < d; ++j) {
        const double own = strength[i][j].item<double>() / largest;
        const double turned = strength[j][i].item<double>() / largest;
        weights_[static_cast<std::size_t>(i * d + j)] = own;
        // The weights say a graph up to its transpose; an order that is given says the direction.
        if (modality_of(j) < modality_of(i) && std::max(own, turned) >= kEdge) {
          edges_.push_back(
              {static_cast<int>(j), static_cast<int>(i), std::max(own, turned), options_.ordered});
        }
      }
    }
  }

 protected:
  Parts parts_of(const Sample& sample) override {
    return {standard(encoded(sample), false), torch::zeros({sample.size(), 0}), {}};
  }

  /// Parents speak by psi, each with its weight.
  Tensor expected_latent(int latent, const Tensor& z) override {
    const Tensor said = curve(z);  // (n, D)
    Tensor sum = torch::zeros({z.size(0)});
    double total = 0;
    for (const EndToEndEdge& edge : edges_) {
      if (edge.target != latent) continue;
      const double sign = slope_[latent][edge.source].item<float>() < 0 ? -1 : 1;
      sum = sum + edge.strength * sign * said.select(1, edge.source);
      total += edge.strength;
    }
    return total > 0 ? sum / total : sum;
  }

 private:
  static constexpr double kEdge = 0.25;   // of the strongest, that is reported
  static constexpr double kApart = 0.02;  // weight of `repetition`
  static constexpr double kRidge = 1e-4;
  static constexpr double kMomentum = 0.05;  // of the running moments

  Tensor encoded(const Sample& sample) {
    std::vector<Tensor> all;
    for (std::size_t m = 0; m < codings_.size(); ++m)
      all.push_back(codings_[m]->encode(sample.x[m], sample.mask[m]));
    return torch::cat(all, 1);  // (B, D)
  }

  /// Batch normalisation without a map of its own.
  Tensor standard(const Tensor& h, bool training) {
    if (!training) return (h - mean_) * scale_;
    const Tensor mean = h.mean(0);
    const Tensor scale = (h - mean).square().mean(0).clamp_min(1e-8).rsqrt();
    const torch::NoGradGuard no_gradient;
    mean_.lerp_(mean.detach(), kMomentum);
    scale_.lerp_(scale.detach(), kMomentum);
    const torch::AutoGradMode gradient(true);
    return (h - mean) * scale;
  }

  /// - log det of the correlations within each modality: 0 for uncorrelated components. Without it
  /// all of them may settle on the latent with the strongest link.
  Tensor repetition(const Tensor& h) const {
    Tensor total = torch::zeros({});
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      if (d_z(m) < 2) continue;
      const Tensor own = h.narrow(1, first_latent(m), d_z(m));
      const Tensor correlation = own.t().mm(own) / static_cast<double>(h.size(0));
      total = total - torch::logdet(correlation + kRidge * torch::eye(d_z(m)));
    }
    return total;
  }

  Tensor curve(const Tensor& h) const {
    const Tensor bent =
        torch::tanh(h.unsqueeze(-1) * curve_first_.view({1, 1, kCurve}) + curve_bias_);
    return bent.matmul(curve_last_).squeeze(-1) + curve_linear_ * h;  // (B, D)
  }

  Tensor log_odds(const Tensor& h) {
    const Tensor distance = (h.unsqueeze(2) * slope_ - curve(h).unsqueeze(1) * slope_.abs()).abs();
    Tensor total = (distance * (weight_ * across_)).sum({1, 2}) + bias_;
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      nn::Sequential alone = alone_[m];
      total = total + alone->forward(h.narrow(1, first_latent(m), d_z(m))).squeeze(1);
    }
    return total;
  }

  Tensor across_;
  Tensor mean_;
  Tensor scale_;
  Tensor weight_;  // (D, D) row = effect, <= 0
  Tensor slope_;   // (D, D)
  Tensor curve_first_;
  Tensor curve_bias_;
  Tensor curve_last_;
  Tensor curve_linear_;
  Tensor bias_;
  std::vector<nn::Sequential> alone_;
};

}  // namespace

std::unique_ptr<TrainedNetwork> make_gcarl(const std::vector<EndToEndInput>& inputs,
                                           const EndToEndOptions& options) {
  return std::make_unique<Gcarl>(inputs, options);
}

}  // namespace polycause
