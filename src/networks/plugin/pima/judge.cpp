#include "networks/plugin/pima/judge.h"

#include <torch/torch.h>

#include <limits>

#include "networks/plugin/batches.h"

namespace polycause {
namespace {

using torch::Tensor;

/// Share of the variance around the mean block that a prediction leaves out, summed up by batches.
struct Explained {
  Tensor sum;  // (C, H, W) double
  Tensor squares;
  Tensor counts;
  double left = 0;

  void add(const Tensor& predicted, const Seen& seen, const Tensor& use) {
    const Tensor weight = (seen.seen * use.view({-1, 1, 1, 1})).to(torch::kDouble);
    const Tensor x = seen.x.to(torch::kDouble);
    if (!sum.defined()) {
      sum = torch::zeros_like(x[0]);
      squares = sum.clone();
      counts = sum.clone();
    }
    left += ((predicted.to(torch::kDouble) - x).square() * weight).sum().item<double>();
    sum += (x * weight).sum(0);
    squares += (x.square() * weight).sum(0);
    counts += weight.sum(0);
  }
  double value() const {
    if (!sum.defined()) return std::numeric_limits<double>::quiet_NaN();
    const double total = (squares - sum.square() / counts.clamp_min(1)).sum().item<double>();
    return total > 0 ? 1 - left / total : std::numeric_limits<double>::quiet_NaN();
  }
};

double entropy(const Tensor& p) { return -(p * p.clamp_min(1e-30).log()).sum().item<double>(); }

}  // namespace

PimaQuality judged(const PimaNet& net, const std::vector<NetworkInput>& inputs,
                   const std::vector<std::uint32_t>& held_out, std::size_t batch_size,
                   const Tensor& counts) {
  const torch::NoGradGuard no_gradient;
  const std::size_t modalities = inputs.size();
  std::vector<Explained> own(modalities);
  std::vector<Explained> crossed(modalities);
  Tensor mean_gamma = torch::zeros({net.nodes().joint}, torch::kDouble);
  double uncertainty = 0;
  double people = 0;
  std::vector<Tensor> means;
  std::vector<Tensor> variances;
  BatchReader reader(inputs, std::vector<bool>(modalities, true), held_out, batch_size);
  Batch batch;
  while (reader.next(batch)) {
    const std::vector<Seen> seen = net.standardised(batch.raw);
    const Tensor there = PimaNet::presence(seen);
    const auto predict = [&](std::size_t m, const Tensor& keep, Explained& to) {
      const Tensor use = (keep.sum(0) > 0).to(torch::kFloat);  // (B, 1)
      const Tensor safe = torch::where(use.unsqueeze(0) > 0, keep, torch::ones_like(keep));
      const Posterior q = net.posterior(seen, safe);
      const Tensor gamma =
          net.responsibilities(net.latent_scores(q), net.expert_scores(seen, safe), q.mean);
      const PimaChannel& channel = net.channels()[m];
      const Tensor expected = channel.expected(q.mean, gamma);
      // Back to the scale on which the channel's data are.
      const Tensor zero = channel.raw(torch::zeros_like(seen[m].x));
      const Tensor one = channel.raw(torch::ones_like(seen[m].x));
      to.add((expected - zero) / (one - zero), seen[m], use * seen[m].there);
    };
    for (std::size_t m = 0; m < modalities; ++m) {
      predict(m, there, own[m]);
      if (modalities < 2) continue;
      Tensor others = there.clone();
      others[static_cast<std::int64_t>(m)].zero_();
      predict(m, others, crossed[m]);
    }
    const Tensor rows = there.sum(0).squeeze(1).nonzero().squeeze(1);
    if (rows.size(0) == 0) continue;
    const Posterior q = net.posterior(seen);
    const Tensor gamma = net.responsibilities(net.latent_scores(q), net.expert_scores(seen), q.mean)
                             .index_select(0, rows)
                             .to(torch::kDouble);
    mean_gamma += gamma.sum(0);
    uncertainty += entropy(gamma);
    people += static_cast<double>(rows.size(0));
    means.push_back(q.mean.index_select(0, rows));
    variances.push_back(q.variance.index_select(0, rows));
  }
  PimaQuality quality;
  for (std::size_t m = 0; m < modalities; ++m) {
    quality.explained.push_back(own[m].value());
    quality.predicted.push_back(crossed[m].value());
  }
  const Tensor flat = counts.to(torch::kDouble).contiguous();
  quality.occupation.assign(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  if (people > 0) {
    quality.information = entropy(mean_gamma / people) - uncertainty / people;
    const Tensor spread = torch::cat(means).var(0, false);
    const Tensor unsure = torch::cat(variances).mean(0);
    quality.latent_share = (spread / (spread + unsure)).max().item<double>();
  }
  return quality;
}

}  // namespace polycause
