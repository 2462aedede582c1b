// beta-VAE (Higgins et al. 2017), one per modality: the latents of a modality are all its codes.
#include <torch/torch.h>

#include "networks/plugin/end_to_end/network.h"

namespace polycause {
namespace {

using torch::Tensor;

class BetaVae : public TrainedNetwork {
 public:
  BetaVae(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    make_codings([](std::int64_t k) { return 2 * k; }, true, 2);
  }

  /// Sum over the modalities of 1/2 ||x - x'||^2 + beta KL(q(z|x) || N(0, I)): a decoder with unit
  /// variance.
  Tensor loss_of(const Sample& sample, const TrainingStage&, at::Generator& generator) override {
    Tensor total = torch::zeros({});
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      const std::vector<Tensor> posterior =
          codings_[m]->encode(sample.x[m], sample.mask[m]).chunk(2, 1);
      const Tensor& mean = posterior[0];                           // (B, k)
      const Tensor log_variance = posterior[1].clamp(-12.0, 6.0);  // (B, k)
      const Tensor u = mean + (0.5 * log_variance).exp() * normal_like(mean, generator);
      const Tensor divergence =
          0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1);
      const Tensor error = squared_error(sample.x[m], sample.mask[m], codings_[m]->decode(u));
      total = total + mean_present(0.5 * error + options_.beta * divergence, sample.present[m]);
    }
    return total;
  }

 protected:
  Parts parts_of(const Sample& sample) override {
    std::vector<Tensor> means;
    for (std::size_t m = 0; m < codings_.size(); ++m)
      means.push_back(codings_[m]->encode(sample.x[m], sample.mask[m]).chunk(2, 1)[0]);
    return {torch::cat(means, 1), torch::zeros({sample.size(), 0}), {}};
  }
};

}  // namespace

std::unique_ptr<TrainedNetwork> make_beta_vae(const std::vector<EndToEndInput>& inputs,
                                              const EndToEndOptions& options) {
  return std::make_unique<BetaVae>(inputs, options);
}

}  // namespace polycause
