// CausalVAE (Yang et al. 2021): noise from the encoders, concepts by a linear model z = A z + eps,
// a mask layer that says every concept again by its parents, a DAG term; labels of concepts where
// there are any. The concepts are all codes of all modalities.
#include <torch/torch.h>

#include <cmath>

#include "networks/plugin/end_to_end/dag.h"
#include "networks/plugin/end_to_end/network.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr std::int64_t kMaskWidth = 16;
constexpr double kLabelVariance = 0.1;  // of p(z | label)
constexpr double kLargest = 2;          // of |A|
constexpr double kEdge = 0.3;           // of |A|, that is reported

class CausalVae : public TrainedNetwork {
 public:
  CausalVae(const std::vector<EndToEndInput>& inputs, const EndToEndOptions& options)
      : TrainedNetwork(inputs, options) {
    make_codings([](std::int64_t k) { return 2 * k; }, true, 2);
    const std::int64_t d = latents();
    a_ = register_parameter("a", torch::zeros({d, d}));
    first_ = register_parameter("mask_first", torch::zeros({d, d, kMaskWidth}));
    first_bias_ = register_parameter("mask_first_bias", torch::zeros({d, 1, kMaskWidth}));
    last_ = register_parameter("mask_last", torch::zeros({d, kMaskWidth, 1}));
    off_diagonal_ = register_buffer("off_diagonal", 1 - torch::eye(d));
  }

  void begin(const std::vector<EndToEndInput>&, const std::vector<std::uint32_t>&,
             const EndToEndOptions& options, at::Generator& generator) override {
    const torch::NoGradGuard no_gradient;
    a_.uniform_(-0.1, 0.1, generator);
    last_.zero_();
    if (options.labels.empty()) return;
    labels_ = torch::from_blob(const_cast<float*>(options.labels.data()),
                               {static_cast<std::int64_t>(options.participants), latents()})
                  .clone();
  }

  /// Minus the bound on the evidence, with unit variance of the data, + mask + DAG + label terms.
  Tensor loss_of(const Sample& sample, const TrainingStage&, at::Generator& generator) override {
    std::vector<Tensor> noise;
    Tensor total = dag_penalty(adjacency());
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      const Posterior q = posterior(m, sample);
      const Tensor divergence =
          0.5 * (q.mean.square() + q.log_variance.exp() - 1 - q.log_variance).sum(1);
      total = total + options_.beta * mean_present(divergence, sample.present[m]);
      const Tensor eps = q.mean + (0.5 * q.log_variance).exp() * normal_like(q.mean, generator);
      noise.push_back(at_home(eps, m, sample));
    }
    const Tensor eps = torch::cat(noise, 1);  // (B, D)
    const Tensor z = solved(eps);
    const Tensor said = masked(z);
    total = total + (z - said).square().sum(1).mean();
    const Tensor concepts = said + eps;
    for (std::size_t m = 0; m < codings_.size(); ++m) {
      const Tensor x = codings_[m]->decode(concepts.narrow(1, first_latent(m), d_z(m)));
      total = total +
              mean_present(0.5 * squared_error(sample.x[m], sample.mask[m], x), sample.present[m]);
    }
    return labels_.defined() ? total + label_loss(sample, concepts) : total;
  }

  void constrain() override {
    const torch::NoGradGuard no_gradient;
    a_.clamp_(-kLargest, kLargest);
  }

  void finish(const std::vector<EndToEndInput>& inputs, const std::vector<std::uint32_t>& held_out,
              const EndToEndOptions& options) override {
    labels_ = Tensor();
    TrainedNetwork::finish(inputs, held_out, options);
    const torch::NoGradGuard no_gradient;
    const Tensor a = adjacency().abs().contiguous();
    for (std::size_t e = 0; e < weights_.size(); ++e)
      weights_[e] = std::min(1.0, static_cast<double>(a.data_ptr<float>()[e]));
    report_edges(kEdge, true);
  }

 protected:
  Parts parts_of(const Sample& sample) override {
    std::vector<Tensor> noise;
    for (std::size_t m = 0; m < codings_.size(); ++m)
      noise.push_back(at_home(posterior(m, sample).mean, m, sample));
    const Tensor eps = torch::cat(noise, 1);
    return {masked(solved(eps)) + eps, torch::zeros({sample.size(), 0}), eps};
  }

  Tensor expected_latent(int latent, const Tensor& z) override {
    return masked(z).select(1, latent);
  }

 private:
  struct Posterior {
    Tensor mean;          // (B, k) of the noise
    Tensor log_variance;  // alike
  };

  Posterior posterior(std::size_t m, const Sample& sample) {
    const std::vector<Tensor> out = codings_[m]->encode(sample.x[m], sample.mask[m]).chunk(2, 1);
    return {out[0], out[1].clamp(-12.0, 6.0)};
  }
  /// The noise of an absent modality stands at its mean.
  static Tensor at_home(const Tensor& eps, std::size_t m, const Sample& sample) {
    return sample.present[m].defined() ? eps * sample.present[m].unsqueeze(1) : eps;
  }

  Tensor adjacency() const { return a_ * off_diagonal_; }

  /// z = A z + eps, rows of (B, D).
  Tensor solved(const Tensor& eps) const {
    return eps.mm(torch::inverse(torch::eye(latents()) - adjacency()).t());
  }

  /// g_i(A_i o z) of every concept, (B, D); g_i starts as the sum.
  Tensor masked(const Tensor& z) const {
    const Tensor parents = z.unsqueeze(0) * adjacency().unsqueeze(1);  // (D, B, D)
    const Tensor h = torch::elu(torch::baddbmm(first_bias_, parents, first_));
    const Tensor curved = h.bmm(last_).squeeze(2);  // (D, B)
    return (curved + parents.sum(2)).t();
  }

  /// -log p(z | label) up to a constant, and how well the graph says the labels.
  Tensor label_loss(const Sample& sample, const Tensor& concepts) const {
    std::vector<std::int64_t> rows(sample.rows.begin(), sample.rows.end());
    const Tensor labels =
        labels_.index_select(0, torch::from_blob(rows.data(), {sample.size()}, torch::kLong));
    const Tensor known = labels.isnan().logical_not().to(torch::kFloat);
    const Tensor u = torch::nan_to_num(labels, 0.0);
    const Tensor own = ((concepts - u) * known).square().sum(1) / (2 * kLabelVariance);
    const Tensor by_graph = ((masked(u) - u) * known).square().sum(1);
    return (own + by_graph).mean();
  }

  Tensor a_;  // (D, D) row = effect
  Tensor first_;
  Tensor first_bias_;
  Tensor last_;
  Tensor off_diagonal_;
  Tensor labels_;  // (n, D) while training
};

}  // namespace

std::unique_ptr<TrainedNetwork> make_causal_vae(const std::vector<EndToEndInput>& inputs,
                                                const EndToEndOptions& options) {
  return std::make_unique<CausalVae>(inputs, options);
}

}  // namespace polycause
