// Number and outcomes of the features that `pima` looks for (docs/methods/select.md).
#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "methods/module_errors.h"
#include "methods/pima_problem.h"
#include "methods/problem.h"
#include "model/grid_choice.h"
#include "networks/networks.h"
#include "polycause/error.h"
#include "polycause/select.h"
#include "train/checkpoint.h"
#include "train/watch.h"

namespace polycause {
namespace {

constexpr double kPretraining = 10;  // how long it takes, in candidates
constexpr std::size_t kFewest = 100;

std::string unit_of(const std::vector<int>& outcomes) {
  return fmt::format("select/outcomes{}", fmt::join(outcomes, "-"));
}

/// Latents (n, l) before there are clusters; from the checkpoint when they are there.
std::vector<float> latents_of(const PimaProblem& problem, const std::vector<PimaInput>& inputs,
                              PimaOptions settings, const Checkpoint& checkpoint, Watch& watch) {
  const std::string unit = "select/latents";
  if (const auto stored = checkpoint.load(unit)) {
    watch.advance(unit, kPretraining);
    return stored->values;
  }
  const double passes = static_cast<double>(settings.pretrain_epochs + settings.epochs) /
                        static_cast<double>(settings.pretrain_epochs);
  settings.metric = [&](const std::string& series, long epoch, double value) {
    watch.check();
    watch.metric(series, epoch, value);
  };
  settings.advance = [&](double share) {
    watch.check();
    watch.advance(unit, kPretraining * share * passes);
  };
  UnitState state;
  state.values = with_module_errors(
      [&] { return networks().pima_latents(inputs, problem.split.train, settings); });
  state.finished = true;
  checkpoint.save(unit, state);
  return state.values;
}

FeatureCount counted(const GridCandidate& from) {
  return {from.outcomes, from.likelihood, from.uncertainty, from.free, from.criterion};
}

}  // namespace

FeatureSelection select_outcomes(const Study& study, const SelectOptions& options,
                                 const FitOptions& fit, Observer* observer) {
  FitOptions wanted = fit;
  wanted.method = "pima";
  wanted.seed = options.seed;
  wanted.pima.nodes = options.features;
  wanted.pima.outcomes = "2";
  Model model;
  const PimaProblem problem = problem_of_pima(study, model.impl());
  PimaOptions settings = pima_options(wanted, problem);
  settings.seed = options.seed;
  const std::vector<PimaInput> inputs = with_readers(problem.shapes, model.impl(), problem.data);
  const auto most_tried = static_cast<double>(options.features * options.outcomes);
  Watch watch(observer, kPretraining + most_tried);
  const Checkpoint checkpoint(
      options.checkpoint_dir,
      options.checkpoint_dir.empty() ? 0 : fingerprint_of(problem.identity, wanted));
  const std::vector<float> values = latents_of(problem, inputs, settings, checkpoint, watch);
  const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>
      latents(values.data(), static_cast<Eigen::Index>(values.size()) / settings.latents,
              settings.latents);
  if (latents.rows() < static_cast<Eigen::Index>(kFewest)) {
    throw DataError(fmt::format(
        "select: found {} participants to learn from; expected at least {}: numbers of features "
        "cannot be compared with fewer",
        latents.rows(), kFewest));
  }
  // A candidate is four doubles; as floats they would not give the same bytes when a run goes on.
  const auto known = [&](GridCandidate& own) {
    const auto stored = checkpoint.load(unit_of(own.outcomes));
    if (!stored || stored->metrics.size() != 4) return false;
    own.likelihood = stored->metrics[0].value;
    own.uncertainty = stored->metrics[1].value;
    own.free = static_cast<int>(stored->metrics[2].value);
    own.criterion = stored->metrics[3].value;
    return true;
  };
  const auto found = [&](const GridCandidate& own) {
    UnitState state;
    for (const double value :
         {own.likelihood, own.uncertainty, static_cast<double>(own.free), own.criterion})
      state.metrics.push_back({"select", 0, value});
    state.finished = true;
    checkpoint.save(unit_of(own.outcomes), state);
    watch.advance(unit_of(own.outcomes), 1);
  };
  const GridChoice choice = choose_grid(
      latents, static_cast<int>(options.features), static_cast<int>(options.outcomes), options.seed,
      thread_count(static_cast<long>(options.threads)), [&] { watch.check(); }, known, found);
  FeatureSelection out;
  out.dimension = choice.dimension;
  out.chosen = choice.chosen;
  for (const GridCandidate& one : choice.tried) out.tried.push_back(counted(one));
  const FeatureCount& best = out.tried[out.chosen];
  out.at_limit = best.outcomes.back() == options.outcomes ||
                 (static_cast<std::int64_t>(best.outcomes.size()) == options.features &&
                  out.dimension > static_cast<double>(options.features) + 0.5);
  out.margin = best.criterion;
  double next = -1e300;
  for (std::size_t k = 0; k < out.tried.size(); ++k) {
    if (k != out.chosen) next = std::max(next, out.tried[k].criterion);
  }
  out.margin = out.tried.size() > 1 ? best.criterion - next : 0;
  return out;
}

}  // namespace polycause
