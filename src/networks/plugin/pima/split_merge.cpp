// Split and merge (Ueda, Nakano, Ghahramani and Hinton 2000, "SMEM algorithm for mixture models"):
// expectation maximisation cannot move a cluster through the space between two others, so that two
// true clusters stay one and another stays two.
#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "networks/plugin/pima/trainer.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kRows = 8000;  // participants that moves are tried on
constexpr std::size_t kTried = 3;     // merges, each with as many splits
constexpr int kGlance = 4;            // rounds after which splits are compared
constexpr int kSettled = 40;          // rounds at most until clusters are judged
constexpr double kStill = 1e-5;       // nat per participant in a round
constexpr double kGain = 1e-3;        // nat per participant of a move that is made
constexpr int kTurns = 20;            // of the power iteration
constexpr int kLastRounds = 2;        // of everybody

/// The part (n,) of a cluster's responsibilities (n,) that lies on one side of its mean along the
/// direction in which its participants' x (n, k) differ most.
Tensor one_side(const Tensor& x, const Tensor& gamma, at::Generator& generator) {
  const Tensor centred = x - gamma.matmul(x) / gamma.sum().clamp_min(1e-12);
  Tensor direction = torch::randn({x.size(1)}, generator);
  for (int turn = 0; turn < kTurns; ++turn) {
    direction = centred.t().mv(gamma * centred.mv(direction));
    direction = direction / direction.norm().clamp_min(1e-12);
  }
  return gamma * centred.mv(direction).gt(0);
}

/// gamma (n, K) with `into` and `gone` as one, and column `gone` free.
Tensor merged(const Tensor& gamma, std::int64_t into, std::int64_t gone) {
  Tensor result = gamma.clone();
  result.select(1, into).add_(result.select(1, gone));
  result.select(1, gone).zero_();
  return result;
}

struct Pair {
  std::int64_t into = 0;
  std::int64_t gone = 0;
  double divergence = 0;  // of both from each other, nat
};

/// Pairs of clusters, the most alike first: scores (n, K), gamma (n, K).
std::vector<Pair> alike(const Tensor& scores, const Tensor& gamma) {
  const Tensor share = gamma / gamma.sum(0).clamp_min(1e-12);
  const Tensor mean = share.t().mm(scores).to(torch::kDouble);  // (K, K): of k's under j
  std::vector<Pair> pairs;
  for (std::int64_t i = 0; i < mean.size(0); ++i) {
    for (std::int64_t j = i + 1; j < mean.size(0); ++j) {
      const Tensor away = mean[i][i] + mean[j][j] - mean[i][j] - mean[j][i];
      pairs.push_back({i, j, away.item<double>()});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.divergence < b.divergence; });
  return pairs;
}

}  // namespace

/// What decides the responsibilities of everybody in `cached`, (n, K).
Tensor PimaTrainer::cluster_scores(const Cached& cached) const {
  const Tensor latent = net_->latent_scores(cached.q);
  if (options_.responsibility != "exact" || !net_->has_expert()) return latent;
  return latent + expert_scores(cached, 0, latent.size(0));
}

/// Block updates from responsibilities gamma (n, K) on until nothing changes any more. Returns the
/// clusters' share of the bound, nat per participant; gamma becomes what they say at the end.
double PimaTrainer::settle(const Cached& cached, int rounds, Tensor& gamma) {
  double value = -1e300;
  for (int r = 0; r < rounds; ++r) {
    BlockMoments moments;
    add_moments(cached, 0, gamma, moments);
    maximise(cached, moments);
    const Tensor counts = moments.clusters.counts + 1.0 / static_cast<double>(gamma.size(1));
    net_->mixture().log_joint = (counts / counts.sum()).log().to(torch::kFloat);
    const Tensor scores = cluster_scores(cached);
    gamma = scores.softmax(1);
    const double before = value;
    value = scores.logsumexp(1).mean().item<double>();
    if (value - before < kStill) break;
  }
  return value;
}

/// The best of the moves that make one cluster of `pair` and two of another.
PimaTrainer::Attempt PimaTrainer::best_move(const Cached& cached, const Tensor& gamma,
                                            std::int64_t into, std::int64_t gone) {
  const Tensor together = merged(gamma, into, gone);
  std::vector<Attempt> splits;
  for (std::int64_t k = 0; k < gamma.size(1); ++k) {
    if (k == into || k == gone) continue;
    // What may fall into two: the latents, or the curves of a law that has a say.
    for (std::size_t view = 0; view <= cached.seen.size(); ++view) {
      const bool latents = view == cached.seen.size();
      if (!latents && (!cached.seen[view].x.defined() || options_.responsibility != "exact"))
        continue;
      const Tensor x = latents ? cached.q.mean : cached.seen[view].x.flatten(1);
      const Tensor side = one_side(x, gamma.select(1, k), generator_);
      Attempt split{together.clone(), 0};
      split.gamma.select(1, k).sub_(side);
      split.gamma.select(1, gone).copy_(side);
      split.value = settle(cached, kGlance, split.gamma);
      splits.push_back(std::move(split));
      std::stable_sort(splits.begin(), splits.end(),
                       [](const Attempt& a, const Attempt& b) { return a.value > b.value; });
      if (splits.size() > kTried) splits.pop_back();
    }
  }
  Attempt best;
  for (Attempt& split : splits) {
    split.value = settle(cached, kSettled, split.gamma);
    if (split.value > best.value) best = std::move(split);
  }
  return best;
}

void PimaTrainer::split_and_merge() {
  const std::int64_t joint = net_->nodes().joint;
  // With more features a cluster's place among the joint outcomes is its name.
  if (net_->nodes().count() != 1 || joint < 3 || options_.responsibility == "sample") return;
  const torch::NoGradGuard no_gradient;
  const Cached all = everybody();
  const Cached some = part(all, kRows);
  Attempt best;
  best.gamma = cluster_scores(some).softmax(1);
  best.value = settle(some, kSettled, best.gamma);
  for (std::int64_t move = 0; move < 2 * joint; ++move) {
    std::vector<Pair> pairs = alike(cluster_scores(some), best.gamma);
    pairs.resize(std::min(pairs.size(), kTried));
    Attempt next;
    for (const Pair& pair : pairs) {
      Attempt attempt = best_move(some, best.gamma, pair.into, pair.gone);
      if (attempt.value > next.value) next = std::move(attempt);
    }
    const bool better = next.value > best.value + kGain;
    if (better) best = std::move(next);
    settle(some, 1, best.gamma);  // from the attempts back to it
    if (!better) break;
  }
  for (int r = 0; r < kLastRounds; ++r) counts_ = round(all, true);
}

}  // namespace polycause
