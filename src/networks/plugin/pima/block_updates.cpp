// The steps of `pima` that need no gradient through the networks: clusters, laws and the network of
// nodes given everybody's posterior.
#include <torch/torch.h>

#include <algorithm>

#include "networks/plugin/pima/trainer.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kChunk = std::int64_t{1} << 22U;  // responsibilities at a time
constexpr double kLeast = 1;  // participants below which a cluster counts as empty

}  // namespace

/// From here on encoders are what they are: everybody's codes are computed once, and no gradient
/// goes through encoders.
void PimaTrainer::hold_encoders() {
  const torch::NoGradGuard no_gradient;
  net_->train(false);
  std::vector<std::uint32_t> rows = train_;
  rows.insert(rows.end(), held_out_.begin(), held_out_.end());
  BatchReader batches = reader(rows);
  Batch batch;
  Held held;
  std::int64_t next = 0;
  std::vector<Tensor> means;
  std::vector<Tensor> log_variances;
  while (batches.next(batch)) {
    const std::vector<Seen> seen = usable(batch);
    const ModalityCodes codes = net_->codes(seen);
    means.push_back(codes.mean);
    log_variances.push_back(codes.log_variance);
    for (const std::uint32_t row : batch.rows) held.place[row] = next++;
  }
  held.codes = {torch::cat(means, 1), torch::cat(log_variances, 1)};
  held_ = std::move(held);
  held_.everybody = cache();
}

Posterior PimaTrainer::posterior(const Batch& batch, const std::vector<Seen>& seen,
                                 const Tensor& keep) const {
  if (held_.place.empty()) return net_->posterior(seen, keep);
  std::vector<std::int64_t> places;
  for (const std::uint32_t row : batch.rows) places.push_back(held_.place.at(row));
  const Tensor at = torch::tensor(places, torch::kLong);
  return product_of_experts(
      {held_.codes.mean.index_select(1, at), held_.codes.log_variance.index_select(1, at)},
      keep.defined() ? keep : PimaNet::presence(seen));
}

PimaTrainer::Cached PimaTrainer::cache() const {
  const torch::NoGradGuard no_gradient;
  net_->train(false);
  std::vector<Tensor> means;
  std::vector<Tensor> variances;
  const std::size_t modalities = readers_.size();
  std::vector<std::vector<Seen>> seen(modalities);
  Cached cached;
  BatchReader batches = reader(train_);
  Batch batch;
  while (batches.next(batch)) {
    const std::vector<Seen> one = usable(batch);
    const Posterior q = posterior(batch, one);
    means.push_back(q.mean);
    variances.push_back(q.variance);
    cached.rows.insert(cached.rows.end(), batch.rows.begin(), batch.rows.end());
    for (std::size_t m = 0; m < modalities; ++m) {
      if (net_->channels()[m].expert()) seen[m].push_back(one[m]);
    }
  }
  cached.q = {torch::cat(means), torch::cat(variances)};
  cached.seen.resize(modalities);
  for (std::size_t m = 0; m < modalities; ++m) {
    if (seen[m].empty()) continue;
    std::vector<Tensor> x;
    std::vector<Tensor> mask;
    std::vector<Tensor> there;
    for (const Seen& one : seen[m]) {
      x.push_back(one.x);
      mask.push_back(one.seen);
      there.push_back(one.there);
    }
    cached.seen[m] = {torch::cat(x), torch::cat(mask), torch::cat(there)};
  }
  return cached;
}

PimaTrainer::Cached PimaTrainer::part(const Cached& cached, std::int64_t most) {
  const std::int64_t n = cached.q.mean.size(0);
  if (n <= most) return cached;
  const Tensor rows = torch::div(torch::arange(most, torch::kLong) * n, most, "floor");
  Cached some;
  some.q = {cached.q.mean.index_select(0, rows), cached.q.variance.index_select(0, rows)};
  for (std::int64_t i = 0; i < most; ++i)
    some.rows.push_back(cached.rows[static_cast<std::size_t>(i * n / most)]);
  for (const Seen& all : cached.seen) {
    some.seen.push_back(all.x.defined()
                            ? Seen{all.x.index_select(0, rows), all.seen.index_select(0, rows),
                                   all.there.index_select(0, rows)}
                            : Seen{});
  }
  return some;
}

