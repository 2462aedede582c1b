// One modality of `pima`: what it says of the latents, and what the latents say of it.
#pragma once

#include <torch/nn.h>

#include <memory>
#include <string>
#include <vector>

#include "networks/pima.h"
#include "networks/plugin/decoders.h"
#include "networks/plugin/encoders.h"
#include "networks/plugin/pima/mixture.h"

namespace polycause {

/// What block updates need of a modality with an expert: sums over participants, (K, W) double.
struct CurveMoments {
  torch::Tensor weights;
  torch::Tensor sums;
  torch::Tensor squares;
  void add(const torch::Tensor& gamma, const torch::Tensor& x, const torch::Tensor& seen);
};

/// A batch of one modality, standardised: x (B, C, H, W) with zeros where nothing was seen, seen of
/// the same shape 0 or 1, there (B, 1) 1 where anything was.
struct Seen {
  torch::Tensor x;
  torch::Tensor seen;
  torch::Tensor there;
};

class PimaChannel {
 public:
  PimaChannel(const PimaInput& input, const PimaOptions& options, std::int64_t joint);

  void initialise(at::Generator& generator);
  /// Means and deviations from some training rows; also whether blocks have gaps.
  void set_scale(const torch::Tensor& raw);

  Seen standardised(const torch::Tensor& raw) const;  // raw (B, C, H, W), NaN where missing
  /// N(mean, exp(log_variance)) of the latents by this modality alone, (B, l) each; anything for
  /// participants without it.
  void posterior(const Seen& batch, torch::Tensor& mean, torch::Tensor& log_variance) const;
  torch::Tensor decoded(const torch::Tensor& z) const;  // standardised (B, C, H, W)
  /// log p(x | z), (B,); 0 for participants without the modality.
  torch::Tensor log_likelihood(const Seen& batch, const torch::Tensor& z) const;
  /// log p(x | c) by the expert, (B, K).
  torch::Tensor expert_scores(const Seen& batch) const;
  /// Parameters and variances of the clusters given responsibilities; a cluster with fewer than
  /// `least` participants gets the curve of all.
  void update_expert(const CurveMoments& moments, double least);

  /// What is expected in the modality's units, (B, C, H, W): z (B, l), gamma (B, K).
  torch::Tensor expected(const torch::Tensor& z, const torch::Tensor& gamma) const;
  torch::Tensor raw(const torch::Tensor& x) const { return x * sd_ + mean_; }

  bool expert() const { return expert_ != nullptr; }
  const std::vector<double>& parameters() const { return parameters_; }
  const BlockShape& shape() const { return shape_; }
  std::vector<torch::Tensor> encoder_weights() const;
  std::vector<torch::Tensor> decoder_weights() const;
  torch::Tensor log_variance() const { return log_variance_; }
  void train(bool on);
  /// Everything that was fitted, in a fixed order: `numbers` first, then `tensors`.
  std::vector<float> numbers() const;
  void set_numbers(const std::vector<float>& numbers);
  std::size_t number_count() const;
  std::vector<torch::Tensor> tensors() const;

 private:
  torch::Tensor curve(const double* parameters) const;

  BlockShape shape_;
  const Expert* expert_;
  std::int64_t joint_;
  double fixed_variance_;
  torch::Tensor mean_;  // (C, H, W)
  torch::Tensor sd_;    // (C, 1, 1); tables (1, 1, W)
  std::shared_ptr<Encoder> encoder_;
  torch::nn::Linear head_{nullptr};
  std::shared_ptr<Decoder> decoder_;
  torch::Tensor log_variance_;      // of x given z: one number, tables one per column
  std::vector<double> parameters_;  // (K, P)
  torch::Tensor curves_;            // (K, W) standardised
  torch::Tensor variances_;         // (K,)
};

}  // namespace polycause
