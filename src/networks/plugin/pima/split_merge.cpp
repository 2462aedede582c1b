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
constexpr std::int64_t kRows = 4000;  // participants that moves are tried on
constexpr std::size_t kTried = 3;     // pairs, each with as many splits
constexpr int kMoves = 20;            // at most
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

/// Pairs of clusters, the most alike first: scores (n, K), gamma (n, K).
std::vector<ClusterPair> alike(const Tensor& scores, const Tensor& gamma) {
  const Tensor share = gamma / gamma.sum(0).clamp_min(1e-12);
  const Tensor mean = share.t().mm(scores).to(torch::kDouble);  // (K, K): of k's under j
  std::vector<ClusterPair> pairs;
  for (std::int64_t i = 0; i < mean.size(0); ++i) {
    for (std::int64_t j = i + 1; j < mean.size(0); ++j) {
      const Tensor away = mean[i][i] + mean[j][j] - mean[i][j] - mean[j][i];
      pairs.push_back({i, j, away.item<double>()});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const ClusterPair& a, const ClusterPair& b) {
    return a.divergence < b.divergence;
  });
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

/// `gamma` with `pair` as one cluster and cluster `split.cluster` as two.
Tensor PimaTrainer::moved(const Cached& cached, const Tensor& gamma, const ClusterPair& pair,
                          const Split& split) const {
  const bool latents = split.view == cached.seen.size();
  const Tensor x = latents ? cached.q.mean : cached.seen[split.view].x.flatten(1);
  const Tensor side = one_side(x, gamma.select(1, split.cluster), generator_);
  Tensor result = gamma.clone();
  result.select(1, pair.into).add_(result.select(1, pair.gone));
  result.select(1, pair.gone).copy_(side);
  result.select(1, split.cluster).sub_(side);
  return result;
}

/// What may fall into two, the most promising first: every cluster by its latents, or by the curves
/// of a law that has a say.
std::vector<PimaTrainer::Split> PimaTrainer::splits(const Cached& cached, const Tensor& gamma,
                                                    const ClusterPair& pair) {
  std::vector<Split> list;
  for (std::int64_t k = 0; k < gamma.size(1); ++k) {
    if (k == pair.into || k == pair.gone) continue;
    for (std::size_t view = 0; view <= cached.seen.size(); ++view) {
      const bool law = view < cached.seen.size();
      if (law && (!cached.seen[view].x.defined() || options_.responsibility != "exact")) continue;
      Split split{k, view, 0};
      Tensor tried = moved(cached, gamma, pair, split);
      split.value = settle(cached, kGlance, tried);
      list.push_back(split);
    }
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Split& a, const Split& b) { return a.value > b.value; });
  return list;
}

/// The best of the most promising moves from `gamma` on.
PimaTrainer::Attempt PimaTrainer::best_move(const Cached& cached, const Tensor& gamma) {
  std::vector<ClusterPair> pairs = alike(cluster_scores(cached), gamma);
  pairs.resize(std::min(pairs.size(), kTried));
  std::vector<Split> promising = splits(cached, gamma, pairs[0]);
  promising.resize(std::min(promising.size(), kTried));
  Attempt best;
  for (const ClusterPair& pair : pairs) {
    for (const Split& split : promising) {
      if (split.cluster == pair.into || split.cluster == pair.gone) continue;
      Attempt attempt{moved(cached, gamma, pair, split), 0};
      attempt.value = settle(cached, kSettled, attempt.gamma);
      if (attempt.value > best.value) best = std::move(attempt);
    }
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
  bool better = true;
  for (int move = 0; better && move < kMoves; ++move) {
    Attempt next = best_move(some, best.gamma);
    better = next.value > best.value + kGain;
    if (better) best = std::move(next);
    settle(some, 1, best.gamma);  // from the attempts back to it
  }
  for (int r = 0; r < kLastRounds; ++r) counts_ = round(all, true);
}

}  // namespace polycause