Tensor PimaTrainer::expert_scores(const Cached& cached, std::int64_t begin,
                                  std::int64_t end) const {
  Tensor sum;
  for (std::size_t m = 0; m < cached.seen.size(); ++m) {
    const Seen& all = cached.seen[m];
    if (!all.x.defined()) continue;
    const Tensor scores = net_->channels()[m].expert_scores({all.x.slice(0, begin, end),
                                                             all.seen.slice(0, begin, end),
                                                             all.there.slice(0, begin, end)});
    sum = sum.defined() ? sum + scores : scores;
  }
  return sum;
}

void PimaTrainer::add_moments(const Cached& cached, std::int64_t begin, const Tensor& gamma,
                              BlockMoments& moments) const {
  const std::int64_t end = begin + gamma.size(0);
  moments.clusters.add(
      gamma, {cached.q.mean.slice(0, begin, end), cached.q.variance.slice(0, begin, end)});
  moments.curves.resize(cached.seen.size());
  for (std::size_t m = 0; m < cached.seen.size(); ++m) {
    const Seen& all = cached.seen[m];
    if (!all.x.defined()) continue;
    moments.curves[m].add(gamma, all.x.slice(0, begin, end).flatten(1),
                          all.seen.slice(0, begin, end).flatten(1));
  }
}

/// Clusters and experts of the largest bound given responsibilities.
void PimaTrainer::maximise(const Cached& cached, const BlockMoments& moments) {
  const Tensor spread = cached.q.mean.var(0, false) + cached.q.variance.mean(0);
  const ClusterMoments& clusters = moments.clusters;
  if (options_.means == "own") {
    update_own_latents(net_->nodes(), clusters, 1e-4 * spread, net_->mixture());
  } else {
    update_clusters(net_->nodes(), clusters, 1e-4 * spread, kLeast, options_.means == "additive",
                    net_->mixture());
  }
  for (std::size_t m = 0; m < cached.seen.size(); ++m) {
    if (cached.seen[m].x.defined()) net_->channels()[m].update_expert(moments.curves[m], kLeast);
  }
}

/// Responsibilities of everybody; then clusters and experts where `update`. Returns the expected
/// counts under the responsibilities.
Tensor PimaTrainer::round(const Cached& cached, bool update) {
  const std::int64_t n = cached.q.mean.size(0);
  const std::int64_t rows = std::max<std::int64_t>(16, kChunk / net_->nodes().joint);
  BlockMoments moments;
  for (std::int64_t begin = 0; begin < n; begin += rows) {
    const std::int64_t end = std::min(n, begin + rows);
    const Posterior q{cached.q.mean.slice(0, begin, end), cached.q.variance.slice(0, begin, end)};
    Tensor z = q.mean;
    if (options_.responsibility == "sample")
      z = z + q.variance.sqrt() * torch::randn(z.sizes(), generator_);
    // Before the first curves there is nothing that a law could say.
    const Tensor expert = counts_.defined() ? expert_scores(cached, begin, end) : Tensor();
    const Tensor gamma = net_->responsibilities(net_->latent_scores(q), expert, z);
    if (update) {
      add_moments(cached, begin, gamma, moments);
    } else {
      moments.clusters.add(gamma, q);
    }
  }
  if (update) maximise(cached, moments);
  return moments.clusters.counts;
}

void PimaTrainer::block_update(int rounds, double beta) {
  const torch::NoGradGuard no_gradient;
  const Cached cached = everybody();
  for (int r = 0; r < rounds; ++r) counts_ = round(cached, true);
  if (beta <= 0) return;
  counts_ = round(cached, false);
  LearnedNetwork network;
  {
    const torch::AutoGradMode gradient(true);
    network = learner_->learn(counts_, beta);
  }
  net_->mixture().log_joint = network.log_joint.to(torch::kFloat);
  edges_ = network.edges;
  network_objective_ = network.objective;
}

}  // namespace polycause
