#include "train/optimise.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "model/adam.h"
#include "model/density_workspace.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kClip = 10;
constexpr int kPatience = 8;  // epochs without a better validation loss

double rate_factor(double done, std::size_t step, double decay) {
  const double warm_up = std::min(1.0, static_cast<double>(step + 1) / 50.0);
  const double cosine =
      done < 1 - decay ? 1.0 : 0.5 * (1 + std::cos(kPi * (done - 1 + decay) / decay)) + 0.01;
  return warm_up * cosine;
}

/// Rows of the steps of one epoch: a fresh permutation, repeated where the batch is larger.
std::vector<std::uint32_t> epoch_rows(const std::vector<std::uint32_t>& from, const Plan& plan,
                                      const Unit& unit, std::size_t epoch) {
  Random random(unit.seed, unit.name + "/rows", epoch);
  const std::vector<std::size_t> order = random.permutation(from.size());
  std::vector<std::uint32_t> rows(plan.batch * plan.steps_per_epoch);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = from[order[i % order.size()]];
  return rows;
}

/// The same where blocks are missing: tiles of one group each, dealt in random order. The rest of a
/// group that fills no tile gets one, filled by repetition, as often as its size says, so that
/// everybody has the same weight on average.
std::vector<std::uint32_t> epoch_rows(const std::vector<RowGroup>& groups, const Plan& plan,
                                      const Unit& unit, std::size_t epoch) {
  if (groups.size() == 1) return epoch_rows(groups[0].rows, plan, unit, epoch);
  constexpr std::size_t kT = kTile;
  Random random(unit.seed, unit.name + "/rows", epoch);
  std::vector<std::uint32_t> tiles;
  for (const RowGroup& group : groups) {
    const std::size_t size = group.rows.size();
    const std::vector<std::size_t> order = random.permutation(size);
    const std::size_t count = size / kT + (random.below(kT) < size % kT ? 1 : 0);
    for (std::size_t i = 0; i < count * kT; ++i) tiles.push_back(group.rows[order[i % size]]);
  }
  if (tiles.empty()) {  // every group is small and none was drawn: one is, by its size
    std::size_t people = 0;
    for (const RowGroup& group : groups) people += group.rows.size();
    std::size_t at = random.below(people);
    std::size_t drawn = 0;
    while (at >= groups[drawn].rows.size()) at -= groups[drawn++].rows.size();
    const std::vector<std::uint32_t>& few = groups[drawn].rows;
    for (std::size_t i = 0; i < kT; ++i) tiles.push_back(few[i % few.size()]);
  }
  const std::vector<std::size_t> order = random.permutation(tiles.size() / kT);
  std::vector<std::uint32_t> rows(plan.batch * plan.steps_per_epoch);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = tiles[order[i / kT % order.size()] * kT + i % kT];
  return rows;
}

/// Per modality the share of the rows for which its block counts.
std::vector<double> shares_of(const std::vector<RowGroup>& groups) {
  std::vector<double> shares(groups.at(0).counts.size(), 0.0);
  double total = 0;
  for (const RowGroup& group : groups) {
    const auto size = static_cast<double>(group.rows.size());
    total += size;
    for (std::size_t m = 0; m < shares.size(); ++m) shares[m] += group.counts[m] ? size : 0.0;
  }
  for (double& share : shares) share /= total;
  return shares;
}

class SaveClock {
 public:
  explicit SaveClock(double seconds) : seconds_(seconds) {}
  bool due() {
    const auto now = std::chrono::steady_clock::now();
    if (std::chrono::duration<double>(now - last_).count() < seconds_) return false;
    last_ = now;
    return true;
  }

