// Where the mixture begins: which clusters there are, and which outcomes each stands for.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "networks/plugin/pima/cuts.h"
#include "networks/plugin/pima/mixture.h"
#include "networks/plugin/pima/registration.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kRows = 4000;       // participants that starts are tried on
constexpr int kRounds = 12;                // of expectation maximisation, of every candidate
constexpr int kLastRounds = 60;            // of the best
constexpr int kSeedings = 12;              // of the clusters without labels
constexpr int kTurned = 100;               // grids laid over the clusters at random
constexpr std::int64_t kRegistered = 128;  // most clusters for which that is tried
constexpr double kAlike = 0.6;             // cuts that share more are not two nodes
constexpr double kSkip = 0.6;              // chance that a later start passes a cut over
constexpr double kActive = 0.1;            // a latent's share of variance that is not uncertainty

struct Candidate {
  Mixture mixture;
  double likelihood = -1e300;  // per participant
};

class AdditiveStart {
 public:
  AdditiveStart(const Nodes& nodes, const Posterior& q, at::Generator& generator)
      : nodes_(nodes), generator_(generator), design_(outcome_design(nodes)) {
    const std::int64_t n = q.mean.size(0);
    Tensor rows = torch::randperm(n, generator, torch::kLong);
    rows = rows.slice(0, 0, std::min(n, kRows));
    centre_ = q.mean.mean(0, true);
    scale_ = (q.mean.var(0, false, true) + q.variance.mean(0, true)).clamp_min(1e-12).sqrt();
    q_.mean = (q.mean.index_select(0, rows) - centre_) / scale_;
    q_.variance = q.variance.index_select(0, rows) / scale_.square();
    const Tensor x = q_.mean.to(torch::kDouble);
    active_ = x.var(0, false).gt(kActive).nonzero().squeeze(1);
    if (active_.size(0) < 1) active_ = torch::arange(x.size(1));
    const Tensor some = x.index_select(1, active_);
    const Tensor centred = some - some.mean(0, true);
    const auto [values, vectors] =
        torch::linalg_eigh(centred.t().mm(centred) / static_cast<double>(some.size(0)));
    white_ = centred.mm(vectors) * values.clamp_min(1e-9).rsqrt();
    floor_ = torch::full({x.size(1)}, 1e-4, torch::kDouble);
  }

  Mixture run(std::int64_t starts) {
    Candidate best;
    double highest = -1e300;
    const auto consider = [&](Candidate candidate) {
      const double now = score(candidate);
      if (now <= highest) return;
      highest = now;
      best = std::move(candidate);
    };
    const bool registering = nodes_.joint <= kRegistered;
    Candidate clusters;
    if (registering) clusters = seeded_clusters();
    for (std::int64_t s = 0; s < starts; ++s) {
      Candidate candidate = labelled(s);
      improve(candidate, kRounds, true);
      const Tensor cells = candidate.mixture.mean.to(torch::kDouble);
      improve(candidate, kRounds, false);
      consider(std::move(candidate));
      if (registering) consider(placed(clusters, cells));
    }
    if (registering) {
      // Of the grids laid at random the closest few: their score takes longer than their misfit.
      std::vector<Registration> grids;
      for (int s = 0; s < kTurned; ++s) grids.push_back(registration(clusters, random_grid()));
      std::stable_sort(
          grids.begin(), grids.end(),
          [](const Registration& a, const Registration& b) { return a.misfit < b.misfit; });
      for (std::size_t g = 0; g < 6; ++g) consider(named(clusters, grids[g]));
    }
    improve(best, kLastRounds, false);
    Mixture found = best.mixture;
    found.mean = found.mean * scale_ + centre_;
    found.variance = found.variance * scale_.square();
    return found;
  }

 private:
  /// One labelling per node: the clearest cuts that differ from each other, and in later starts
  /// any of the clear ones.
  Candidate labelled(std::int64_t start) {
    std::vector<Tensor> chosen(nodes_.outcomes.size());
    const Tensor order = torch::randperm(nodes_.count(), generator_, torch::kLong);
    for (std::int64_t at = 0; at < nodes_.count(); ++at) {
      const auto i = static_cast<std::size_t>(order[at].item<std::int64_t>());
      chosen[i] = chosen_cut(nodes_.outcomes[i], chosen, start < 2 ? 0 : kSkip);
    }
    Tensor joint = torch::zeros({white_.size(0)}, torch::kLong);
    for (std::size_t i = 0; i < chosen.size(); ++i) joint = joint * nodes_.outcomes[i] + chosen[i];
    return from_labels(joint, true);
  }

