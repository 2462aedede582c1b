#include "networks/plugin/pima/pieces.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kRows = 4000;  // participants that clusters are tried on
constexpr std::int64_t kClusters = 12;
constexpr int kSeedings = 8;
constexpr int kRounds = 60;
constexpr double kBetter = 1e-4;        // nat per participant that a round must gain
constexpr double kLeast = 1e-4;         // variance of a cluster
constexpr double kLeastShare = 0.1;     // of a half
constexpr double kClean = 0.01;         // normalised cut
constexpr double kCommon = 0.6;         // correlation from which a direction is shared
constexpr double kFewest = 200;         // participants of a half
constexpr double kOwnSpread = 0.2;      // on the halves' own axis, on which they are 2 apart
constexpr double kNegligible = 1e-3;    // of the largest singular value
constexpr std::int64_t kMostTurns = 5;  // nodes for which all ways to match names are tried

Tensor squares_and_products(const Tensor& x) {
  std::vector<Tensor> columns{x};
  for (std::int64_t i = 0; i < x.size(1); ++i)
    columns.push_back(x.slice(1, i) * x.slice(1, i, i + 1));
  return torch::cat(columns, 1);
}

struct Clusters {
  Tensor gamma;  // (n, K)
  double likelihood = -1e300;
};

/// Gaussians with full covariances by expectation maximisation.
class FullMixture {
 public:
  FullMixture(const Tensor& x, at::Generator& generator) : x_(x) {
    const std::int64_t n = x.size(0);
    Tensor nearest = torch::full({n}, 1.0, torch::kDouble);
    Tensor labels = torch::zeros({n}, torch::kLong);
    for (std::int64_t c = 0; c < kClusters; ++c) {  // k-means++
      const auto at =
          torch::multinomial(nearest.clamp_min(1e-9), 1, true, generator).item<std::int64_t>();
      const Tensor distance = (x - x[at]).square().sum(1);
      const Tensor closer = c == 0 ? torch::ones({n}, torch::kBool) : distance < nearest;
      labels = torch::where(closer, torch::full_like(labels, c), labels);
      nearest = torch::where(closer, distance, nearest);
    }
    maximise(torch::one_hot(labels, kClusters).to(torch::kDouble));
  }

  void improve() {
    double before = -1e300;
    for (int round = 0; round < kRounds; ++round) {
      const Clusters now = clusters(x_);
      if (now.likelihood < before + kBetter) return;
      before = now.likelihood;
      maximise(now.gamma);
    }
  }

  Clusters clusters(const Tensor& x) const {
    const Tensor away = (x.unsqueeze(0) - mean_.unsqueeze(1)).transpose(1, 2);  // (K, s, n)
    const Tensor white = torch::linalg_solve_triangular(root_, away, false);
    const Tensor scale = root_.diagonal(0, 1, 2).log().sum(1);  // (K,)
    const Tensor scores =
        (log_share_ - scale).unsqueeze(0) - 0.5 * white.square().sum(1).t();  // (n, K)
    return {scores.softmax(1), scores.logsumexp(1).mean().item<double>()};
  }

 private:
  void maximise(const Tensor& gamma) {
    const std::int64_t size = x_.size(1);
    const Tensor counts = gamma.sum(0) + 1e-3;
    mean_ = gamma.t().mm(x_) / counts.unsqueeze(1);
    const Tensor away = x_.unsqueeze(0) - mean_.unsqueeze(1);  // (K, n, s)
    const Tensor weighted = away * gamma.t().unsqueeze(2);
    const Tensor floor = kLeast * torch::eye(size, torch::kDouble);
    root_ = torch::linalg_cholesky(
        weighted.transpose(1, 2).bmm(away) / counts.view({-1, 1, 1}) + floor, false);
    log_share_ = (counts / counts.sum()).log();
  }

  Tensor x_;          // (n, s)
  Tensor mean_;       // (K, s)
  Tensor root_;       // (K, s, s) lower
  Tensor log_share_;  // (K,)
};

