// polycause::select_latents: bottlenecks of growing width between a modality and all others.
#include "polycause/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "base/random.h"
#include "base/settings.h"
#include "methods/problem.h"
#include "methods/select_choice.h"
#include "methods/select_features.h"
#include "methods/select_losses.h"
#include "polycause/error.h"
#include "train/optimise.h"

namespace polycause {
namespace {

constexpr std::size_t kMostComponents = 32;  // of one modality
constexpr double kWidthGain = 0.005;         // share of variance that a wider code must add
constexpr std::int64_t kWider = 4;           // codes are tried up to highest + kWider

struct Task {
  std::size_t side = 0;
  std::size_t split = 0;
  std::int64_t latents = 0;
};

/// Who is held out in which split; the rows of one group stay together.
std::vector<std::vector<std::uint32_t>> folds_of(const Study& study,
                                                 const std::vector<std::uint32_t>& rows,
                                                 const SelectOptions& options) {
  const auto splits = static_cast<std::size_t>(options.splits);
  std::vector<std::vector<std::uint32_t>> folds(splits);
  for (const std::uint32_t row : rows) {
    const std::string& group = study.groups.empty() ? study.ids[row] : study.groups[row];
    Random random(options.seed, "select.split/" + group);
    folds[random.below(splits)].push_back(row);
  }
  for (const auto& fold : folds) {
    if (fold.size() >= 10 && rows.size() - fold.size() >= 50) continue;
    throw DataError(fmt::format(
        "select: a split holds out {} of {} participants who have every modality; expected at "
        "least 10, and 50 others; add participants or lower select.splits",
        fold.size(), rows.size()));
  }
  return folds;
}

std::vector<CodeWidth> code_widths(const StagedProblem& problem, std::size_t m,
                                   const SelectOptions& options, const Checkpoint& checkpoint,
                                   Watch& watch) {
  const Cells& cells = problem.cells[m];
  const std::int64_t most = std::min<std::int64_t>(cells.width, options.highest + kWider);
  const Split own = problem.with(m);
  std::vector<CodeWidth> widths(static_cast<std::size_t>(most));
  parallel_for(widths.size(), thread_count(static_cast<long>(options.threads)), [&](std::size_t w) {
    const Unit unit{fmt::format("select/{}/width{}", problem.names[m], w + 1), options.seed};
    Autoencoder autoencoder(cells.width, !cells.present.empty(), static_cast<int>(w + 1),
                            static_cast<int>(options.hidden));
    Random random(unit.seed, unit.name + "/init");
    autoencoder.initialise(cells, own.train, random);
    Schedule schedule = schedule_of(options);
    widths[w] = {static_cast<std::int64_t>(w + 1),
                 optimise(autoencoder, cells, own, schedule, unit, checkpoint, watch)};
  });
  return widths;
}

std::int64_t smallest_width(const std::vector<CodeWidth>& widths) {
  for (const CodeWidth& one : widths) {
    const bool enough = std::all_of(widths.begin(), widths.end(), [&](const CodeWidth& other) {
      return other.width < one.width || other.r2 - one.r2 < kWidthGain;
    });
    if (enough && one.width < widths.back().width) return one.width;
  }
  return 0;
}

std::vector<std::size_t> asked_for(const StagedProblem& problem, const SelectOptions& options) {
  std::vector<std::size_t> all;
  for (std::size_t m = 0; m < problem.names.size(); ++m) {
    if (options.modality.empty() || options.modality == problem.names[m]) all.push_back(m);
  }
  if (!all.empty()) return all;
  const std::string near = nearest(options.modality, problem.names);
  throw ConfigError(fmt::format("--modality: found '{}'; expected one of {}{}", options.modality,
                                fmt::join(problem.names, ", "),
                                near.empty() ? "" : "; did you mean '" + near + "'?"));
}

void check_options(const SelectOptions& options) {
  SelectOptions copy = options;
  const auto visit = [&](SettingsVisitor& visitor) { visit_settings(copy, visitor); };
  for (const SettingInfo& info : list_settings(visit)) {
    apply_setting(visit, info.key, info.value, "select");
  }
  if (options.lowest >= 1 && options.lowest <= options.highest) return;
  throw ConfigError(
      fmt::format("--latents: found {}..{}; expected two numbers from 1 on, the smaller one first",
                  options.lowest, options.highest));
}

/// Shared latents are counted in every modality that shows them; nothing where there are none.
std::optional<Study> without_shared(const Study& study) {
  const auto is_shared = [](const Modality& m) { return m.kind == "shared"; };
  if (std::none_of(study.modalities.begin(), study.modalities.end(), is_shared)) return {};
  Study own = study;
  own.modalities.erase(std::remove_if(own.modalities.begin(), own.modalities.end(), is_shared),
                       own.modalities.end());
  return own;
}

}  // namespace

void visit_settings(SelectOptions& o, SettingsVisitor& v) {
  v.visit("select.splits", o.splits, 2, 100,
          "splits of the participants; each is held out once by one of them");
  v.visit("select.epochs", o.epochs, 1, 100000, "passes of each bottleneck");
  v.visit("select.hidden", o.hidden, 16, 1024, "hidden units of its networks");
  v.visit("select.least_gain", o.least_gain, 0.0, 100.0,
          "nat: a further latent counts when held-out participants gain at least this much");
  v.visit("select.least_share", o.least_share, 0.0, 1.0,
          "and at least this share of what all latents that were tried gain together");
  v.visit("select.widths", o.widths,
          "also say how wide a code reconstructs a table, latents and private parts together");
  v.visit("select.features", o.features, 1, 6, "pima: features to try, at most");
  v.visit("select.outcomes", o.outcomes, 2, 12, "pima: outcomes of a feature to try, at most");
}

double LatentSelection::agreement() const {
  const auto same = std::count(by_split.begin(), by_split.end(), chosen);
  return by_split.empty() ? 1.0 : static_cast<double>(same) / static_cast<double>(by_split.size());
}

std::vector<LatentSelection> select_latents(const Study& whole, const SelectOptions& options,
                                            Observer* observer) {
  check_options(options);
  const std::optional<Study> own = without_shared(whole);
  const Study& study = own ? *own : whole;
  Model model;
  StagedProblem problem = problem_of(study, model.impl());
  const std::vector<std::size_t> wanted = asked_for(problem, options);
  std::vector<std::uint32_t> rows;
  std::merge(problem.complete.train.begin(), problem.complete.train.end(),
             problem.complete.validation.begin(), problem.complete.validation.end(),
             std::back_inserter(rows));
  const auto folds = folds_of(study, rows, options);

  std::vector<Rows> components;
  std::vector<Rows> beyond;  // what the conditions leave of them
  for (std::size_t m = 0; m < problem.names.size(); ++m) {
    components.push_back(principal_components(problem, m, rows, kMostComponents));
    beyond.push_back(components.back());
    partial_out(problem.conditions, rows, beyond.back());
  }
  std::vector<Side> sides;
  std::vector<Task> tasks;
  std::vector<std::vector<std::int64_t>> tried(wanted.size());
  for (std::size_t s = 0; s < wanted.size(); ++s) {
    std::vector<const Rows*> rest;
    for (std::size_t m = 0; m < beyond.size(); ++m) {
      if (m != wanted[s]) rest.push_back(&beyond[m]);
    }
    Side side{components[wanted[s]], joint_components(rest, rows)};
    const std::int64_t most = std::min<std::int64_t>({options.highest, side.x.width, side.y.width});
    if (options.lowest > most) {
      throw ConfigError(fmt::format(
          "--latents: found {}..{}; expected numbers up to {} for modality '{}': it has {} "
          "independent components, the other modalities have {}; begin lower",
          options.lowest, options.highest, most, problem.names[wanted[s]], side.x.width,
          side.y.width));
    }
    tried[s].push_back(0);
    for (std::int64_t k = options.lowest; k <= most; ++k) tried[s].push_back(k);
    for (const std::int64_t k : tried[s]) {
      for (std::size_t split = 0; split < folds.size(); ++split) tasks.push_back({s, split, k});
    }
    sides.push_back(std::move(side));
  }

  FitOptions plain;
  plain.seed = options.seed;
  const Checkpoint checkpoint(
      options.checkpoint_dir,
      options.checkpoint_dir.empty()
          ? 0
          : hash64(fmt::format("{};{};{};{}", fingerprint_of(problem, plain), options.splits,
                               options.epochs, options.hidden)));
  const double steps =
      static_cast<double>(plan_steps(schedule_of(options), rows.size() - folds[0].size()).steps);
  double total = steps * static_cast<double>(tasks.size());
  for (const std::size_t m : wanted) {
    if (options.widths && !problem.blocks[m])
      total += steps * static_cast<double>(std::min<std::int64_t>(problem.cells[m].width,
                                                                  options.highest + kWider));
  }
  Watch watch(observer, total);
  // (task,) held-out losses in the order of the split's fold
  std::vector<std::vector<float>> losses(tasks.size());
  parallel_for(tasks.size(), thread_count(static_cast<long>(options.threads)), [&](std::size_t t) {
    const Task& task = tasks[t];
    const Unit unit{fmt::format("select/{}/split{}/latents{}", problem.names[wanted[task.side]],
                                task.split, task.latents),
                    options.seed};
    losses[t] = losses_of(sides[task.side], others(folds, task.split), folds[task.split],
                          task.latents, options, unit, checkpoint, watch);
  });

  std::vector<LatentSelection> selections;
  for (std::size_t s = 0; s < wanted.size(); ++s) {
    const std::size_t m = wanted[s];
    // Per number of latents, per split, per participant of its fold.
    SplitLosses by_count(tried[s].size());
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      if (tasks[t].side != s) continue;
      const auto place = std::find(tried[s].begin(), tried[s].end(), tasks[t].latents);
      by_count[static_cast<std::size_t>(place - tried[s].begin())].push_back(losses[t]);
    }
    LatentSelection selection =
        choose_latents(tried[s], by_count, {options.least_gain, options.least_share});
    selection.modality = problem.names[m];
    const std::vector<double> linear = linear_gains(sides[s], folds);
    for (LatentCount& count : selection.counts) {
      const auto k = static_cast<std::size_t>(count.latents);
      if (k >= 1 && k <= linear.size()) count.linear_gain = linear[k - 1];
    }
    selection.possible = std::min<std::int64_t>(sides[s].x.width, sides[s].y.width);
    selection.at_limit = selection.chosen == tried[s].back() && selection.chosen > 0 &&
                         selection.chosen < selection.possible;
    if (options.widths && !problem.blocks[m]) {
      selection.widths = code_widths(problem, m, options, checkpoint, watch);
      selection.width = smallest_width(selection.widths);
    }
    selections.push_back(std::move(selection));
  }
  return selections;
}

}  // namespace polycause
