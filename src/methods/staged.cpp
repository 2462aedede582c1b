#include "methods/staged.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/parallel.h"
#include "base/random.h"
#include "methods/agreement.h"
#include "methods/modality_order.h"
#include "methods/prune.h"
#include "methods/rotation_search.h"
#include "methods/staged_starts.h"
#include "methods/staged_tables.h"

namespace polycause {
namespace {

constexpr std::int64_t kMostSteps = 1000000000;  // of a cap: more than any fit, within int64
constexpr std::size_t kWithinBranches = 3;       // at most
// Of an epoch, at least, as far as tiles allow: the number of passes is fixed, and with few
// participants it would be few steps.
constexpr std::size_t kLeastSteps = 35;

Schedule branch_schedule(const FitOptions& options) {
  Schedule s = autoencoder_schedule(options);
  s.epochs = static_cast<int>(options.branch_epochs);
  s.sparsity = options.sparsity;
  s.decay = 0.3;
  return s;
}

/// Steps 4 and 6 for one branch, which begins at the heads and the prior of `start`.
void train_branch(Candidate& c, const Density& start, const StepContext& context) {
  const StagedProblem& problem = context.problem;
  const FitOptions& options = context.options;
  Random random(context.seed, c.name + "/init");
  c.density.initialise(random);
  c.density.copy_heads(start);
  c.density.copy_prior(start);
  c.density.set_gates(0.5);
  optimise(c.density, context.codes, problem.split, branch_schedule(options),
           {c.name, context.seed}, context.checkpoint, context.watch);
  c.parts = c.density.decompose(context.codes, {});
  double total = 0;
  for (const std::uint32_t row : problem.complete.validation)
    total -= static_cast<double>(c.parts.log_p[row]);
  c.nll = total / static_cast<double>(problem.complete.validation.size());
  c.edges = c.density.gate_open();
  c.objective = c.nll;
  for (std::size_t e = 0; e < c.edges.size(); ++e) {
    if (c.edges[e]) c.objective += options.edge_price * c.density.shape().pairs[e].price;
  }
  c.edges = prune(c, problem, options.prune);
  if (!problem.order_given)
    c.margins = orientation_margins(c, problem.complete, problem.conditions, problem.groups);
}

/// Budgets and prices as the widest modality needs them. What a lower price lets through must be
/// told from chance: the held-out gain g of an edge that is none has a standard error of about
/// sqrt(2 g / n), three of which are g at 18 / n.
FitOptions for_breadth(const StagedProblem& problem, FitOptions options) {
  const double times = breadth(problem.layout().sizes());
  if (times == 1) return options;
  constexpr double kStandardErrors = 3;
  const double told = 2 * kStandardErrors * kStandardErrors /
                      static_cast<double>(problem.complete.validation.size());
  const double price = std::min(1.0, std::max(1 / times, told / FitOptions().prune));
  options.sparsity *= price;
  options.edge_price *= price;
  options.prune *= price;
  options.max_steps = static_cast<std::int64_t>(
      std::min(static_cast<double>(options.max_steps) * times, double{kMostSteps}));
  return options;
}

bool lower_objective(const Candidate& a, const Candidate& b) { return a.objective < b.objective; }

std::vector<Candidate> train_branches(const std::vector<Start>& starts,
                                      const std::vector<std::size_t>& chosen,
                                      const StepContext& context, const std::string& name) {
  const FitOptions& options = context.options;
  std::vector<std::pair<std::size_t, PriorKind>> plans;
  for (const std::size_t s : chosen) {
    if (options.prior != "general") plans.emplace_back(s, PriorKind::kAdditive);
  }
  if (options.prior == "general") {
    for (const std::size_t s : chosen) plans.emplace_back(s, PriorKind::kGeneral);
  } else if (options.prior == "auto") {
    plans.emplace_back(chosen[0], PriorKind::kGeneral);
  }
  std::vector<Candidate> candidates;
  for (std::size_t b = 0; b < plans.size(); ++b) {
    DensityShape shape = starts[plans[b].first].density.shape();
    shape.gated = true;
    shape.prior = plans[b].second;
    candidates.push_back({fmt::format("{}/branch{}", name, b), Density(shape), {}, 0, 0, {}, {}});
  }
  parallel_for(plans.size(), context.threads, [&](std::size_t b) {
    train_branch(candidates[b], starts[plans[b].first].density, context);
  });
  std::stable_sort(candidates.begin(), candidates.end(), lower_objective);
  return candidates;
}

/// A branch that goes on from another one, with further pairs. A rotation search that knows them
/// comes first: its maps also shear, which takes a latent's effect inside the modality back from
/// that latent's own children.
Candidate continued(const Density& from, const std::vector<LatentPair>& further,
                    const std::string& name, const StepContext& context) {
  DensityShape shape = from.shape();
  shape.pairs.insert(shape.pairs.end(), further.begin(), further.end());
  Candidate candidate{name, Density(shape), {}, 0, 0, {}, {}};
  shape.gated = false;
  Density turned(shape);
  turned.copy_heads(from);
  turned.copy_prior(from);
  search_rotation(turned, context.codes, context.problem.complete, {name, context.seed},
                  context.watch);
  train_branch(candidate, turned, context);
  return candidate;
}

bool has_edge_inside(const Candidate& candidate) {
  const std::vector<LatentPair>& pairs = candidate.density.shape().pairs;
  for (std::size_t e = 0; e < pairs.size(); ++e) {
    if (candidate.edges[e] && candidate.density.modality_of(pairs[e].source) ==
                                  candidate.density.modality_of(pairs[e].target))
      return true;
  }
  return false;
}

/// The best additive branch goes on with edges inside the modalities, at their price, once in
/// either order of the latents. What comes out counts where such an edge stands after pruning, and
/// then the branch also goes on without, since training on alone makes it better.
void add_within_branches(std::vector<Candidate>& candidates, const StepContext& context,
                         const std::string& name) {
  const auto from = std::find_if(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return c.density.shape().prior == PriorKind::kAdditive;
  });
  if (from == candidates.end()) return;
  const Density best = from->density;
  std::vector<std::vector<LatentPair>> inside;
  for (const bool ascending : {true, false}) {
    inside.push_back(context.problem.layout().within(ascending));
    for (LatentPair& pair : inside.back()) pair.price = context.options.within_price;
  }
  if (inside[0].empty()) return;
  std::vector<Candidate> further(inside.size(), {"", best, {}, 0, 0, {}, {}});
  parallel_for(inside.size(), context.threads, [&](std::size_t b) {
    further[b] = continued(best, inside[b], fmt::format("{}/within{}", name, b), context);
  });
  std::copy_if(further.begin(), further.end(), std::back_inserter(candidates), has_edge_inside);
  std::stable_sort(candidates.begin(), candidates.end(), lower_objective);
  if (!has_edge_inside(candidates[0])) return;
  candidates.push_back(continued(best, {}, name + "/without", context));
  std::stable_sort(candidates.begin(), candidates.end(), lower_objective);
}

}  // namespace