  Tensor chosen_cut(int outcomes, const std::vector<Tensor>& others, double skip) {
    std::vector<Cut>& cuts = cuts_[outcomes];
    if (cuts.empty()) cuts = clear_cuts(white_, outcomes, generator_);
    for (const Cut& one : cuts) {
      if (torch::rand({1}, generator_).item<double>() < skip) continue;
      bool apart = true;
      for (const Tensor& other : others) {
        if (!other.defined()) continue;
        const std::int64_t base =
            std::max<std::int64_t>(outcomes, other.max().item<std::int64_t>() + 1);
        apart = apart && shared_information(one.labels, other, base) < kAlike;
      }
      if (apart) return one.labels;
    }
    const auto any = torch::randint(static_cast<std::int64_t>(cuts.size()), {1}, generator_);
    return cuts[static_cast<std::size_t>(any.item<std::int64_t>())].labels;
  }

  Candidate from_labels(const Tensor& joint, bool additive) {
    Candidate candidate;
    const std::int64_t latents = q_.mean.size(1);
    candidate.mixture.mean = torch::zeros({nodes_.joint, latents});
    candidate.mixture.variance = torch::ones({nodes_.joint, latents});
    maximise(torch::one_hot(joint, nodes_.joint).to(torch::kFloat), additive, candidate.mixture);
    return candidate;
  }

  /// The likeliest mixture without labels: every next centre is drawn in proportion to its squared
  /// distance from those before (Arthur and Vassilvitskii 2007).
  Candidate seeded_clusters() {
    Candidate best;
    for (int s = 0; s < kSeedings; ++s) {
      const std::int64_t n = q_.mean.size(0);
      std::vector<Tensor> centres;
      Tensor nearest = torch::ones({n});
      Tensor labels = torch::zeros({n}, torch::kLong);
      for (std::int64_t c = 0; c < nodes_.joint; ++c) {
        const Tensor weights = nearest.clamp_min(1e-9);
        const auto at = torch::multinomial(weights, 1, true, generator_).item<std::int64_t>();
        const Tensor distance = (q_.mean - q_.mean[at]).square().sum(1);
        const Tensor closer = c == 0 ? torch::ones({n}, torch::kBool) : distance < nearest;
        labels = torch::where(closer, torch::full_like(labels, c), labels);
        nearest = torch::where(closer, distance, nearest);
      }
      Candidate candidate = from_labels(labels, false);
      improve(candidate, 2 * kRounds, false);
      if (candidate.likelihood > best.likelihood) best = std::move(candidate);
    }
    improve(best, kLastRounds, false);
    return best;
  }

  Registration registration(const Candidate& clusters, const Tensor& cells) const {
    const Tensor counts = clusters.mixture.log_joint.to(torch::kDouble).exp();
    return registered(design_, clusters.mixture.mean.to(torch::kDouble), counts, cells);
  }

  /// A grid of random directions, as wide as the latents.
  Tensor random_grid() {
    const auto kind = torch::TensorOptions(torch::kDouble);
    const std::int64_t latents = q_.mean.size(1);
    std::vector<Tensor> terms{torch::zeros({1, latents}, kind)};
    const Tensor spread = q_.mean.to(torch::kDouble).std(0, false, true);
    for (const int outcomes : nodes_.outcomes) {
      const Tensor steps = torch::linspace(-1.5, 1.5, outcomes, kind).unsqueeze(1);
      terms.push_back(steps * torch::randn({1, latents}, generator_, kind) * spread);
    }
    return design_.mm(torch::cat(terms));
  }

  Candidate placed(const Candidate& clusters, const Tensor& cells) const {
    return named(clusters, registration(clusters, cells));
  }

  /// The same clusters, each at the joint outcome that it was given.
  static Candidate named(const Candidate& clusters, const Registration& registration) {
    const Tensor cell = torch::tensor(registration.cell);
    Candidate result = clusters;
    const Mixture& from = clusters.mixture;
    result.mixture.mean = torch::zeros_like(from.mean).index_copy(0, cell, from.mean);
    result.mixture.variance = torch::zeros_like(from.variance).index_copy(0, cell, from.variance);
    result.mixture.log_joint =
        torch::zeros_like(from.log_joint).index_copy(0, cell, from.log_joint);
    return result;
  }

