// The model of `pima`: channels of all modalities around one latent space with its mixture.
#pragma once

#include <memory>
#include <vector>

#include "networks/pima.h"
#include "networks/plugin/pima/channel.h"
#include "networks/plugin/pima/mixture.h"
#include "networks/plugin/pima/node_network.h"

namespace polycause {

class PimaNet : public PimaModel {
 public:
  PimaNet(const std::vector<PimaInput>& inputs, const PimaOptions& options);

  const std::vector<int>& outcomes() const override { return nodes_.outcomes; }
  int latents() const override { return latents_; }
  PimaCode encode(const std::vector<const float*>& values, std::size_t count) const override;
  void decode(std::size_t modality, const float* z, const float* gamma, std::size_t count,
              float* out) const override;
  const std::vector<float>& means() const override { return means_; }
  const std::vector<float>& variances() const override { return variances_; }
  const PimaNetwork& network() const override { return network_; }
  const PimaQuality& quality() const override { return quality_; }
  const std::vector<double>& parameters(std::size_t modality) const override {
    return channels_[modality].parameters();
  }
  std::vector<float> values() const override;

  void load(const std::vector<float>& values);
  void set_network(PimaNetwork network) { network_ = std::move(network); }
  void set_quality(PimaQuality quality) { quality_ = std::move(quality); }
  /// Call when the mixture changed and before `means`, `variances` are asked for.
  void publish();

  ModalityCodes codes(const std::vector<Seen>& batch) const;
  /// What the present modalities say of every one's latents. keep (M, B, 1): which of them are
  /// fused; undefined: all that are there.
  Posterior posterior(const std::vector<Seen>& batch, const torch::Tensor& keep = {}) const;
  /// (M, B, 1): who has what.
  static torch::Tensor presence(const std::vector<Seen>& batch);
  /// log A_c - KL_c, (B, K).
  torch::Tensor latent_scores(const Posterior& q) const;
  /// Summed log p(x | c) of the modalities with experts, (B, K); undefined without. keep as above.
  torch::Tensor expert_scores(const std::vector<Seen>& batch, const torch::Tensor& keep = {}) const;
  /// Responsibilities by the setting, (B, K); z (B, l) is used by `sample` only.
  torch::Tensor responsibilities(const torch::Tensor& latent, const torch::Tensor& expert,
                                 const torch::Tensor& z) const;
  /// sum_m log p(x_m | z) of the modalities with networks, (B,); `all`: of those with experts too.
  torch::Tensor log_likelihood(const std::vector<Seen>& batch, const torch::Tensor& z,
                               bool all = false) const;
  /// The evidence lower bound of everyone, (B,), with one z drawn by noise (B, l).
  torch::Tensor bound(const std::vector<Seen>& batch, const Posterior& q,
                      const torch::Tensor& noise) const;

  std::vector<PimaChannel>& channels() { return channels_; }
  const std::vector<PimaChannel>& channels() const { return channels_; }
  Mixture& mixture() { return mixture_; }
  const Mixture& mixture() const { return mixture_; }
  const Nodes& nodes() const { return nodes_; }
  bool has_expert() const;
  void train(bool on);
  std::vector<Seen> standardised(const std::vector<torch::Tensor>& raw) const;

 private:
  std::vector<torch::Tensor> tensors() const;
  std::vector<float> facts() const;
  void set_facts(const std::vector<float>& facts);

  Nodes nodes_;
  int latents_;
  std::string responsibility_;
  std::vector<PimaChannel> channels_;
  Mixture mixture_;
  PimaNetwork network_;
  PimaQuality quality_;
  std::vector<float> means_;
  std::vector<float> variances_;
};

}  // namespace polycause