Schedule autoencoder_schedule(const FitOptions& options) {
  Schedule s;
  s.epochs = static_cast<int>(options.autoencoder_epochs);
  s.max_steps = options.max_steps;
  s.batch = options.batch;
  s.least_steps = kLeastSteps;
  s.rate = options.learning_rate;
  s.decay = 1.0;
  return s;
}

std::vector<std::uint8_t> unit_presence(const std::vector<std::uint8_t>& present,
                                        const std::vector<std::size_t>& modality_of_unit) {
  if (present.empty()) return {};
  const std::size_t modalities = modality_of_unit.back() + 1;
  std::vector<std::uint8_t> units;
  for (std::size_t i = 0; i < present.size() / modalities; ++i) {
    for (const std::size_t m : modality_of_unit) units.push_back(present[i * modalities + m]);
  }
  return units;
}

std::size_t StagedProblem::first_unit(std::size_t modality) const {
  return static_cast<std::size_t>(
      std::lower_bound(modality_of_unit.begin(), modality_of_unit.end(), modality) -
      modality_of_unit.begin());
}

int StagedProblem::modality_latents(std::size_t modality) const {
  int total = 0;
  for (std::size_t u = 0; u < latents.size(); ++u) {
    if (modality_of_unit[u] == modality) total += latents[u];
  }
  return total;
}

const SharedUnit* StagedProblem::shared_block(std::size_t modality) const {
  for (const SharedUnit& block : shared) {
    if (modality_of_unit[block.unit] == modality) return &block;
  }
  return nullptr;
}

Split StagedProblem::with(std::size_t modality) const {
  if (present.empty()) return split;
  const auto those = [&](const std::vector<std::uint32_t>& rows) {
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t row : rows) {
      if (present[row * cells.size() + modality] != 0) kept.push_back(row);
    }
    return kept;
  };
  return {those(split.train), those(split.validation)};
}

double staged_work(const StagedProblem& problem, const FitOptions& as_set) {
  const FitOptions options = for_breadth(problem, as_set);
  const double starts = static_cast<double>(options.starts) * (problem.order_given ? 1 : 2);
  const double branches =
      static_cast<double>(options.branches) + (options.prior == "auto" ? 1 : 0) +
      (options.within_price > 0 && options.prior != "general" ? double{kWithinBranches} : 0.0);
  return coder_work(problem, options) + table_latents_work(problem, options) +
         (starts + std::min(static_cast<double>(kFinalists), starts)) *
             start_steps(problem, options) +
         refine_work(problem, options) +
         branches * static_cast<double>(
                        plan_steps(branch_schedule(options), problem.split.train.size()).steps);
}

StagedResult fit_staged(const StagedProblem& problem, const FitOptions& as_set, std::uint64_t seed,
                        const std::string& name, std::size_t threads, const Checkpoint& checkpoint,
                        Watch& watch) {
  const FitOptions options = for_breadth(problem, as_set);
  Begun begun = begin_staged(problem, options, seed, name, threads, checkpoint, watch);
  const StepContext context{begun.codes, problem, options, seed, threads, checkpoint, watch};
  std::vector<Start> starts = finalists(std::move(begun.starts), context, name);
  std::vector<std::size_t> chosen =
      distinct_best(starts, problem, static_cast<std::size_t>(options.branches), kDistinct);
  refine(starts, chosen, context, name);
  // Steps 4 to 6: gated branches, selection, pruning.
  std::vector<Candidate> candidates = train_branches(starts, chosen, context, name);
  if (options.within_price > 0) add_within_branches(candidates, context, name);
  return {std::move(begun.coders), std::move(begun.order), std::move(candidates),
          std::move(begun.canonical)};
}

double staged_codes_work(const StagedProblem& problem, const FitOptions& options) {
  return coder_work(problem, options) + table_latents_work(problem, options) +
         static_cast<double>(options.starts) * (problem.order_given ? 1 : 2) *
             start_steps(problem, options);
}

Decomposition staged_codes(const StagedProblem& problem, const FitOptions& options,
                           std::uint64_t seed, const std::string& name, std::size_t threads,
                           const Checkpoint& checkpoint, Watch& watch) {
  const Begun begun = begin_staged(problem, options, seed, name, threads, checkpoint, watch);
  const std::size_t best = distinct_best(begun.starts, problem, 1, 1.1).front();
  return begun.starts[best].density.decompose(begun.codes, {});
}

}  // namespace polycause
