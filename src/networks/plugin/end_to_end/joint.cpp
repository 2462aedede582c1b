// The estimation of the MMCRL paper (Section 5, Eq. 6; docs/methods/joint.md): encoders, gated
// flows to the noise and decoders, trained together.
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "networks/plugin/batches.h"
#include "networks/plugin/end_to_end/flow.h"
#include "networks/plugin/end_to_end/gates.h"
#include "networks/plugin/end_to_end/network.h"
#include "networks/plugin/end_to_end/posterior.h"
#include "networks/plugin/end_to_end/training.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr std::int64_t kFlowWidth = 32;
constexpr int kStartEpochs = 30;  // of the fit to the codes of a warm start
constexpr double kStartRate = 3e-3;
constexpr double kStartDeviation = 0.1;
constexpr double kRamp = 0.3;  // share of the training until the sparsity has its weight
constexpr std::int64_t kQuantiles = 33;
const double kHalfLog2Pi = 0.5 * std::log(2 * M_PI);

class Joint : public TrainedNetwork {
 public:
  Joint(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    make_codings(posterior_size, true, 2);
    Tensor allowed = torch::zeros({latents(), latents()});
    for (std::int64_t target = 0; target < latents(); ++target) {
      for (std::int64_t source = 0; source < latents(); ++source) {
        if (modality_of(source) < modality_of(target)) allowed[target][source] = 1;
      }
    }
    gates_ = register_module("gates", std::make_shared<Gates>(allowed, options.threshold_gates));
    flow_ = register_module("flow", std::make_shared<ConditionalFlow>(latents(), latents(),
                                                                      kFlowWidth, options.spline));
  }

  void begin(const std::vector<EndToEndInput>& inputs, const std::vector<std::uint32_t>& train,
             const EndToEndOptions& options, at::Generator& generator) override {
    gates_->begin();
    flow_->begin();
    if (!options.start.empty()) fit_to_start(inputs, train, options, generator);
  }