/// One way to name the other half's nodes: node j is `from[j]`, turned round where sign is -1.
struct Match {
  std::vector<std::size_t> from;
  std::vector<int> sign;
};

Tensor turned(const Tensor& t, const Match& match) {
  std::vector<Tensor> columns;
  for (std::size_t j = 0; j < match.from.size(); ++j)
    columns.push_back(t.select(1, static_cast<std::int64_t>(match.from[j])) * match.sign[j]);
  return torch::stack(columns, 1);
}

/// The match under which one slope for both halves explains most of where participants are.
Match best_match(const std::vector<int>& outcomes, const std::array<Tensor, 2>& t,
                 const std::array<Tensor, 2>& x) {
  const std::size_t size = outcomes.size();
  Match best{std::vector<std::size_t>(size), std::vector<int>(size, 1)};
  std::iota(best.from.begin(), best.from.end(), std::size_t{0});
  if (static_cast<std::int64_t>(size) > kMostTurns) return best;
  std::array<Tensor, 2> at;
  std::array<Tensor, 2> where;
  for (std::size_t b = 0; b < 2; ++b) {
    at[b] = t[b] - t[b].mean(0, true);
    where[b] = x[b] - x[b].mean(0, true);
  }
  double most = -1;
  Match match = best;
  do {
    bool same = true;
    for (std::size_t j = 0; j < size; ++j) same = same && outcomes[match.from[j]] == outcomes[j];
    for (std::size_t signs = 0; same && signs < (std::size_t{1} << size); ++signs) {
      for (std::size_t j = 0; j < size; ++j) match.sign[j] = (signs >> j) % 2 == 0 ? 1 : -1;
      const Tensor other = turned(at[1], match);
      const Tensor own = at[0].t().mm(at[0]) + other.t().mm(other);
      const Tensor cross = at[0].t().mm(where[0]) + other.t().mm(where[1]);
      const Tensor slopes =
          torch::linalg_solve(own + 1e-6 * torch::eye(own.size(0), torch::kDouble), cross, true);
      const double explained = (cross * slopes).sum().item<double>();
      if (explained <= most) continue;
      most = explained;
      best = match;
    }
  } while (std::next_permutation(match.from.begin(), match.from.end()));
  return best;
}

/// Outcomes of a joint outcome's nodes, row-major.
std::vector<int> outcomes_at(const std::vector<int>& outcomes, std::int64_t joint) {
  std::vector<int> own(outcomes.size());
  for (std::size_t j = outcomes.size(); j-- > 0; joint /= outcomes[j])
    own[j] = static_cast<int>(joint % outcomes[j]);
  return own;
}

}  // namespace

SharedPlaces shared_places(const Tensor& codes, const Tensor& there) {
  const std::int64_t modalities = codes.size(0);
  std::vector<Tensor> parts;
  for (std::int64_t m = 0; m < modalities; ++m) {
    const Tensor use = there[m].to(torch::kDouble);  // (n, 1)
    const Tensor count = use.sum().clamp_min(1);
    const auto standard = [&](const Tensor& x) {
      const Tensor centred = (x - (x * use).sum(0, true) / count) * use;
      return centred / (centred.square().sum(0, true) / count).sqrt().clamp_min(1e-9);
    };
    const Tensor all = standard(squares_and_products(standard(codes[m].to(torch::kDouble))));
    const auto [values, vectors] = torch::linalg_eigh(all.t().mm(all) / count);
    const Tensor keep = (values > kNegligible * kNegligible * values.max()).nonzero().squeeze(1);
    parts.push_back(all.mm(vectors.index_select(1, keep)) * values.index_select(0, keep).rsqrt());
  }
  const Tensor joined = torch::cat(parts, 1);
  // Who lacks a modality says nothing of how it goes with others.
  const Tensor whole = there.amin(0).squeeze(1).nonzero().squeeze(1);
  const Tensor use = whole.size(0) > joined.size(1) ? joined.index_select(0, whole) : joined;
  const auto [values, vectors] =
      torch::linalg_eigh(use.t().mm(use) / static_cast<double>(use.size(0)));
  const Tensor present = there.to(torch::kDouble).sum(0).clamp_min(1);  // (n, 1)
  SharedPlaces shared;
  const std::int64_t most = std::min<std::int64_t>(codes.size(2), values.size(0));
  const Tensor order = torch::arange(values.size(0) - 1, values.size(0) - 1 - most, -1);
  const Tensor strength = values.index_select(0, order);
  shared.correlations =
      (strength - 1) / static_cast<double>(std::max<std::int64_t>(1, modalities - 1));
  shared.at = joined.mm(vectors.index_select(1, order)) / static_cast<double>(modalities) *
              (static_cast<double>(modalities) / present);
  return shared;
}

