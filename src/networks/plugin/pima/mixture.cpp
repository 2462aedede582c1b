#include "networks/plugin/pima/mixture.h"

#include <torch/torch.h>

#include <cmath>

namespace polycause {
namespace {

using torch::Tensor;
const double kLogTwoPi = std::log(2 * std::acos(-1.0));

/// 1/2 sum_k (square_k - 2 mean_k m_k + m_k^2) / v_k + log v_k of every row and cluster by one
/// product, (B, K): around the clusters' common centre, which keeps the digits that the difference
/// needs. square is mean^2, plus `extra` where there is one.
Tensor half_distances(const Tensor& mean, const Tensor& extra, const Mixture& mixture) {
  const Tensor centre = mixture.mean.mean(0, true);
  const Tensor x = mean - centre;
  const Tensor m = mixture.mean - centre;
  const Tensor precision = mixture.variance.reciprocal();
  Tensor square = x.square();
  if (extra.defined()) square = square + extra;
  const Tensor rows = torch::cat({square, x}, 1);                          // (B, 2 l)
  const Tensor clusters = torch::cat({precision, -2 * m * precision}, 1);  // (K, 2 l)
  const Tensor own = (m.square() * precision + mixture.variance.log()).sum(1);
  return torch::addmm(own, rows, clusters.t(), 0.5, 0.5);
}

}  // namespace

Posterior product_of_experts(const ModalityCodes& codes, const Tensor& keep) {
  const Tensor precision = (-codes.log_variance).exp() * keep;
  const Tensor total = precision.sum(0);
  return {(codes.mean * precision).sum(0) / total, total.reciprocal()};
}

Tensor divergences(const Posterior& q, const Mixture& mixture) {
  const Tensor own = q.variance.log().sum(1, true) + static_cast<double>(q.mean.size(1));  // (B, 1)
  return half_distances(q.mean, q.variance, mixture) - 0.5 * own;
}

Tensor log_densities(const Tensor& z, const Mixture& mixture) {
  const auto latents = static_cast<double>(z.size(1));
  return -half_distances(z, Tensor(), mixture) - 0.5 * latents * kLogTwoPi;
}

Tensor mixture_bound(const Tensor& gamma, const Tensor& scores) {
  // 0 log 0 = 0
  return (gamma * (scores - gamma.clamp_min(1e-38).log())).sum(1);
}

void ClusterMoments::add(const Tensor& gamma, const Posterior& q) {
  const std::int64_t latents = q.mean.size(1);
  const Tensor mu = q.mean.to(torch::kDouble);
  const Tensor square = mu.square() + q.variance.to(torch::kDouble);
  // One product for all three: it is the reading of gamma that takes the time.
  const Tensor parts = torch::cat({torch::ones_like(mu.slice(1, 0, 1)), mu, square}, 1);
  const Tensor all = gamma.to(torch::kDouble).t().mm(parts);  // (K, 1 + 2 l)
  const Tensor own = all.select(1, 0);
  counts = counts.defined() ? counts + own : own.clone();
  const Tensor first = all.slice(1, 1, 1 + latents);
  sums = sums.defined() ? sums + first : first.clone();
  const Tensor second = all.slice(1, 1 + latents);
  squares = squares.defined() ? squares + second : second.clone();
}

Tensor outcome_design(const Nodes& nodes) {
  std::int64_t columns = 1;
  for (const int c : nodes.outcomes) columns += c;
  const Tensor design = torch::zeros({nodes.joint, columns}, torch::kDouble);
  design.select(1, 0).fill_(1);
  std::int64_t at = 1;
  std::int64_t stride = nodes.joint;
  const Tensor index = torch::arange(nodes.joint);
  for (const int outcomes : nodes.outcomes) {
    stride /= outcomes;
    const Tensor own = torch::div(index, stride, "floor").remainder(outcomes);
    design.slice(1, at, at + outcomes)
        .copy_(own.unsqueeze(1).eq(torch::arange(outcomes).unsqueeze(0)).to(torch::kDouble));
    at += outcomes;
  }
  return design;
}

Tensor additive_effects(const Tensor& design, const Tensor& weights, const Tensor& means) {
  const Tensor w = weights.t().unsqueeze(1);            // (l, 1, K)
  const Tensor weighted = design.t().unsqueeze(0) * w;  // (l, P, K)
  Tensor gram = weighted.matmul(design);                // (l, P, P)
  // The nodes' columns each sum to the first: a trace of ridge picks one of the equal solutions.
  const Tensor scale = gram.diagonal(0, 1, 2).mean(1).clamp_min(1e-30).view({-1, 1, 1});
  gram = gram + 1e-8 * scale * torch::eye(design.size(1), torch::kDouble);
  const Tensor right = weighted.matmul(means.t().unsqueeze(2));  // (l, P, 1)
  return torch::linalg_solve(gram, right).squeeze(2).t();        // (P, l)
}

Tensor additive_means(const Tensor& design, const Tensor& weights, const Tensor& means) {
  return design.mm(additive_effects(design, weights, means));
}

void update_clusters(const Nodes& nodes, const ClusterMoments& moments, const Tensor& floor,
                     double least, bool additive, Mixture& mixture) {
  const Tensor counts = moments.counts.clamp_min(1e-12).unsqueeze(1);  // (K, 1)
  const Tensor total = moments.counts.sum().clamp_min(1e-12);
  Tensor mean = moments.sums / counts;
  const Tensor lowest = floor.to(torch::kDouble);
  const Tensor few = moments.counts.lt(least).unsqueeze(1);
  if (additive || few.any().item<bool>()) {
    const Tensor known = moments.counts.unsqueeze(1) * few.logical_not();
    const Tensor weights = known / mixture.variance.to(torch::kDouble);
    const Tensor sum = additive_means(outcome_design(nodes), weights, mean);
    mean = additive ? sum : torch::where(few, sum, mean);
  }
  // E (mu - mean)^2 + sigma^2, whatever the mean is.
  Tensor variance = moments.squares / counts - 2 * mean * (moments.sums / counts) + mean.square();
  const Tensor known = variance * moments.counts.unsqueeze(1) * few.logical_not();
  const Tensor all = (moments.counts.unsqueeze(1) * few.logical_not()).sum().clamp_min(1e-12);
  variance = torch::where(few, known.sum(0, true) / all, variance);
  mixture.mean = mean.to(torch::kFloat).contiguous();
  mixture.variance = torch::maximum(variance, lowest).to(torch::kFloat).contiguous();
}

void update_own_latents(const Nodes& nodes, const ClusterMoments& moments, const Tensor& floor,
                        Mixture& mixture) {
  const Tensor design = outcome_design(nodes);  // (K, 1 + sum C)
  const std::int64_t latents = moments.sums.size(1);
  std::vector<Tensor> means;
  std::vector<Tensor> variances;
  std::int64_t at = 1;
  for (std::int64_t j = 0; j < latents; ++j) {
    const bool node = j < nodes.count();
    const std::int64_t width = node ? nodes.outcomes[static_cast<std::size_t>(j)] : 1;
    const Tensor own = node ? design.slice(1, at, at + width) : design.slice(1, 0, 1);  // (K, C_j)
    if (node) at += width;
    const Tensor counts = own.t().mv(moments.counts).clamp_min(1e-12);
    const Tensor mean = own.t().mv(moments.sums.select(1, j)) / counts;
    const Tensor square = own.t().mv(moments.squares.select(1, j)) / counts;
    means.push_back(own.mv(mean));
    variances.push_back(own.mv(square - mean.square()));
  }
  const Tensor lowest = floor.to(torch::kDouble);
  mixture.mean = torch::stack(means, 1).to(torch::kFloat).contiguous();
  mixture.variance =
      torch::maximum(torch::stack(variances, 1), lowest).to(torch::kFloat).contiguous();
}

}  // namespace polycause