  /// Eq. (6): alpha_Recon MSE + alpha_Ind KL + alpha_Sp ||A||.
  Tensor loss_of(const Sample& sample, const TrainingStage& progress,
                 at::Generator& generator) override {
    Tensor reconstruction = torch::zeros({});
    Tensor divergence = torch::zeros({});
    std::vector<Tensor> z;
    std::vector<Tensor> eta;
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      const CodePosterior q = posterior(m, sample);
      const Tensor u = options_.moments ? q.mean : q.sample(generator);
      z.push_back(u.narrow(1, 0, d_z(m)));
      eta.push_back(u.narrow(1, d_z(m), d_eta(m)));
      const Tensor error = squared_error(sample.x[m], sample.mask[m], codings_[m]->decode(u)) /
                           entries(sample.x[m], sample.mask[m]).clamp_min(1);
      reconstruction = reconstruction + mean_present(error, sample.present[m]);
      if (options_.moments) continue;
      // E_q log q, and the same expectation of -log N(eta): both have closed forms.
      const Tensor log_eta = -(0.5 * (q.mean.square() + q.variance()) + kHalfLog2Pi)
                                  .narrow(1, d_z(m), d_eta(m))
                                  .sum(1);
      divergence = divergence - mean_present(q.entropy() + log_eta, sample.present[m]);
    }
    const Tensor all = torch::cat(z, 1);  // (B, D)
    const Tensor gates =
        progress.training ? gates_->sample(sample.size(), generator) : gates_->fixed();
    const Flowed flowed = flow(all, gates);
    if (options_.moments) {
      divergence = moment_divergence(sample, torch::cat({flowed.eps.t(), torch::cat(eta, 1)}, 1));
    } else {
      const Tensor log_p = flowed.log_slope - 0.5 * flowed.eps.square() - kHalfLog2Pi;  // (D, B)
      for (std::int64_t i = 0; i < latents(); ++i)
        divergence = divergence - mean_present(log_p[i], counts(i, sample));
    }
    const double ramp = std::min(1.0, progress.share / kRamp);
    const Tensor loss =
        options_.alpha_reconstruction * reconstruction + options_.alpha_independence * divergence;
    // Held out, the price is the full one throughout, so that epochs can be compared.
    return loss + options_.alpha_sparsity * (progress.training ? ramp : 1.0) * gates_->penalty();
  }

  void constrain() override { gates_->constrain(); }

  void finish(const std::vector<EndToEndInput>& inputs, const std::vector<std::uint32_t>& held_out,
              const EndToEndOptions& options) override {
    TrainedNetwork::finish(inputs, held_out, options);
    const torch::NoGradGuard no_gradient;
    const Tensor strength = gates_->strength();
    const Tensor open = gates_->open();
    edges_.clear();
    for (std::int64_t target = 0; target < latents(); ++target) {
      for (std::int64_t source = 0; source < latents(); ++source) {
        const auto value = strength[target][source].item<double>();
        weights_[static_cast<std::size_t>(target * latents() + source)] = value;
        if (open[target][source].item<float>() == 0) continue;
        edges_.push_back(
            {static_cast<int>(source), static_cast<int>(target), value, options_.ordered});
      }
    }
  }

 protected:
  Parts parts_of(const Sample& sample) override {
    std::vector<Tensor> z;
    std::vector<Tensor> eta;
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      const Tensor mean = posterior(m, sample).mean;
      z.push_back(mean.narrow(1, 0, d_z(m)));
      eta.push_back(mean.narrow(1, d_z(m), d_eta(m)));
    }
    const Tensor all = torch::cat(z, 1);
    return {all, torch::cat(eta, 1), flow(all, gates_->fixed()).eps.t()};
  }

  Tensor expected_latent(int latent, const Tensor& z) override {
    // The mean over the quantiles of the noise, each taken back to z.
    const Tensor share = (torch::arange(kQuantiles) + 0.5) / kQuantiles;
    const Tensor eps = torch::erfinv(2 * share - 1) * std::sqrt(2.0);  // (Q,)
    const std::int64_t n = z.size(0);
    const Tensor rows = z.repeat_interleave(kQuantiles, 0);  // (n Q, D)
    const Tensor back = flow_->inverse(eps.repeat({n}).expand({latents(), n * kQuantiles}),
                                       rows.unsqueeze(0) * gates_->fixed());
    return back[latent].view({n, kQuantiles}).mean(1);
  }

 private:
  CodePosterior posterior(std::size_t m, const Sample& sample) {
    return posterior_from(codings_[m]->encode(sample.x[m], sample.mask[m]), d_z(m) + d_eta(m));
  }

  Flowed flow(const Tensor& z, const Tensor& gates) {
    return flow_->forward(z.t(), z.unsqueeze(0) * gates);
  }

  /// Whose density of a latent counts: those who have its modality and all that may hold a parent.
  Tensor counts(std::int64_t latent, const Sample& sample) const {
    Tensor all;
    for (std::int64_t m = 0; m <= modality_of(latent); ++m) {
      const Tensor& present = sample.present[static_cast<std::size_t>(m)];
      if (!present.defined()) continue;
      all = all.defined() ? all * present : present;
    }
    return all;
  }

  /// KL( N(mu, Sigma) || N(0, I) ) of the moments of a batch (B, K).
  Tensor moment_divergence(const Sample& sample, const Tensor& values) const {
    Tensor kept = values;
    const Tensor everybody = counts(latents() - 1, sample);
    if (everybody.defined()) kept = values.index({everybody > 0});
    const std::int64_t k = values.size(1);
    const Tensor mean = kept.mean(0);
    const Tensor centred = kept - mean;
    const Tensor covariance =
        centred.t().mm(centred) / static_cast<double>(kept.size(0)) + 1e-6 * torch::eye(k);
    return 0.5 * (covariance.trace() + mean.square().sum() - static_cast<double>(k) -
                  torch::logdet(covariance));
  }

  /// Encoders towards the codes of a warm start, decoders back from them.
  void fit_to_start(const std::vector<EndToEndInput>& inputs,
                    const std::vector<std::uint32_t>& train, const EndToEndOptions& options,
                    at::Generator& generator) {
    FlatAdam adam(*this);
    for (int epoch = 0; epoch < kStartEpochs; ++epoch) {
      const double rate = kStartRate * (1 - static_cast<double>(epoch) / kStartEpochs);
      SampleReader reader(inputs, options.participants,
                          shuffled(train, options.seed * 7919 + static_cast<std::uint64_t>(epoch)),
                          options.batch, true);
      for (Sample sample; reader.next(sample);) {
        prepare(sample);
        adam.zero_gradient();
        Tensor loss = torch::zeros({});
        for (std::size_t m = 0; m < codings_.size(); ++m) {
          const CodePosterior q = posterior(m, sample);
          const std::int64_t k = q.mean.size(1);
          Tensor codes = torch::empty({sample.size(), k});
          for (std::size_t i = 0; i < sample.rows.size(); ++i) {
            std::copy_n(options.start[m].data() + static_cast<std::int64_t>(sample.rows[i]) * k, k,
                        codes.data_ptr<float>() + static_cast<std::int64_t>(i) * k);
          }
          const Tensor u = q.mean + kStartDeviation * normal_like(q.mean, generator);
          const Tensor error = squared_error(sample.x[m], sample.mask[m], codings_[m]->decode(u)) /
                               entries(sample.x[m], sample.mask[m]).clamp_min(1);
          const Tensor spread = (q.lower - kStartDeviation * torch::eye(k)).square().sum({1, 2});
          loss = loss + mean_present((q.mean - codes).square().mean(1) + error + spread,
                                     sample.present[m]);
        }
        loss.backward();
        adam.step(rate, 10);
      }
    }
  }

  std::shared_ptr<Gates> gates_;
  std::shared_ptr<ConditionalFlow> flow_;
};

}  // namespace

std::unique_ptr<TrainedNetwork> make_joint(const std::vector<EndToEndInput>& inputs,
                                           const EndToEndOptions& options) {
  return std::make_unique<Joint>(inputs, options);
}

}  // namespace polycause
