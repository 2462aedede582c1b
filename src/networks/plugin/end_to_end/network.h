// What the end-to-end methods have in common: modalities and their codings, encoding in batches,
// reconstruction, and their numbers for files.
#pragma once

#include <torch/nn.h>

#include <memory>
#include <string>
#include <vector>

#include "networks/end_to_end.h"
#include "networks/plugin/end_to_end/coding.h"

namespace polycause {

/// Of a batch: z (B, D), eta (B, E), eps (B, D).
struct Parts {
  torch::Tensor z;
  torch::Tensor eta;
  torch::Tensor eps;  ///< undefined: the method does not estimate it
};

/// How far the training is, for what is ramped.
struct TrainingStage {
  double share = 0;      ///< of the epochs at most
  bool training = true;  ///< gates are sampled, what is ramped is
};

class TrainedNetwork : public torch::nn::Module, public EndToEndModel {
 public:
  TrainedNetwork(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options);

  EndToEndCodes encode(const std::vector<EndToEndInput>& data,
                       std::size_t participants) const override;
  std::vector<float> decode(std::size_t modality, const std::vector<float>& z,
                            const std::vector<float>& eta) const override;
  const std::vector<double>& weights() const override { return weights_; }
  const std::vector<EndToEndEdge>& edges() const override { return edges_; }
  std::vector<float> conditional_mean(int latent, const std::vector<float>& z) const override;
  const std::vector<double>& explained() const override { return explained_; }
  double loss() const override { return loss_; }
  std::vector<float> values() const override;

  /// What is minimised, of a prepared batch: a scalar. `generator` gives all noise.
  virtual torch::Tensor loss_of(const Sample& sample, const TrainingStage& progress,
                                at::Generator& generator) = 0;
  /// After every step of the optimiser, for parameters that are bounded.
  virtual void constrain() {}
  /// Before the training, of what the data say; and after it, at the best epoch: the graph.
  virtual void begin(const std::vector<EndToEndInput>& inputs,
                     const std::vector<std::uint32_t>& train, const EndToEndOptions& options,
                     at::Generator& generator);
  virtual void finish(const std::vector<EndToEndInput>& inputs,
                      const std::vector<std::uint32_t>& held_out, const EndToEndOptions& options);
  /// Does the loss need participants who have every modality?
  virtual bool complete_only() const { return false; }

  /// Before anything is prepared: what pictures and series are normalised by, from `train`.
  void set_scales(const std::vector<EndToEndInput>& inputs,
                  const std::vector<std::uint32_t>& train);
  /// Normalised, and zero where missing.
  void prepare(Sample& sample) const;
  void set_loss(double loss) { loss_ = loss; }
  /// From what `values` gave. Throws std::invalid_argument for another size.
  void load_values(const std::vector<float>& values);

 protected:
  /// Of a prepared batch, without noise.
  virtual Parts parts_of(const Sample& sample) = 0;
  /// E[z_latent | its parents in z (n, D)], (n,).
  virtual torch::Tensor expected_latent(int latent, const torch::Tensor& z);
  /// How the code of modality m, z and eta side by side, enters its decoder.
  virtual torch::Tensor decoder_input(std::size_t, const torch::Tensor& u) { return u; }

  /// Makes codings_; method constructors call it. `outputs_of` says how many numbers the encoder of
  /// a modality with k codes, d(z) + d(eta), has.
  void make_codings(std::int64_t (*outputs_of)(std::int64_t k), bool decoders, int layers);
  std::int64_t modalities() const { return static_cast<std::int64_t>(inputs_.size()); }
  std::int64_t latents() const { return latents_; }
  std::int64_t first_latent(std::size_t m) const { return first_latent_[m]; }
  std::int64_t modality_of(std::int64_t latent) const {
    return modality_of_[static_cast<std::size_t>(latent)];
  }
  std::int64_t d_z(std::size_t m) const { return inputs_[m].latents; }
  std::int64_t d_eta(std::size_t m) const { return inputs_[m].privates; }
  /// Edges from weights_ that reach `least`.
  void report_edges(double least, bool directed);

  std::vector<EndToEndInput> inputs_;  // shapes only
  EndToEndOptions options_;            // without data
  std::vector<std::shared_ptr<Coding>> codings_;
  std::vector<double> weights_;  // (D, D)
  std::vector<EndToEndEdge> edges_;
  std::vector<double> explained_;

 private:
  std::vector<torch::Tensor> tensors() const;
  std::int64_t latents_ = 0;
  std::int64_t privates_ = 0;
  std::vector<std::int64_t> first_latent_;
  std::vector<std::int64_t> modality_of_;
  double loss_ = 0;
};

/// The loss of a reconstruction (B,): squared errors summed over what is there.
torch::Tensor squared_error(const torch::Tensor& x, const torch::Tensor& mask,
                            const torch::Tensor& reconstruction);
/// Number of entries that are there, (B,).
torch::Tensor entries(const torch::Tensor& x, const torch::Tensor& mask);
/// Mean of `values` (B,) over those present.
torch::Tensor mean_present(const torch::Tensor& values, const torch::Tensor& present);
/// N(0, 1) of the shape of `like`.
torch::Tensor normal_like(const torch::Tensor& like, at::Generator& generator);

/// The methods, one file each.
std::unique_ptr<TrainedNetwork> make_beta_vae(const std::vector<EndToEndInput>& inputs,
                                              const EndToEndOptions& options);
std::unique_ptr<TrainedNetwork> make_joint(const std::vector<EndToEndInput>& inputs,
                                           const EndToEndOptions& options);
std::unique_ptr<TrainedNetwork> make_causal_vae(const std::vector<EndToEndInput>& inputs,
                                                const EndToEndOptions& options);
std::unique_ptr<TrainedNetwork> make_contrastive(const std::vector<EndToEndInput>& inputs,
                                                 const EndToEndOptions& options);
std::unique_ptr<TrainedNetwork> make_gcarl(const std::vector<EndToEndInput>& inputs,
                                           const EndToEndOptions& options);

/// Contracts of Networks::fit_end_to_end and restore_end_to_end.
std::unique_ptr<EndToEndModel> fit_network(const std::vector<EndToEndInput>& inputs,
                                           const std::vector<std::uint32_t>& train,
                                           const std::vector<std::uint32_t>& held_out,
                                           const EndToEndOptions& options);
std::unique_ptr<EndToEndModel> restore_network(const std::vector<EndToEndInput>& inputs,
                                               const EndToEndOptions& options,
                                               const std::vector<float>& values);

}  // namespace polycause