Halves clearest_halves(const Tensor& points, at::Generator& generator) {
  const std::int64_t n = points.size(0);
  const Tensor x = points.to(torch::kDouble);
  const Tensor rows = torch::randperm(n, generator, torch::kLong).slice(0, 0, std::min(n, kRows));
  const Tensor some = x.index_select(0, rows);
  Clusters best;
  for (int s = 0; s < kSeedings; ++s) {
    FullMixture mixture(some, generator);
    mixture.improve();
    const double likelihood = mixture.clusters(some).likelihood;
    if (likelihood <= best.likelihood) continue;
    best = mixture.clusters(x);
    best.likelihood = likelihood;
  }
  // Every way to make two of the clusters, (2^(K - 1) - 1, K).
  const Tensor number = torch::arange(1, std::int64_t{1} << (kClusters - 1), torch::kLong);
  const Tensor bits = torch::arange(0, kClusters, torch::kLong);
  const Tensor ways =
      number.unsqueeze(1).bitwise_right_shift(bits.unsqueeze(0)).bitwise_and(1).to(torch::kDouble);
  const Tensor both = best.gamma.t().mm(best.gamma) / static_cast<double>(n);
  const Tensor share = ways.mv(best.gamma.mean(0));
  const Tensor across = share - (ways.mm(both) * ways).sum(1);
  const Tensor cut = across / share + across / (1 - share);
  const Tensor small = torch::minimum(share, 1 - share) < kLeastShare;
  const auto [least, which] = cut.masked_fill(small, 1.0).min(0);
  return {best.gamma.mv(ways[which.item<std::int64_t>()]) > 0.5, least.item<double>()};
}

