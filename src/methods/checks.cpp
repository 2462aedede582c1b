#include "methods/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/spread.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr double kWeakCorrelation = 0.1;  // canonical correlation of the weakest latent direction
constexpr double kShared = 0.7;           // held-out R2 between members of a shared block
constexpr double kDependence = 0.15;      // held-out |Spearman| that is worth a word
constexpr double kStandardErrors = 3.5;
constexpr std::size_t kRows = 5000;

using Columns = std::vector<std::vector<double>>;

Columns columns_at(const std::vector<float>& values, std::size_t width,
                   const std::vector<std::uint32_t>& rows) {
  Columns columns(width);
  for (std::size_t j = 0; j < width; ++j) {
    for (const std::uint32_t row : rows)
      columns[j].push_back(static_cast<double>(values[row * width + j]));
  }
  return columns;
}

/// Largest |Spearman| of values and of magnitudes (dependence without correlation) over pairs.
double largest_dependence(const Columns& a, const Columns& b,
                          const std::function<bool(std::size_t, std::size_t)>& counts) {
  const auto magnitude = [](const std::vector<double>& v) {
    std::vector<double> m(v);
    std::sort(m.begin(), m.end());
    const double median = m[m.size() / 2];
    for (std::size_t i = 0; i < v.size(); ++i) m[i] = std::fabs(v[i] - median);
    return m;
  };
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (!counts(i, j)) continue;
      largest = std::max(largest, std::fabs(spearman(a[i], b[j])));
      largest = std::max(largest, std::fabs(spearman(magnitude(a[i]), magnitude(b[j]))));
    }
  }
  return largest;
}

/// Size of the largest matching of one modality's latents with latents of others along learned
/// edges; its latents are `first`, ... of `all`.
std::size_t structural_rank(const std::vector<LatentPair>& edges, std::size_t first,
                            std::size_t latents, std::size_t all) {
  std::vector<std::vector<std::size_t>> neighbours(latents);
  for (const LatentPair& p : edges) {
    const auto source = static_cast<std::size_t>(p.source);
    const auto target = static_cast<std::size_t>(p.target);
    const auto own = [&](std::size_t i) { return i >= first && i < first + latents; };
    if (own(source) && !own(target)) neighbours[source - first].push_back(target);
    if (own(target) && !own(source)) neighbours[target - first].push_back(source);
  }
  std::vector<std::size_t> owner(all, latents);
  std::size_t rank = 0;
  for (std::size_t i = 0; i < latents; ++i) {
    std::vector<bool> seen(owner.size(), false);
    const std::function<bool(std::size_t)> augment = [&](std::size_t at) {
      for (const std::size_t n : neighbours[at]) {
        if (seen[n]) continue;
        seen[n] = true;
        if (owner[n] == latents || augment(owner[n])) {
          owner[n] = at;
          return true;
        }
      }
      return false;
    };
    rank += augment(i) ? 1 : 0;
  }
  return rank;
}

}  // namespace

void run_checks(const StagedProblem& problem, const Decomposition& parts,
                const std::vector<LatentPair>& edges, const std::vector<double>& canonical,
                const Model::Impl& model, Fit& fit) {
  const auto sum = [](const std::vector<int>& v) {
    return static_cast<std::size_t>(std::accumulate(v.begin(), v.end(), 0));
  };
  const std::size_t latents = sum(problem.latents);
  const std::size_t privates = sum(problem.privates);
  const std::vector<std::uint32_t> rows = spread(problem.complete.validation, kRows);
  const Columns z = columns_at(parts.z, latents, rows);
  Columns eps = columns_at(parts.eps, latents, rows);
  const bool exogenous_known = !eps.empty() && std::isfinite(eps[0][0]);
  if (!exogenous_known) eps.clear();
  const Columns eta = columns_at(parts.eta, privates, rows);
  std::vector<std::size_t> owner;
  for (std::size_t m = 0; m < problem.privates.size(); ++m) {
    owner.insert(owner.end(), static_cast<std::size_t>(problem.privates[m]), m);
  }
  const auto all = [](std::size_t, std::size_t) { return true; };
  const auto upper = [](std::size_t i, std::size_t j) { return i < j; };
  const auto across = [&](std::size_t i, std::size_t j) { return i < j && owner[i] != owner[j]; };
  const double private_latent = largest_dependence(eta, z, all);
  const double private_private = largest_dependence(eta, eta, across);
  const double exogenous = largest_dependence(eps, eps, upper);
  if (privates > 0) {
    fit.checks.emplace_back("private_latent_dependence", private_latent);
    fit.checks.emplace_back("private_private_dependence", private_private);
  }
  if (exogenous_known) fit.checks.emplace_back("exogenous_dependence", exogenous);
  // So many standard errors of a rank correlation (the largest of several), or the size worth a
  // word, whichever is larger.
  const double limit =
      std::max(kDependence, kStandardErrors / std::sqrt(static_cast<double>(rows.size())));
  if (private_latent > limit || private_private > limit) {
    fit.warnings.push_back(
        {"dependent_private", fmt::format("private parts depend on latents or on each other "
                                          "(held-out |Spearman| up to {:.2f}): a "
                                          "modality may need more latents",
                                          std::max(private_latent, private_private))});
  }
  for (std::size_t m = 0; m < fit.reconstruction_r2.size(); ++m) {
    if (model.modalities[m].kind != "shared" || fit.reconstruction_r2[m] >= kShared) continue;
    fit.warnings.push_back(
        {"weak_shared",
         fmt::format("{}: one modality explains only {:.2f} of what another says about it (held "
                     "out); latents that both show would be near 1: they may be linked, not shared",
                     model.modalities[m].name, fit.reconstruction_r2[m])});
  }
  std::size_t first = 0;
  for (std::size_t m = 0; m < problem.latents.size() && !canonical.empty(); ++m) {
    if (problem.latents[m] == 0) continue;  // evidence about the others only
    const std::size_t modality = problem.modality_of_unit[m];
    std::string name = problem.names[modality];
    if (problem.latents[m] < static_cast<int>(model.modalities[modality].latents))
      name += fmt::format(".z{}", m - problem.first_unit(modality) + 1);  // a stream
    fit.checks.emplace_back("weakest_trace." + name, canonical[m]);
    if (canonical[m] < kWeakCorrelation) {
      fit.warnings.push_back(
          {"weak_link",
           fmt::format(
               "modality '{}': the weakest of its {} latents is linearly related to the other "
               "modalities by {:.2f} only; fewer latents may be wiser",
               name, problem.latents[m], canonical[m])});
    }
    const auto count = static_cast<std::size_t>(problem.latents[m]);
    const std::size_t rank = structural_rank(edges, first, count, latents);
    first += count;
    fit.checks.emplace_back("structural_rank." + name, static_cast<double>(rank));
    // One latent that several modalities show is known by that.
    const bool shown = model.modalities[modality].kind == "shared" && count == 1;
    if (rank < count && !shown) {
      fit.warnings.push_back(
          {"rank_deficient",
           fmt::format("modality '{}': its {} latents have only {} independent links to other "
                       "modalities in the "
                       "learned graph; the theory needs one each, so its latents may be mixed",
                       name, count, rank)});
    }
  }
}

}  // namespace polycause