 private:
  double seconds_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::vector<float> joined(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> all(a);
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

void check_finite(double loss, const Unit& unit, std::size_t epoch) {
  if (std::isfinite(loss)) return;
  throw NumericError(fmt::format(
      "training '{}': the loss is {} in epoch {}; expected a number; lower train.learning_rate, or "
      "look for extreme values in the modality's columns (rank_normal helps)",
      unit.name, loss, epoch + 1));
}

/// One step's gradient; an error says whose it was.
double checked_gradient(const Density& density, const Codes& codes, const std::uint32_t* rows,
                        std::size_t batch, std::uint32_t key, const Unit& unit, std::size_t epoch,
                        DensityWorkspace& work, std::vector<float>& gradient) {
  double loss = 0;
  try {
    loss = density.gradient(codes, rows, batch, key, work, gradient.data());
  } catch (const NumericError& error) {
    throw NumericError(
        fmt::format("training '{}', epoch {}: {}", unit.name, epoch + 1, error.what()));
  }
  check_finite(loss, unit, epoch);
  return loss;
}

}  // namespace

Plan plan_steps(const Schedule& schedule, std::size_t rows) {
  Plan plan;
  const auto tile = static_cast<std::size_t>(kTile);
  const std::size_t most = std::max(tile, rows / tile * tile);
  plan.batch =
      std::min(most, std::max(tile, static_cast<std::size_t>(schedule.batch) / tile * tile));
  if (schedule.least_steps > 0) {
    const std::size_t wanted = rows / schedule.least_steps;
    plan.batch = std::min(plan.batch, std::max(tile, (wanted + tile / 2) / tile * tile));
  }
  plan.steps_per_epoch = std::max<std::size_t>(1, rows / plan.batch);
  plan.steps = std::min(plan.steps_per_epoch * static_cast<std::size_t>(schedule.epochs),
                        static_cast<std::size_t>(schedule.max_steps));
  plan.epochs = (plan.steps + plan.steps_per_epoch - 1) / plan.steps_per_epoch;
  return plan;
}

void optimise(Density& density, const Codes& codes, const Split& split, const Schedule& schedule,
              const Unit& unit, const Checkpoint& checkpoint, Watch& watch) {
  const std::vector<RowGroup> groups = density.row_groups(codes, split.train);
  const std::vector<double> shares = shares_of(groups);
  const Plan plan = plan_steps(
      schedule,
      std::accumulate(groups.begin(), groups.end(), std::size_t{0},
                      [](std::size_t n, const RowGroup& g) { return n + g.rows.size(); }));
  const std::size_t size = density.parameters().size();
  Adam adam(size);
  UnitState state;
  if (std::optional<UnitState> stored = checkpoint.load(unit.name)) {
    state = std::move(*stored);
    std::copy(state.values.begin(), state.values.begin() + static_cast<std::ptrdiff_t>(size),
              density.parameters().begin());
    for (const Metric& m : state.metrics) watch.metric(m.series, m.step, m.value);
    watch.advance(unit.name,
                  static_cast<double>(std::min(
                      plan.steps, static_cast<std::size_t>(state.epoch) * plan.steps_per_epoch)));
    if (state.finished) return;
    adam.restore(std::vector<float>(state.values.begin() + static_cast<std::ptrdiff_t>(size),
                                    state.values.end()));
  }
  DensityWorkspace work(density);
  std::vector<float> gradient(size);
  SaveClock clock(checkpoint.seconds());
  const std::size_t prior = density.prior_begin();
  const std::size_t gates = density.gate_begin();
  std::size_t step = static_cast<std::size_t>(state.epoch) * plan.steps_per_epoch;
  for (auto epoch = static_cast<std::size_t>(state.epoch); epoch < plan.epochs; ++epoch) {
    const std::vector<std::uint32_t> rows = epoch_rows(groups, plan, unit, epoch);
    Random noise(unit.seed, unit.name + "/gates", epoch);
    const std::size_t before = step;
    double total = 0;
    for (std::size_t b = 0; b < plan.steps_per_epoch && step < plan.steps; ++b, ++step) {
      if (b % 100 == 0) watch.check();
      const double done = static_cast<double>(step) / static_cast<double>(plan.steps);
      const double factor = rate_factor(done, step, schedule.decay);
      total += checked_gradient(density, codes, rows.data() + b * plan.batch, plan.batch,
                                noise.bits(), unit, epoch, work, gradient);
      if (schedule.group_lasso > 0) density.add_group_lasso(schedule.group_lasso, gradient.data());
      clip_norm(gradient, 0, gates, kClip);
      adam.begin_step();
      adam.update(0, prior, schedule.rate * factor, gradient, density.parameters());
      adam.update(prior, gates, schedule.rate * schedule.prior_factor * factor, gradient,
                  density.parameters());
      if (density.shape().gated) {
        density.add_sparsity(schedule.sparsity * std::min(1.0, 2 * done), gradient.data(), shares);
        adam.update(gates, size, schedule.rate * schedule.gate_factor * std::max(0.05, factor),
                    gradient, density.parameters());
        for (std::size_t i = gates; i < size; ++i) {
          density.parameters()[i] = std::clamp(density.parameters()[i], -4.0f, 4.0f);
        }
      }
    }
    const double mean = total / static_cast<double>(std::max<std::size_t>(1, step - before));
    state.metrics.push_back({unit.name + "/nll", static_cast<long>(epoch + 1), mean});
    watch.metric(state.metrics.back().series, state.metrics.back().step, mean);
    watch.advance(unit.name, static_cast<double>(step - before));
    state.epoch = static_cast<long>(epoch + 1);
    if (checkpoint.enabled() && epoch + 1 < plan.epochs && clock.due()) {
      state.values = joined(density.parameters(), adam.state());
      checkpoint.save(unit.name, state);
    }
  }
  state.finished = true;
  state.values = density.parameters();
  checkpoint.save(unit.name, state);
}

double optimise(Autoencoder& autoencoder, const Cells& cells, const Split& split,
                const Schedule& schedule, const Unit& unit, const Checkpoint& checkpoint,
                Watch& watch) {
  const Plan plan = plan_steps(schedule, split.train.size());
  const std::size_t size = autoencoder.parameters().size();
  // Values of a unit: parameters, best parameters, epochs since those, then moments.
  Adam adam(size);
  std::vector<float> best = autoencoder.parameters();
  double best_loss = autoencoder.loss(cells, split.validation);
  float since = 0;
  UnitState state;
  if (std::optional<UnitState> stored = checkpoint.load(unit.name)) {
    state = std::move(*stored);
    const auto begin = state.values.begin();
    const auto n = static_cast<std::ptrdiff_t>(size);
    autoencoder.parameters().assign(begin, begin + n);
    best.assign(begin + n, begin + 2 * n);
    since = state.values[2 * size];
    for (const Metric& m : state.metrics) watch.metric(m.series, m.step, m.value);
    Autoencoder kept = autoencoder;
    kept.parameters() = best;
    best_loss = kept.loss(cells, split.validation);
    watch.advance(unit.name,
                  static_cast<double>(std::min(
                      plan.steps, static_cast<std::size_t>(state.epoch) * plan.steps_per_epoch)));
    if (!state.finished) adam.restore(std::vector<float>(begin + 2 * n + 1, state.values.end()));
  }
  std::vector<float> gradient(size);
  SaveClock clock(checkpoint.seconds());
  std::size_t step = static_cast<std::size_t>(state.epoch) * plan.steps_per_epoch;
  for (auto epoch = static_cast<std::size_t>(state.epoch); epoch < plan.epochs && !state.finished;
       ++epoch) {
    const std::vector<std::uint32_t> rows = epoch_rows(split.train, plan, unit, epoch);
    const std::size_t before = step;
    for (std::size_t b = 0; b < plan.steps_per_epoch && step < plan.steps; ++b, ++step) {
      if (b % 100 == 0) watch.check();
      const double done = static_cast<double>(step) / static_cast<double>(plan.steps);
      autoencoder.gradient(cells, rows.data() + b * plan.batch, plan.batch, gradient);
      clip_norm(gradient, 0, size, kClip);
      adam.begin_step();
      adam.update(0, size, schedule.rate * rate_factor(done, step, schedule.decay), gradient,
                  autoencoder.parameters());
    }
    const double loss = autoencoder.loss(cells, split.validation);
    check_finite(loss, unit, epoch);
    state.metrics.push_back({unit.name + "/mse_validation", static_cast<long>(epoch + 1), loss});
    watch.metric(state.metrics.back().series, state.metrics.back().step, loss);
    since += 1;
    if (loss < best_loss) {
      best_loss = loss;
      best = autoencoder.parameters();
      since = 0;
    }
    watch.advance(unit.name, static_cast<double>(step - before));
    state.epoch = static_cast<long>(epoch + 1);
    state.finished = epoch + 1 == plan.epochs || since >= kPatience;
    if (state.finished || clock.due()) {
      state.values = joined(autoencoder.parameters(), best);
      state.values.push_back(since);
      if (!state.finished) state.values = joined(state.values, adam.state());
      checkpoint.save(unit.name, state);
    }
  }
  watch.advance(unit.name, static_cast<double>(plan.steps - std::min(plan.steps, step)));
  autoencoder.parameters() = best;
  const auto width = static_cast<std::size_t>(cells.width);
  double squares = 0;
  double count = 0;
  std::vector<double> mean(width, 0.0);
  std::vector<double> number(width, 0.0);
  const auto present = [&](std::size_t at) {
    return cells.present.empty() || cells.present[at] != 0;
  };
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::uint32_t row : split.validation) {
      for (std::size_t j = 0; j < width; ++j) {
        const std::size_t at = row * width + j;
        if (!present(at)) continue;
        const auto x = static_cast<double>(cells.x[at]);
        if (pass == 0) {
          mean[j] += x;
          number[j] += 1;
        } else {
          squares += std::pow(x - mean[j] / number[j], 2);
          count += 1;
        }
      }
    }
  }
  return squares > 0 ? 1 - best_loss / (squares / count) : 0.0;
}