std::optional<PimaGrid> grid_in_pieces(const Nodes& nodes, const SharedPlaces& shared,
                                       const Tensor& latents, const PimaGridFinder& finder,
                                       at::Generator& generator) {
  const auto parting = std::find(nodes.outcomes.begin(), nodes.outcomes.end(), 2);
  const std::int64_t common = (shared.correlations > kCommon).sum().item<std::int64_t>();
  // A node that shows in one modality only has no place in what is shared.
  if (parting == nodes.outcomes.end() || nodes.count() < 2 || common < nodes.count())
    return std::nullopt;
  const auto own = static_cast<std::size_t>(parting - nodes.outcomes.begin());
  const Tensor x = shared.at.slice(1, 0, nodes.count());
  const Halves halves = clearest_halves(x, generator);
  if (halves.cut > kClean) return std::nullopt;
  std::vector<int> others = nodes.outcomes;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(own));

  const std::int64_t n = x.size(0);
  const auto count = static_cast<std::int64_t>(others.size());
  std::array<Tensor, 2> rows;
  std::array<Tensor, 2> where;
  std::array<Tensor, 2> t;
  std::array<PimaGrid, 2> found;
  PimaGrid grid;
  for (std::size_t b = 0; b < 2; ++b) {
    rows[b] = halves.second.eq(b == 1).nonzero().squeeze(1);
    if (static_cast<double>(rows[b].size(0)) < kFewest) return std::nullopt;
    where[b] = x.index_select(0, rows[b]);
    const Tensor from = where[b].to(torch::kFloat).contiguous();
    const auto people = static_cast<std::size_t>(from.size(0));
    found[b] =
        finder(from.data_ptr<float>(), people, static_cast<std::size_t>(from.size(1)), others);
    t[b] = torch::from_blob(found[b].coordinates.data(), {from.size(0), count}).to(torch::kDouble);
    grid.divergence += found[b].divergence * static_cast<double>(people) / static_cast<double>(n);
  }
  std::array<Match, 2> match;
  match[1] = best_match(others, t, where);
  match[0].sign.assign(others.size(), 1);
  for (std::size_t j = 0; j < others.size(); ++j) match[0].from.push_back(j);

  Tensor places = torch::zeros({n, nodes.count()});
  Tensor gamma = torch::zeros({n, nodes.joint});
  Tensor positions = torch::zeros({nodes.joint, nodes.count()});
  Tensor spread = torch::zeros({nodes.joint, nodes.count()});
  Tensor rest = torch::zeros({n, latents.size(1)});
  const std::int64_t each = nodes.joint / 2;
  for (std::size_t b = 0; b < 2; ++b) {
    const double side = b == 0 ? -1 : 1;
    const Tensor turn = turned(t[b], match[b]);
    std::vector<Tensor> columns(turn.to(torch::kFloat).unbind(1));
    columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(own),
                   torch::full({turn.size(0)}, side, torch::kFloat));
    places.index_copy_(0, rows[b], torch::stack(columns, 1));
    const Tensor mine = torch::from_blob(found[b].responsibilities.data(), {turn.size(0), each});
    const Tensor widths = torch::from_blob(found[b].spread.data(), {each, count});
    Tensor named = torch::zeros({turn.size(0), nodes.joint});
    for (std::int64_t c = 0; c < nodes.joint; ++c) {
      const std::vector<int> all = outcomes_at(nodes.outcomes, c);
      if (all[own] != static_cast<int>(b)) continue;
      std::vector<int> rest_of = all;
      rest_of.erase(rest_of.begin() + static_cast<std::ptrdiff_t>(own));
      std::vector<int> there(others.size());
      for (std::size_t j = 0; j < others.size(); ++j)
        there[match[b].from[j]] = match[b].sign[j] > 0 ? rest_of[j] : others[j] - 1 - rest_of[j];
      std::int64_t at = 0;
      for (std::size_t j = 0; j < others.size(); ++j) at = at * others[j] + there[j];
      named.select(1, c).copy_(mine.select(1, at));
      for (std::size_t j = 0, k = 0; j < all.size(); ++j) {
        const auto node = static_cast<std::int64_t>(j);
        positions[c][node] = 2.0 * all[j] / (nodes.outcomes[j] - 1) - 1;
        spread[c][node] =
            j == own ? kOwnSpread
                     : widths[at][static_cast<std::int64_t>(match[b].from[k])].item<double>();
        if (j != own) ++k;
      }
    }
    gamma.index_copy_(0, rows[b], named);
    // What a parabola in the nodes misses of the latents.
    const Tensor one = torch::ones({turn.size(0), 1}, torch::kDouble);
    const Tensor terms = torch::cat({one, squares_and_products(turn)}, 1);
    const Tensor to = latents.index_select(0, rows[b]).to(torch::kDouble);
    const Tensor ridge = 1e-6 * torch::eye(terms.size(1), torch::kDouble);
    const Tensor fit = torch::linalg_solve(terms.t().mm(terms) + ridge, terms.t().mm(to), true);
    rest.index_copy_(0, rows[b], (to - terms.mm(fit)).to(torch::kFloat));
  }
  const auto flat = [](const Tensor& m) {
    const Tensor c = m.contiguous();
    return std::vector<float>(c.data_ptr<float>(), c.data_ptr<float>() + c.numel());
  };
  grid.coordinates = flat(places);
  grid.rest = flat(rest);
  grid.responsibilities = flat(gamma);
  grid.positions = flat(positions);
  grid.spread = flat(spread);
  return grid;
}

}  // namespace polycause
