#include "methods/staged_starts.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/parallel.h"
#include "base/random.h"
#include "base/spread.h"
#include "methods/agreement.h"
#include "methods/modality_order.h"
#include "methods/rotation_search.h"
#include "methods/staged_tables.h"
#include "model/subspace.h"

namespace polycause {
namespace {

constexpr int kRotationStarts = 20;
constexpr int kMostRounds = 8;        // of `refine`
constexpr double kGain = 0.02;        // nat, that another round is worth
constexpr std::size_t kProbe = 2000;  // participants on whom solutions are compared

DensityShape shape_of(const StagedProblem& problem, const FitOptions& options,
                      const std::vector<std::size_t>& rank) {
  DensityShape shape;
  const LatentLayout layout = problem.layout();
  shape.latents = layout.sizes();
  shape.privates = problem.privates;
  shape.conditions = static_cast<int>(problem.conditions.count);
  shape.hidden = static_cast<int>(options.conditioner_width);
  shape.prior = options.prior == "general" ? PriorKind::kGeneral : PriorKind::kAdditive;
  shape.pairs = layout.pairs(rank);
  return shape;
}

std::vector<std::uint32_t> probe_rows(const Split& complete) {
  std::vector<std::uint32_t> all;
  std::merge(complete.train.begin(), complete.train.end(), complete.validation.begin(),
             complete.validation.end(), std::back_inserter(all));
  return spread(all, kProbe);
}

void train_start(Start& start, const StepContext& context, const std::string& name) {
  const StagedProblem& problem = context.problem;
  const Unit unit{name, context.seed};
  optimise(start.density, context.codes, problem.split, start_schedule(context.options), unit,
           context.checkpoint, context.watch);
  start.objective =
      search_rotation(start.density, context.codes, problem.complete, unit, context.watch);
  start.z = start.density.decompose(context.codes, probe_rows(problem.complete)).z;
}

/// Canonical directions first, (d, d) per unit.
using CanonicalMaps = std::vector<std::vector<double>>;

/// All starts, trained once; `order_of` gives the modality order of each.
template <typename OrderOf>
std::vector<Start> run_starts(const StepContext& context, const CanonicalMaps& maps,
                              const std::string& name, const OrderOf& order_of) {
  const StagedProblem& problem = context.problem;
  const std::vector<int> latents = problem.layout().sizes();
  std::vector<Start> starts;
  for (std::size_t s = 0; s < static_cast<std::size_t>(context.options.starts); ++s) {
    Start start{Density(shape_of(problem, context.options, order_of(s))), 0, {}};
    Random random(context.seed, fmt::format("{}{}/init", name, s));
    start.density.initialise(random);
    std::vector<std::vector<double>> turns;
    if (s == 0) {
      turns = sparse_rotations(context.codes, latents, maps, problem.complete.train,
                               kRotationStarts, random);
    } else {
      for (const int k : latents) turns.push_back(random_rotation(k, random));
    }
    for (std::size_t m = 0; m < maps.size(); ++m) {
      start.density.set_first_map(
          m, rotate_first(maps[m], context.codes.width[m], turns[m], latents[m]));
    }
    starts.push_back(std::move(start));
  }
  parallel_for(starts.size(), context.threads, [&](std::size_t s) {
    train_start(starts[s], context, fmt::format("{}{}", name, s));
  });
  return starts;
}

/// The order of modalities when the study does not give it: starts under random orders, and for the
/// best of them the order that suits their latents. Training then begins anew under that order,
/// since latents that were turned under a wrong one stay wrong.
std::vector<std::size_t> explore_orders(const StepContext& context, const CanonicalMaps& maps,
                                        const std::string& name) {
  const std::size_t units = context.problem.latents.size();
  std::vector<std::vector<std::size_t>> ranks;
  for (std::size_t s = 0; s < static_cast<std::size_t>(context.options.starts); ++s) {
    // Odd starts turn the order of the even start before them, so that every direction is tried.
    Random random(context.seed, name + "/order", s / 2);
    std::vector<std::size_t> rank = random.permutation(units);
    if (s % 2 == 1) {
      for (std::size_t& r : rank) r = units - 1 - r;
    }
    ranks.push_back(rank);
  }
  const std::vector<Start> starts =
      run_starts(context, maps, name + "/explore", [&](std::size_t s) { return ranks[s]; });
  const std::vector<std::size_t> best = distinct_best(starts, context.problem, kFinalists, 1.1);
  const LatentLayout layout = context.problem.layout();
  std::vector<OrderScore> found(best.size());
  std::vector<double> objective(best.size());
  parallel_for(best.size(), context.threads, [&](std::size_t b) {
    const Start& start = starts[best[b]];
    const std::vector<float> z = start.density.decompose(context.codes, {}).z;
    found[b] =
        best_order(z, layout, context.problem.complete, ranks[best[b]], context.problem.conditions);
    objective[b] =
        start.objective + found[b].nll -
        order_nll(z, layout, context.problem.complete, ranks[best[b]], context.problem.conditions);
  });
  const auto winner = std::min_element(objective.begin(), objective.end()) - objective.begin();
  return found[static_cast<std::size_t>(winner)].rank;
}

/// Indices of starts, best first.
void sort_by_objective(std::vector<std::size_t>& order, const std::vector<Start>& starts) {
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::make_pair(starts[a].objective, a) < std::make_pair(starts[b].objective, b);
  });
}

}  // namespace

