#include "networks/plugin/fixed_features.h"

#include <torch/torch.h>

#include <cmath>

namespace polycause {
namespace {

using torch::Tensor;

constexpr std::int64_t kAxes = 48;
constexpr std::int64_t kStatistics = 10;  // per channel
constexpr double kClip = 6;               // standard deviations
constexpr std::int64_t kKnots = 41;       // of a statistic's normal scores
constexpr double kReach = 3;              // scores from -kReach to kReach

/// Of series, whose events come at any time: (B, kStatistics C + C (C - 1) / 2)
Tensor statistics(const Tensor& blocks) {
  const Tensor x = blocks.flatten(2);  // (B, C, T)
  const std::int64_t channels = x.size(1);
  const std::int64_t length = x.size(2);
  const Tensor mean = x.mean(2);
  const Tensor centred = x - mean.unsqueeze(2);
  const auto step = [&](std::int64_t lag) {
    if (length <= lag) return torch::zeros_like(x.slice(2, 0, 1));
    return x.slice(2, lag, length) - x.slice(2, 0, length - lag);
  };
  const Tensor sorted = std::get<0>(x.sort(2));
  const auto quantile = [&](double share) {
    return sorted.select(2, static_cast<std::int64_t>(share * static_cast<double>(length - 1)));
  };
  std::vector<Tensor> all{mean,
                          centred.square().mean(2).sqrt(),
                          quantile(0.05),
                          quantile(0.95),
                          quantile(0),
                          quantile(1),
                          step(1).abs().mean(2),
                          step(1).square().mean(2).sqrt(),
                          step(5).square().mean(2).sqrt(),
                          centred.pow(3).mean(2)};
  for (std::int64_t a = 1; a < channels; ++a) {
    for (std::int64_t b = 0; b < a; ++b)
      all.push_back((centred.select(1, a) * centred.select(1, b)).mean(1, true));
  }
  return torch::cat(all, 1);
}

/// Values (n, S) at evenly spaced normal scores: (S, kKnots).
Tensor knots_of(const Tensor& values) {
  const Tensor sorted = std::get<0>(values.sort(0));
  const auto last = static_cast<double>(values.size(0) - 1);
  const Tensor levels = torch::linspace(-kReach, kReach, kKnots, torch::kDouble);
  const Tensor at = 0.5 * torch::erfc(-levels / std::sqrt(2.0)) * last;
  const Tensor low = at.floor();
  const Tensor share = (at - low).to(torch::kFloat).unsqueeze(1);
  const Tensor a = sorted.index_select(0, low.to(torch::kLong));
  const Tensor b = sorted.index_select(0, at.ceil().to(torch::kLong));
  return (a + share * (b - a)).t().contiguous();
}

/// Normal scores of values (B, S), (B, S): between the knots, at the middle of those that are
/// equal.
Tensor scores_of(const Tensor& values, const Tensor& knots) {
  const Tensor v = values.t().contiguous();  // (S, B)
  const Tensor below = torch::searchsorted(knots, v, false, false);
  const Tensor upto = torch::searchsorted(knots, v, false, true);
  const Tensor left = (below - 1).clamp(0, kKnots - 1);
  const Tensor right = below.clamp(0, kKnots - 1);
  const Tensor from = knots.gather(1, left);
  const Tensor to = knots.gather(1, right);
  const Tensor share = ((v - from) / (to - from).clamp_min(1e-12)).clamp(0, 1);
  const Tensor between = left.to(torch::kFloat) + share * (right - left).to(torch::kFloat);
  const Tensor equal = 0.5 * (below + upto - 1).to(torch::kFloat);
  const Tensor place = torch::where(upto > below, equal, between);
  return (place * (2 * kReach / static_cast<double>(kKnots - 1)) - kReach).t();
}

}  // namespace

FixedFeatures::FixedFeatures(const BlockShape& shape)
    : channels_(static_cast<std::int64_t>(shape.channels)), series_(shape.kind == "series") {
  axes_ = torch::zeros({static_cast<std::int64_t>(shape.size()), kAxes});
  mean_ = torch::zeros({count()});
  scale_ = torch::zeros({count()});
  if (series_) knots_ = torch::zeros({count() - kAxes, kKnots});
}

std::vector<Tensor> FixedFeatures::tensors() const {
  std::vector<Tensor> all{axes_, mean_, scale_};
  if (series_) all.push_back(knots_);
  return all;
}

std::int64_t FixedFeatures::count() const {
  return kAxes + (series_ ? kStatistics * channels_ + channels_ * (channels_ - 1) / 2 : 0);
}

void FixedFeatures::fit(const Tensor& x) {
  const Tensor flat = x.flatten(1);  // (n, C H W)
  const std::int64_t n = flat.size(0);
  // Eigenvectors of the smaller side: n participants against tens of thousands of pixels.
  const Tensor gram = flat.mm(flat.t()).to(torch::kDouble);
  const auto [values, vectors] = torch::linalg_eigh(gram);  // ascending
  const std::int64_t most = std::min({kAxes, n - 1, flat.size(1)});
  axes_.zero_();
  for (std::int64_t k = 0; k < most; ++k) {
    const double value = values[n - 1 - k].item<double>();
    if (value < 1e-9 * values[n - 1].item<double>()) break;
    const Tensor direction = vectors.select(1, n - 1 - k).to(torch::kFloat);  // (n,)
    axes_.select(1, k).copy_(flat.t().mv(direction) / std::sqrt(value));
  }
  if (series_) knots_.copy_(knots_of(statistics(x)));
  const Tensor all = measured(x);
  mean_.copy_(all.mean(0));
  const Tensor sd = all.std(0, false);
  scale_.copy_(torch::where(sd > 1e-6, sd.clamp_min(1e-6).reciprocal(), torch::zeros_like(sd)));
}

Tensor FixedFeatures::measured(const Tensor& x) const {
  const Tensor components = x.flatten(1).mm(axes_);
  return series_ ? torch::cat({scores_of(statistics(x), knots_), components}, 1) : components;
}

Tensor FixedFeatures::of(const Tensor& x) const {
  const Tensor features = ((measured(x) - mean_) * scale_).clamp(-kClip, kClip);
  if (series_) return features;
  // Square roots of the components' shares of the first: a ridge then costs a small one more.
  const Tensor share = torch::where(scale_ > 0, scale_[0] / scale_.clamp_min(1e-12), scale_);
  return features * share.sqrt();
}

}  // namespace polycause
