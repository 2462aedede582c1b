#include "train/optimise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/files.h"
#include "model/density_workspace.h"
#include "polycause/error.h"
#include "train/fixtures.h"

namespace polycause {
namespace {

const Checkpoint kNowhere("", 0);

Schedule short_schedule() {
  Schedule schedule;
  schedule.epochs = 6;
  schedule.batch = 64;
  schedule.sparsity = 0.01;
  return schedule;
}

Cells factor_cells(std::size_t n, double noise) {
  Random random(53, "cells");
  Cells cells;
  cells.participants = n;
  cells.width = 5;
  const double mix[2][5] = {{1, -0.5, 0.8, 0, 1.2}, {0.3, 1, -0.7, 1.1, 0}};
  for (std::size_t i = 0; i < n; ++i) {
    const double a = random.laplace();
    const double b = random.laplace();
    for (int j = 0; j < 5; ++j) {
      const double v = std::tanh(mix[0][j] * a) + mix[1][j] * b + noise * random.normal();
      cells.x.push_back(static_cast<float>(v));
    }
  }
  return cells;
}

Autoencoder small_autoencoder(const Cells& cells, const Split& split) {
  Autoencoder autoencoder(cells.width, false, 2, 16);
  Random random(54, "start");
  autoencoder.initialise(cells, split.train, random);
  return autoencoder;
}

TEST(Plan, BatchesAndStepsFitTheRows) {
  Schedule schedule;
  schedule.epochs = 10;
  schedule.batch = 256;
  Plan plan = plan_steps(schedule, 9000);
  EXPECT_EQ(plan.batch, 256u);
  EXPECT_EQ(plan.steps_per_epoch, 35u);
  EXPECT_EQ(plan.steps, 350u);
  EXPECT_EQ(plan.epochs, 10u);
  schedule.max_steps = 100;
  plan = plan_steps(schedule, 9000);
  EXPECT_EQ(plan.steps, 100u);
  EXPECT_EQ(plan.epochs, 3u);
  schedule.batch = 300;  // to a multiple of the tile
  EXPECT_EQ(plan_steps(schedule, 9000).batch, 256u);
  schedule.batch = 1;
  EXPECT_EQ(plan_steps(schedule, 9000).batch, 64u);
  schedule.batch = 4096;  // no more than there are rows
  EXPECT_EQ(plan_steps(schedule, 200).batch, 192u);
  plan = plan_steps(schedule, 5);  // rows are repeated
  EXPECT_EQ(plan.batch, 64u);
  EXPECT_EQ(plan.steps_per_epoch, 1u);
}

TEST(Plan, SmallStudiesGetSmallBatches) {
  Schedule schedule;
  schedule.batch = 256;
  schedule.least_steps = 35;
  EXPECT_EQ(plan_steps(schedule, 9000).batch, 256u);
  EXPECT_EQ(plan_steps(schedule, 90000).batch, 256u);
  EXPECT_EQ(plan_steps(schedule, 4500).batch, 128u);
  EXPECT_EQ(plan_steps(schedule, 4500).steps_per_epoch, 35u);
  EXPECT_EQ(plan_steps(schedule, 900).batch, 64u);  // no smaller than a tile
  schedule.batch = 128;                             // the setting stays the most
  EXPECT_EQ(plan_steps(schedule, 9000).batch, 128u);
}

TEST(OptimiseDensity, LowersTheLossAndSaysSo) {
  const Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  Density density = small_density(false);
  const double before = density.decompose(codes, split.train).mean_nll();
  Recorder recorder;
  Schedule schedule = short_schedule();
  schedule.epochs = 30;
  Watch watch(&recorder, 7 * 30);
  optimise(density, codes, split, schedule, {"restart0/start0", 1}, kNowhere, watch);
  EXPECT_LT(density.decompose(codes, split.train).mean_nll(), before - 0.1);
  ASSERT_EQ(recorder.metrics.size(), 30u);
  for (std::size_t e = 0; e < 30; ++e) {
    EXPECT_EQ(recorder.metrics[e].series, "restart0/start0/nll");
    EXPECT_EQ(recorder.metrics[e].step, static_cast<long>(e + 1));
  }
  EXPECT_LT(recorder.metrics.back().value, recorder.metrics.front().value);
  EXPECT_NEAR(recorder.steps.back().fraction, 1, 1e-9);
  EXPECT_GE(recorder.polls, 30) << "polled in every epoch";
}

TEST(OptimiseDensity, UsesTrainingRowsOnly) {
  Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  Watch watch(nullptr, 1);
  Density clean = small_density(false);
  optimise(clean, codes, split, short_schedule(), {"u", 1}, kNowhere, watch);
  for (std::size_t i = 448; i < 512; ++i) codes.u[0][i] = std::nanf("");
  Density other = small_density(false);
  optimise(other, codes, split, short_schedule(), {"u", 1}, kNowhere, watch);
  EXPECT_EQ(clean.parameters(), other.parameters());
  Density another_seed = small_density(false);
  optimise(another_seed, codes, split, short_schedule(), {"u", 2}, kNowhere, watch);
  EXPECT_NE(clean.parameters(), another_seed.parameters());
  Density another_name = small_density(false);
  optimise(another_name, codes, split, short_schedule(), {"v", 1}, kNowhere, watch);
  EXPECT_NE(clean.parameters(), another_name.parameters());
}

// Each group of participants fills a tile of 64 with a chance only; where none did, one is drawn.
TEST(OptimiseDensity, GroupsThatAreAllSmallerThanATile) {
  Codes codes = linked_codes(7, 1);
  for (std::size_t i = 0; i < 7; ++i) {
    codes.present.push_back(1);
    codes.present.push_back(i < 2 ? 0 : 1);
    if (i < 2) codes.u[1][i] = std::nanf("");
  }
  Watch watch(nullptr, 1);
  Density density = small_density(false);
  const std::vector<float> before = density.parameters();
  Schedule schedule = short_schedule();
  schedule.epochs = 30;
  optimise(density, codes, split_of(5, 2), schedule, {"u", 1}, kNowhere, watch);
  EXPECT_NE(density.parameters(), before);
  for (const float value : density.parameters()) EXPECT_TRUE(std::isfinite(value));
}

TEST(OptimiseDensity, GatesFollowTheDataAndThePrice) {
  Schedule schedule = short_schedule();
  schedule.epochs = 60;
  schedule.sparsity = 0.05;
  const Split split = split_of(448, 64);
  Watch watch(nullptr, 1);
  Density linked = small_density(true);
  optimise(linked, linked_codes(512, 1.5), split, schedule, {"u", 1}, kNowhere, watch);
  EXPECT_TRUE(linked.gate_open()[0]);
  Density apart = small_density(true);
  optimise(apart, linked_codes(512, 0), split, schedule, {"u", 1}, kNowhere, watch);
  EXPECT_FALSE(apart.gate_open()[0]);
  schedule.sparsity = 20;
  Density priced = small_density(true);
  optimise(priced, linked_codes(512, 1.5), split, schedule, {"u", 1}, kNowhere, watch);
  EXPECT_FALSE(priced.gate_open()[0]);
  for (std::size_t i = priced.gate_begin(); i < priced.parameters().size(); ++i)
    EXPECT_LE(std::fabs(priced.parameters()[i]), 4.0f);
}

TEST(OptimiseDensity, GroupLassoShrinksLinks) {
  const Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  Schedule schedule = short_schedule();
  schedule.epochs = 40;
  Watch watch(nullptr, 1);
  Density free = small_density(false);
  optimise(free, codes, split, schedule, {"u", 1}, kNowhere, watch);
  schedule.group_lasso = 1;
  Density held = small_density(false);
  optimise(held, codes, split, schedule, {"u", 1}, kNowhere, watch);
  EXPECT_LT(held.group_norm(), 0.3 * free.group_norm());
}

TEST(OptimiseDensity, AFinishedUnitIsReusedAndItsCurveReplayed) {
  const ScratchDirectory directory;
  const Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  const Checkpoint checkpoint(directory.path(), 3);
  Recorder first;
  Density density = small_density(true);
  {
    Watch watch(&first, 42);
    optimise(density, codes, split, short_schedule(), {"u", 1}, checkpoint, watch);
  }
  Codes broken = codes;  // would be noticed if anything were trained
  for (float& v : broken.u[0]) v = std::nanf("");
  Recorder second;
  Watch watch(&second, 42);
  Density again = small_density(true);
  optimise(again, broken, split, short_schedule(), {"u", 1}, checkpoint, watch);
  EXPECT_EQ(again.parameters(), density.parameters());
  EXPECT_TRUE(second.metrics == first.metrics);
  EXPECT_NEAR(second.steps.back().fraction, 1, 1e-9);
  const Checkpoint other(directory.path(), 4);
  EXPECT_THROW(optimise(again, broken, split, short_schedule(), {"u", 1}, other, watch),
               NumericError);
}

/// Interrupts at every possible poll, goes on, and compares with an uninterrupted run.
template <typename Run>
void expect_resumable(const Run& run) {
  Recorder whole;
  const std::vector<float> expected = run("", whole);
  const int polls = whole.polls;
  ASSERT_GE(polls, 5);
  for (int stop = 0; stop < polls; ++stop) {
    const ScratchDirectory directory;
    Recorder stopped;
    stopped.cancel_after = stop;
    EXPECT_THROW(run(directory.path(), stopped), Interrupted);
    Recorder resumed;
    EXPECT_EQ(run(directory.path(), resumed), expected) << "stopped at poll " << stop;
    EXPECT_EQ(resumed.polls, polls - stop) << "nothing finished is done again";
    EXPECT_TRUE(resumed.metrics == whole.metrics);
    EXPECT_NEAR(resumed.steps.back().fraction, 1, 1e-9);
  }
}

TEST(OptimiseDensity, ResumedIsTheSameToTheBit) {
  const Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  expect_resumable([&](const std::string& directory, Observer& observer) {
    Density density = small_density(true);
    Watch watch(&observer, 42);
    optimise(density, codes, split, short_schedule(), {"u", 1}, Checkpoint(directory, 3, 0), watch);
    return density.parameters();
  });
}

// With an early stop, so that the epochs without a better loss are among what is kept.
TEST(OptimiseAutoencoder, ResumedIsTheSameToTheBit) {
  const Cells cells = factor_cells(512, 1.5);
  const Split split = split_of(128, 384);
  Schedule schedule = short_schedule();
  schedule.epochs = 500;
  schedule.rate = 0.02;
  std::vector<double> r2;
  expect_resumable([&](const std::string& directory, Observer& observer) {
    Autoencoder autoencoder = small_autoencoder(cells, split);
    Watch watch(&observer, 1000);
    r2.push_back(optimise(autoencoder, cells, split, schedule, {"u", 1},
                          Checkpoint(directory, 3, 0), watch));
    return autoencoder.parameters();
  });
  for (const double each : r2) EXPECT_EQ(each, r2[0]);
}

TEST(OptimiseAutoencoder, KeepsTheBestStateAndStopsEarly) {
  const Cells cells = factor_cells(512, 1.5);
  const Split split = split_of(128, 384);
  Autoencoder autoencoder = small_autoencoder(cells, split);
  const double start = autoencoder.loss(cells, split.validation);
  Schedule schedule = short_schedule();
  schedule.epochs = 2000;
  schedule.max_steps = 4000;
  schedule.rate = 0.02;
  Recorder recorder;
  Watch watch(&recorder, 4000);
  const double r2 = optimise(autoencoder, cells, split, schedule, {"u", 1}, kNowhere, watch);
  ASSERT_LT(recorder.metrics.size(), 500u) << "noise of 128 rows is soon learned by heart";
  EXPECT_NEAR(recorder.steps.back().fraction, 1, 1e-9) << "work that is saved counts as done";
  double best = start;
  for (const Metric& m : recorder.metrics) {
    EXPECT_EQ(m.series, "u/mse_validation");
    best = std::min(best, m.value);
  }
  EXPECT_EQ(autoencoder.loss(cells, split.validation), best);
  double variance = 0;
  for (std::size_t j = 0; j < 5; ++j) {
    double mean = 0;
    for (const std::uint32_t row : split.validation)
      mean += static_cast<double>(cells.x[row * 5 + j]) / 384;
    for (const std::uint32_t row : split.validation)
      variance += std::pow(static_cast<double>(cells.x[row * 5 + j]) - mean, 2) / (384 * 5);
  }
  EXPECT_NEAR(r2, 1 - best / variance, 1e-9);
}

// A unit that stopped early is finished: reusing it is the whole of its work, once.
TEST(OptimiseAutoencoder, AFinishedUnitIsReused) {
  const ScratchDirectory directory;
  const Cells cells = factor_cells(512, 1.5);
  const Split split = split_of(128, 384);
  Schedule schedule = short_schedule();
  schedule.epochs = 500;
  schedule.rate = 0.02;
  const Checkpoint checkpoint(directory.path(), 3);
  Recorder first;
  Autoencoder autoencoder = small_autoencoder(cells, split);
  Watch before(&first, 4000);
  const double r2 = optimise(autoencoder, cells, split, schedule, {"u", 1}, checkpoint, before);
  ASSERT_LT(first.metrics.size(), 500u);
  Recorder second;
  Watch after(&second, 4000);
  Autoencoder again = small_autoencoder(cells, split);
  EXPECT_EQ(optimise(again, cells, split, schedule, {"u", 1}, checkpoint, after), r2);
  EXPECT_EQ(again.parameters(), autoencoder.parameters());
  EXPECT_TRUE(second.metrics == first.metrics);
  EXPECT_EQ(second.polls, 0);
  EXPECT_NEAR(first.steps.back().fraction, 1000.0 / 4000, 1e-9);
  EXPECT_NEAR(second.steps.back().fraction, 1000.0 / 4000, 1e-9);
}

template <typename Run>
void expect_numeric_error(const Run& run) {
  try {
    run();
    FAIL() << "a loss that is not a number was accepted";
  } catch (const NumericError& error) {
    const std::string text = error.what();
    for (const char* part : {"'restart0/start5'", "epoch 1", "train.learning_rate"})
      EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
  }
}

TEST(Optimise, ALossThatIsNotANumberIsAClearError) {
  Codes codes = linked_codes(512, 1);
  Cells cells = factor_cells(512, 0.3);
  codes.u[1][17] = std::nanf("");
  cells.x[17] = std::numeric_limits<float>::infinity();
  const Split split = split_of(448, 64);
  Watch watch(nullptr, 1);
  expect_numeric_error([&] {
    Density density = small_density(false);
    optimise(density, codes, split, short_schedule(), {"restart0/start5", 1}, kNowhere, watch);
  });
  expect_numeric_error([&] {
    Autoencoder autoencoder(5, false, 2, 16);
    Random random(54, "start");
    autoencoder.initialise(factor_cells(512, 0.3), split.train, random);
    optimise(autoencoder, cells, split, short_schedule(), {"restart0/start5", 1}, kNowhere, watch);
  });
}

TEST(Optimise, ErrorsOfTheModelNameTheUnit) {
  const Codes codes = linked_codes(512, 1);
  Watch watch(nullptr, 1);
  expect_numeric_error([&] {
    Density density = small_density(false);
    density.parameters()[0] = 0;  // the first linear map of the first head
    optimise(density, codes, split_of(448, 64), short_schedule(), {"restart0/start5", 1}, kNowhere,
             watch);
  });
}

TEST(Optimise, DivergenceIsANumericError) {
  const Codes codes = linked_codes(512, 1);
  const Split split = split_of(448, 64);
  Schedule schedule = short_schedule();
  schedule.rate = 1e30;
  Watch watch(nullptr, 1);
  Density density = small_density(false);
  try {
    optimise(density, codes, split, schedule, {"restart0/start5", 1}, kNowhere, watch);
    FAIL() << "steps of 1e30 converged";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("'restart0/start5'"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace polycause