double optimise(Bottleneck& bottleneck, const Rows& x, const Rows& y,
                const std::vector<std::uint32_t>& rows, const Schedule& schedule, const Unit& unit,
                Watch& watch) {
  const Plan plan = plan_steps(schedule, rows.size());
  const std::size_t size = bottleneck.parameters().size();
  Adam adam(size);
  std::vector<float> gradient(size);
  double mean = 0;
  std::size_t step = 0;
  for (std::size_t epoch = 0; epoch < plan.epochs; ++epoch) {
    const std::vector<std::uint32_t> order = epoch_rows(rows, plan, unit, epoch);
    double total = 0;
    const std::size_t before = step;
    for (std::size_t b = 0; b < plan.steps_per_epoch && step < plan.steps; ++b, ++step) {
      if (b % 100 == 0) watch.check();
      const double done = static_cast<double>(step) / static_cast<double>(plan.steps);
      const double loss =
          bottleneck.gradient(x, y, order.data() + b * plan.batch, plan.batch, gradient);
      check_finite(loss, unit, epoch);
      total += loss;
      clip_norm(gradient, 0, size, kClip);
      adam.begin_step();
      adam.update(0, size, schedule.rate * rate_factor(done, step, schedule.decay), gradient,
                  bottleneck.parameters());
    }
    mean = total / static_cast<double>(std::max<std::size_t>(1, step - before));
  }
  watch.advance(unit.name, static_cast<double>(plan.steps));
  return mean;
}

}  // namespace polycause
