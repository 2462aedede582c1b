#include "networks/plugin/canonical.h"

#include <torch/torch.h>

#include <cmath>

namespace polycause {
namespace {

using torch::Tensor;

// Ridges on features with variance 1. Large ones weigh features by their covariance with the other
// side, which is what a few hundred participants can tell.
constexpr double kRidges[] = {0.01, 0.05, 0.2};
constexpr double kRidgeOfRest = 0.05;
constexpr std::int64_t kFirst = 8;  // features tried at least; then half as many again, and again
// More features always find a little more, in the end curves of latents that are there already.
constexpr double kNearly = 0.01;

/// (d, d) map that makes the regularised covariance of x the identity.
Tensor whitener(const Tensor& x, double ridge) {
  const Tensor covariance =
      x.t().mm(x) / static_cast<double>(x.size(0)) + ridge * torch::eye(x.size(1), x.options());
  const auto [values, vectors] = torch::linalg_eigh(covariance);
  return vectors.mm(torch::diag(values.rsqrt())).mm(vectors.t());
}

struct Pair {
  Tensor x;  // (p, k)
  Tensor y;  // (q, k)
};

Pair canonical_pair(const Tensor& x, const Tensor& y, double ridge, std::int64_t k) {
  const Tensor wx = whitener(x, ridge);
  const Tensor wy = whitener(y, kRidgeOfRest);
  const Tensor cross = wx.mm(x.t()).mm(y).mm(wy) / static_cast<double>(x.size(0));
  const auto [u, s, vh] = torch::linalg_svd(cross, false);
  return {wx.mm(u.slice(1, 0, k)), wy.mm(vh.slice(0, 0, k).t())};
}

/// Squared held-out correlation of every pair, (k,), mean over the folds; 0 where it is negative.
Tensor held_out_squares(const Tensor& x, const Tensor& y, double ridge, std::int64_t k,
                        const Tensor& folds) {
  Tensor total = torch::zeros({k}, x.options());
  std::int64_t used = 0;  // fewer groups than folds leave some empty
  for (std::int64_t f = 0; f < kCanonicalFolds; ++f) {
    const Tensor in = (folds != f).nonzero().squeeze(1);
    const Tensor out = (folds == f).nonzero().squeeze(1);
    if (out.size(0) == 0) continue;
    ++used;
    const Pair pair = canonical_pair(x.index_select(0, in), y.index_select(0, in), ridge, k);
    const Tensor a = x.index_select(0, out).mm(pair.x);
    const Tensor b = y.index_select(0, out).mm(pair.y);
    const Tensor ab = ((a - a.mean(0)) * (b - b.mean(0))).mean(0);
    const Tensor both = a.var(0, false) * b.var(0, false);
    total += ab.clamp_min(0).square() / both.clamp_min(1e-12);
  }
  return total / static_cast<double>(used);
}

}  // namespace

Canonical canonical_directions(const Tensor& x_in, const Tensor& y_in, std::int64_t k,
                               const Tensor& folds) {
  Tensor x = x_in.to(torch::kDouble);
  Tensor y = y_in.to(torch::kDouble);
  x = x - x.mean(0);
  y = y - y.mean(0);
  const std::int64_t found = std::min({k, x.size(1), y.size(1)});
  struct Trial {
    std::int64_t used;
    double ridge;
    double score;
    double least;
  };
  std::vector<Trial> trials;
  double best = 0;
  for (std::int64_t count = 2 * kFirst; count < 3 * x.size(1); count = count * 3 / 2) {
    const std::int64_t prefix = std::max(found, std::min(count / 2, x.size(1)));
    for (const double ridge : kRidges) {
      const Tensor squares = held_out_squares(x.slice(1, 0, prefix), y, ridge, found, folds);
      const double least = found < k ? 0 : std::sqrt(squares.min().item<double>());
      trials.push_back({prefix, ridge, squares.sum().item<double>(), least});
      best = std::max(best, trials.back().score);
    }
  }
  // The fewest features that are nearly as good; of those the best ridge.
  Trial chosen = trials.front();
  bool enough = false;
  for (const Trial& trial : trials) {
    if (trial.score < (1 - kNearly) * best || (enough && trial.used > chosen.used)) continue;
    if (!enough || trial.score > chosen.score) chosen = trial;
    enough = true;
  }
  const auto [used, ridge, score, least] = chosen;
  const Tensor first = x.slice(1, 0, used);
  Tensor directions = canonical_pair(first, y, ridge, found).x;
  if (found < k) {  // the others hold fewer numbers than there are latents
    directions = torch::cat({directions, whitener(first, ridge).slice(1, 0, k - found)}, 1);
  }
  directions = directions / first.mm(directions).std(0, false).clamp_min(1e-6);
  const Tensor none = torch::zeros({x.size(1) - used, k}, directions.options());
  return {torch::cat({directions, none}, 0).to(torch::kFloat), least};
}

}  // namespace polycause
