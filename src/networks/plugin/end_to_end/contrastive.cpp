// Contrastive learning over two modalities (Daunhawer et al. 2023): encoders whose outputs for one
// participant are alike. What the modalities share is found up to an invertible map of all latents.
#include <torch/torch.h>

#include <cmath>
#include <stdexcept>

#include "networks/plugin/end_to_end/network.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr int kLayers = 6;  // hidden ones, of seven
constexpr double kMostInverse = 5;

class Contrastive : public TrainedNetwork {
 public:
  Contrastive(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    if (inputs.size() != 2 || d_z(0) != d_z(1)) {
      throw std::invalid_argument(
          "contrastive learning compares two modalities with equally many latents");
    }
    make_codings([](std::int64_t k) { return k; }, false, kLayers);
    inverse_temperature_ = register_parameter("inverse_temperature", torch::zeros({1}));
  }

  bool complete_only() const override { return true; }

  /// Symmetrised InfoNCE: log B minus it bounds the mutual information from below.
  Tensor loss_of(const Sample& sample, const TrainingStage&, at::Generator&) override {
    const Tensor a = standard(encoded(0, sample));
    const Tensor b = standard(encoded(1, sample));
    const Tensor distance =
        a.square().sum(1, true) - 2 * a.mm(b.t()) + b.square().sum(1).unsqueeze(0);
    const Tensor scores = -distance * inverse_temperature_.clamp_max(kMostInverse).exp();  // (B, B)
    const Tensor own = torch::arange(sample.size());
    namespace f = torch::nn::functional;
    return 0.5 * (f::cross_entropy(scores, own) + f::cross_entropy(scores.t(), own));
  }

  void finish(const std::vector<EndToEndInput>&, const std::vector<std::uint32_t>&,
              const EndToEndOptions&) override {}

 protected:
  Parts parts_of(const Sample& sample) override {
    return {torch::cat({encoded(0, sample), encoded(1, sample)}, 1),
            torch::zeros({sample.size(), 0}),
            {}};
  }

 private:
  Tensor encoded(std::size_t m, const Sample& sample) {
    return codings_[m]->encode(sample.x[m], sample.mask[m]);
  }
  /// The temperature alone sets the scale.
  static Tensor standard(const Tensor& u) {
    return (u - u.mean(0)) / u.square().mean().sqrt().clamp_min(1e-6);
  }

  Tensor inverse_temperature_;  // its logarithm
};

}  // namespace

std::unique_ptr<TrainedNetwork> make_contrastive(const std::vector<EndToEndInput>& inputs,
                                                 const EndToEndOptions& options) {
  return std::make_unique<Contrastive>(inputs, options);
}

}  // namespace polycause