Schedule start_schedule(const FitOptions& options) {
  Schedule s = autoencoder_schedule(options);
  s.epochs = static_cast<int>(options.start_epochs);
  s.decay = 0.2;
  return s;
}

double start_steps(const StagedProblem& problem, const FitOptions& options) {
  return static_cast<double>(plan_steps(start_schedule(options), problem.split.train.size()).steps);
}

std::vector<std::size_t> distinct_best(const std::vector<Start>& starts,
                                       const StagedProblem& problem, std::size_t keep,
                                       double limit) {
  std::vector<std::size_t> order(starts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  sort_by_objective(order, starts);
  const std::vector<int> latents = problem.layout().sizes();
  std::vector<std::size_t> kept;
  for (const std::size_t i : order) {
    bool repeated = false;
    for (const std::size_t k : kept) {
      const std::vector<double> each = matched_agreement(starts[i].z, starts[k].z, latents);
      repeated =
          repeated ||
          std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size()) > limit;
    }
    if (!repeated) kept.push_back(i);
    if (kept.size() == keep) break;
  }
  return kept;
}

Begun begin_staged(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                   const std::string& name, std::size_t threads, const Checkpoint& checkpoint,
                   Watch& watch) {
  Begun begun;
  begun.coders = train_table_coders(problem, options, seed, name, threads, checkpoint, watch);
  std::vector<std::vector<float>> said;
  if (has_networks(problem)) {
    said = what_tables_say(problem, begun.coders, options, seed, name + "/tables", threads,
                           checkpoint, watch);
  }
  train_other_coders(problem, options, seed, name, said, checkpoint, watch, begun.coders);
  begun.codes = codes_of(begun.coders, problem);
  const std::vector<int> sizes = problem.layout().sizes();
  const std::size_t units = sizes.size();
  // Starts from the canonical subspace, turned differently.
  std::vector<std::vector<double>> canonical;
  const auto maps = canonical_maps(begun.codes, problem.complete.train, &canonical);
  for (std::size_t u = 0; u < units; ++u) {
    const auto last = static_cast<std::size_t>(sizes[u]) - 1;
    begun.canonical.push_back(last < canonical[u].size() ? canonical[u][last] : 0.0);
  }
  const StepContext context{begun.codes, problem, options, seed, threads, checkpoint, watch};
  begun.order = listed_ranks(units, problem.shared);
  if (!problem.order_given) begun.order = explore_orders(context, maps, name);
  begun.starts =
      run_starts(context, maps, name + "/start", [&](std::size_t) { return begun.order; });
  return begun;
}

double refine_work(const StagedProblem& problem, const FitOptions& options) {
  if (breadth(problem.layout().sizes()) == 1) return 0;
  return kMostRounds * static_cast<double>(options.branches) * start_steps(problem, options);
}

void refine(std::vector<Start>& starts, std::vector<std::size_t>& chosen,
            const StepContext& context, const std::string& name) {
  if (breadth(context.problem.layout().sizes()) == 1) return;
  parallel_for(chosen.size(), context.threads, [&](std::size_t b) {
    Start& best = starts[chosen[b]];
    for (int round = 0; round < kMostRounds; ++round) {
      Start next = best;
      train_start(next, context, fmt::format("{}/start{}/round{}", name, chosen[b], round));
      const double gain = best.objective - next.objective;
      if (gain > 0) best = std::move(next);
      if (gain >= kGain) continue;
      context.watch.advance(
          name, (kMostRounds - 1 - round) * start_steps(context.problem, context.options));
      break;
    }
  });
  sort_by_objective(chosen, starts);
}

std::vector<Start> listed_starts(const StepContext& context, const std::string& name) {
  const auto rank = listed_ranks(context.problem.latents.size(), context.problem.shared);
  const auto maps = canonical_maps(context.codes, context.problem.complete.train, nullptr);
  return run_starts(context, maps, name, [&](std::size_t) { return rank; });
}

std::vector<Start> finalists(std::vector<Start> starts, const StepContext& context,
                             const std::string& name) {
  const std::vector<std::size_t> best = distinct_best(starts, context.problem, kFinalists, 1.1);
  parallel_for(best.size(), context.threads, [&](std::size_t b) {
    train_start(starts[best[b]], context, fmt::format("{}/start{}/again", name, best[b]));
  });
  std::vector<Start> kept;
  for (const std::size_t b : best) kept.push_back(std::move(starts[b]));
  return kept;
}

}  // namespace polycause
