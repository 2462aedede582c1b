#include "networks/plugin/pima/channel.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "networks/plugin/block_model.h"
#include "networks/plugin/pima/dense.h"

namespace polycause {
namespace {

using torch::Tensor;
const double kLogTwoPi = std::log(2 * std::acos(-1.0));
constexpr double kLowestLogVariance = -9;  // of standardised data given the latents
constexpr double kHighestLogVariance = 4;
constexpr double kLowestPosterior = -12;  // log variance of the latents by one modality
constexpr double kHighestPosterior = 6;
constexpr double kLowestExpertVariance = 1e-4;

std::int64_t whole(std::size_t n) { return static_cast<std::int64_t>(n); }

void append(const torch::nn::Module& module, std::vector<Tensor>& to) {
  for (const Tensor& p : module.parameters()) to.push_back(p);
  for (const Tensor& b : module.buffers()) {
    if (b.is_floating_point()) to.push_back(b);  // not the counters of batch normalisation
  }
}

}  // namespace

void CurveMoments::add(const Tensor& gamma, const Tensor& x, const Tensor& seen) {
  const Tensor weight = gamma.to(torch::kDouble).t();  // (K, B)
  const Tensor there = seen.to(torch::kDouble);
  const Tensor value = x.to(torch::kDouble) * there;
  if (!weights.defined()) {
    weights = torch::zeros({gamma.size(1), x.size(1)}, torch::kDouble);
    sums = torch::zeros_like(weights);
    squares = torch::zeros_like(weights);
  }
  weights += weight.mm(there);
  sums += weight.mm(value);
  squares += weight.mm(value.square());
}

PimaChannel::PimaChannel(const PimaInput& input, const PimaOptions& options, std::int64_t joint)
    : shape_(input.shape),
      expert_(input.expert),
      joint_(joint),
      fixed_variance_(options.decoder_variance) {
  const auto channels = whole(shape_.channels);
  const auto height = whole(shape_.height);
  const auto columns = whole(shape_.width);
  const bool table = shape_.kind == "table";
  mean_ = torch::zeros({channels, height, columns});
  sd_ = table && expert_ == nullptr ? torch::ones({1, 1, columns}) : torch::ones({channels, 1, 1});
  if (expert_ != nullptr && (channels != 1 || height != 1 || expert_->width() != shape_.width)) {
    throw std::invalid_argument("modality '" + input.name +
                                "': a law needs one channel and as many points as it has values");
  }
  // Every network also sees where something is missing: that makes gaps in new data harmless.
  if (table) {
    encoder_ = make_table_encoder(2 * columns, options.width);
    decoder_ = make_table_decoder(columns, options.width, options.latents);
  } else {
    std::string network = resolved_network(shape_, input.network);
    if (network == "streams") network = "small";
    encoder_ = make_encoder(shape_, 2 * channels, network);
    decoder_ = make_decoder(shape_, network, options.latents);
  }
  head_ = torch::nn::Linear(kFeatures, 2 * options.latents);
  log_variance_ = table ? torch::zeros({1, 1, columns}) : torch::zeros({1, 1, 1});
  if (fixed_variance_ > 0) {
    log_variance_.fill_(std::log(fixed_variance_));
  } else {
    log_variance_.requires_grad_();
  }
  if (expert_ != nullptr) {
    const auto count = static_cast<std::size_t>(joint) * expert_->parameters();
    parameters_.assign(count, std::numeric_limits<double>::quiet_NaN());
    curves_ = torch::zeros({joint, columns});
    variances_ = torch::ones({joint});
  }
}

void PimaChannel::initialise(at::Generator& generator) {
  polycause::initialise(*encoder_, generator);
  polycause::initialise(*head_, generator);
  polycause::initialise(*decoder_, generator);
  const torch::NoGradGuard no_gradient;
  // Begin unsure, so that no modality outweighs the others in the product.
  head_->weight.mul_(0.5);
  head_->bias.slice(0, head_->bias.size(0) / 2).fill_(-1);
}

void PimaChannel::set_scale(const Tensor& values) {
  const Tensor seen = values.isnan().logical_not().to(torch::kDouble);
  const Tensor x = torch::nan_to_num(values).to(torch::kDouble);
  const Tensor counts = seen.sum(0);
  const Tensor mean = x.sum(0) / counts.clamp_min(1);  // (C, H, W)
  const Tensor square = ((x - mean).square() * seen).sum(0);
  const bool table = sd_.size(2) > 1 || (shape_.kind == "table" && expert_ == nullptr);
  const Tensor variance = table ? square / counts.clamp_min(1)
                                : square.sum({1, 2}, true) / counts.sum({1, 2}, true).clamp_min(1);
  mean_ = mean.to(torch::kFloat);
  sd_ =
      torch::where(variance > 1e-20, variance.sqrt(), torch::ones_like(variance)).to(torch::kFloat);
}

Seen PimaChannel::standardised(const Tensor& values) const {
  Seen batch;
  batch.seen = values.isnan().logical_not().to(torch::kFloat);
  batch.x = torch::nan_to_num((values - mean_) / sd_, 0.0);
  batch.there = batch.seen.flatten(1).amax(1, true);
  return batch;
}

void PimaChannel::posterior(const Seen& batch, Tensor& mean, Tensor& log_variance) const {
  torch::nn::Linear head = head_;
  const std::int64_t latents = head->weight.size(0) / 2;
  const Tensor rows = batch.there.squeeze(1).nonzero().squeeze(1);
  const std::int64_t all = batch.x.size(0);
  const Tensor input = torch::cat({batch.x, batch.seen}, 1);
  if (rows.size(0) == all) {
    const Tensor out = head(encoder_->forward(input));
    mean = out.slice(1, 0, latents);
    log_variance = out.slice(1, latents).clamp(kLowestPosterior, kHighestPosterior);
    return;
  }
  mean = torch::zeros({all, latents});
  log_variance = torch::zeros({all, latents});
  if (rows.size(0) == 0) return;
  const Tensor out = head(encoder_->forward(input.index_select(0, rows)));
  mean = mean.index_copy(0, rows, out.slice(1, 0, latents));
  log_variance = log_variance.index_copy(
      0, rows, out.slice(1, latents).clamp(kLowestPosterior, kHighestPosterior));
}

Tensor PimaChannel::decoded(const Tensor& z) const { return decoder_->forward(z); }

Tensor PimaChannel::log_likelihood(const Seen& batch, const Tensor& z) const {
  const Tensor log_variance = log_variance_.clamp(kLowestLogVariance, kHighestLogVariance);
  const Tensor wrong = (decoded(z) - batch.x).square() * (-log_variance).exp();
  return -0.5 * ((wrong + log_variance + kLogTwoPi) * batch.seen).flatten(1).sum(1);
}

Tensor PimaChannel::expert_scores(const Seen& batch) const {
  const Tensor seen = batch.seen.flatten(1);  // (B, W)
  const Tensor x = batch.x.flatten(1) * seen;
  const Tensor distance =
      x.square().sum(1, true) - 2 * x.mm(curves_.t()) + seen.mm(curves_.square().t());  // (B, K)
  return -0.5 * (distance / variances_ + seen.sum(1, true) * (variances_.log() + kLogTwoPi));
}

Tensor PimaChannel::curve(const double* parameters) const {
  const Tensor raw = torch::zeros({whole(shape_.width)}, torch::kDouble);
  expert_->predict(parameters, raw.data_ptr<double>());
  return ((raw - mean_.flatten()) / sd_.flatten()).to(torch::kDouble);
}

void PimaChannel::update_expert(const CurveMoments& moments, double least) {
  const auto size = expert_->parameters();
  const Tensor offset = mean_.flatten().to(torch::kDouble);
  const Tensor scale = sd_.flatten().to(torch::kDouble);
  const auto fit = [&](const Tensor& weights, const Tensor& sums, double* parameters) {
    const Tensor mean = (sums / weights.clamp_min(1e-12) * scale + offset).contiguous();
    const Tensor w = weights.contiguous();
    expert_->fit(mean.data_ptr<double>(), w.data_ptr<double>(), parameters);
  };
  const auto variance_of = [&](const Tensor& weights, const Tensor& sums, const Tensor& squares,
                               const Tensor& f) {
    const Tensor left = squares - 2 * f * sums + f.square() * weights;
    return left.sum().item<double>() / std::max(1e-12, weights.sum().item<double>());
  };
  const Tensor weights = moments.weights.sum(0);
  const Tensor sums = moments.sums.sum(0);
  const Tensor squares = moments.squares.sum(0);
  std::vector<double> pooled(size, std::numeric_limits<double>::quiet_NaN());
  fit(weights, sums, pooled.data());
  const Tensor pooled_curve = curve(pooled.data());
  const double pooled_variance = variance_of(weights, sums, squares, pooled_curve);
  float* variances = variances_.data_ptr<float>();
  for (std::int64_t c = 0; c < joint_; ++c) {
    double* parameters = parameters_.data() + static_cast<std::size_t>(c) * size;
    const Tensor w = moments.weights[c];
    const bool few = w.max().item<double>() < least;
    if (few) {
      std::copy(pooled.begin(), pooled.end(), parameters);
    } else {
      fit(w, moments.sums[c], parameters);
    }
    const Tensor f = few ? pooled_curve : curve(parameters);
    curves_[c].copy_(f);
    double variance =
        few ? pooled_variance : variance_of(w, moments.sums[c], moments.squares[c], f);
    if (fixed_variance_ > 0) variance = fixed_variance_;
    variances[c] = static_cast<float>(std::max(variance, kLowestExpertVariance));
  }
}

Tensor PimaChannel::expected(const Tensor& z, const Tensor& gamma) const {
  if (expert_ == nullptr) return raw(decoded(z));
  return raw(gamma.mm(curves_).view({gamma.size(0), 1, 1, curves_.size(1)}));
}

std::vector<Tensor> PimaChannel::encoder_weights() const {
  std::vector<Tensor> all = encoder_->parameters();
  for (const Tensor& p : head_->parameters()) all.push_back(p);
  return all;
}

std::vector<Tensor> PimaChannel::decoder_weights() const { return decoder_->parameters(); }

void PimaChannel::train(bool on) {
  encoder_->train(on);
  decoder_->train(on);
}

std::size_t PimaChannel::number_count() const { return parameters_.size(); }

std::vector<float> PimaChannel::numbers() const { return {parameters_.begin(), parameters_.end()}; }

void PimaChannel::set_numbers(const std::vector<float>& numbers) {
  parameters_.assign(numbers.begin(), numbers.end());
}

std::vector<Tensor> PimaChannel::tensors() const {
  std::vector<Tensor> all{mean_, sd_, log_variance_};
  append(*encoder_, all);
  append(*head_, all);
  append(*decoder_, all);
  if (expert_ != nullptr) {
    all.push_back(curves_);
    all.push_back(variances_);
  }
  return all;
}

}  // namespace polycause