  /// How likely participants are under these clusters, and under sums over the nodes in their place
  /// (with what these miss of the means added to the variance). The network has no say: a shift of
  /// one node's outcomes by another's can make dependent nodes independent.
  double score(const Candidate& candidate) const {
    const Mixture& mixture = candidate.mixture;
    const Tensor share = mixture.log_joint.to(torch::kDouble).exp().unsqueeze(1);  // (K, 1)
    const Tensor mean = mixture.mean.to(torch::kDouble);
    const Tensor within = (mixture.variance.to(torch::kDouble) * share).sum(0);
    const Tensor known = share.expand_as(mean);
    const Tensor away = mean - additive_means(design_, known, mean);
    const Tensor both = within + (away.square() * share).sum(0);
    return candidate.likelihood - 0.5 * both.index_select(0, active_).log().sum().item<double>();
  }

  /// Weights that are free; means that are sums over the nodes with one variance for all clusters,
  /// or free ones with their own.
  void maximise(const Tensor& gamma, bool additive, Mixture& mixture) const {
    ClusterMoments moments;
    moments.add(gamma, q_);
    update_clusters(nodes_, moments, floor_, additive ? 0 : 1, additive, mixture);
    const Tensor total = moments.counts.sum();
    if (additive) {
      const Tensor shares = moments.counts.unsqueeze(1) / total;
      const Tensor variance = (mixture.variance.to(torch::kDouble) * shares).sum(0, true);
      mixture.variance =
          torch::maximum(variance, floor_).to(torch::kFloat).expand_as(mixture.mean).contiguous();
    } else {
      // A few participants of the pooled variance, or clusters of two or three would win.
      const Tensor counts = moments.counts.unsqueeze(1);
      const Tensor own = mixture.variance.to(torch::kDouble);
      const Tensor pooled = (own * counts).sum(0, true) / total;
      mixture.variance =
          ((own * counts + 5 * pooled) / (counts + 5)).to(torch::kFloat).contiguous();
    }
    const auto joint = static_cast<double>(nodes_.joint);
    mixture.log_joint = ((moments.counts + 1 / joint) / (total + 1)).log().to(torch::kFloat);
  }

  void improve(Candidate& candidate, int rounds, bool additive) const {
    double before = -1e300;
    for (int round = 0; round <= rounds; ++round) {
      const Tensor scores = candidate.mixture.log_joint - divergences(q_, candidate.mixture);
      candidate.likelihood = scores.logsumexp(1).mean().item<double>();
      if (round == rounds || candidate.likelihood - before < 1e-6) return;
      before = candidate.likelihood;
      maximise(scores.softmax(1), additive, candidate.mixture);
    }
  }

  const Nodes& nodes_;
  at::Generator& generator_;
  Tensor design_;  // (K, 1 + sum C)
  Tensor centre_;  // (1, l)
  Tensor scale_;   // (1, l)
  Posterior q_;    // of some participants, scaled
  Tensor active_;
  Tensor white_;  // (n, k)
  Tensor floor_;
  std::map<int, std::vector<Cut>> cuts_;  // per number of outcomes
};

}  // namespace

Mixture additive_start(const Nodes& nodes, const Posterior& q, std::int64_t starts,
                       at::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  return AdditiveStart(nodes, q, generator).run(starts);
}

Mixture published_start(const Nodes& nodes, const Posterior& q, at::Generator& generator) {
  const torch::NoGradGuard no_gradient;
  const std::int64_t latents = q.mean.size(1);
  const Tensor centre = q.mean.mean(0, true);
  const Tensor scale =
      (q.mean.var(0, false, true) + q.variance.mean(0, true)).clamp_min(1e-12).sqrt();
  const auto joint = static_cast<double>(nodes.joint);
  Mixture mixture;
  mixture.mean = torch::randn({nodes.joint, latents}, generator) * scale + centre;
  mixture.variance = (scale.square() * std::pow(joint, -2.0 / static_cast<double>(latents)))
                         .expand_as(mixture.mean)
                         .contiguous();
  mixture.log_joint = torch::full({nodes.joint}, -std::log(joint));
  return mixture;
}

}  // namespace polycause
