// Contracts of polycause::train: same bytes at any number of threads and after an interruption,
// clear errors.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <set>

#include "base/files.h"
#include "base/settings.h"
#include "methods/fixtures.h"
#include "polycause/error.h"

namespace polycause {
namespace {

struct Counter : Observer {
  std::vector<Metric> metrics;
  std::vector<double> fractions;
  mutable std::atomic<int> polls{0};
  int cancel_after = -1;

  void metric(const Metric& m) override { metrics.push_back(m); }
  void progress(const Progress& p) override { fractions.push_back(p.fraction); }
  bool cancelled() const override { return ++polls > cancel_after && cancel_after >= 0; }
};

/// All that a fit leaves, as bytes.
std::string bytes_of(const Fit& fit) {
  const ScratchDirectory directory;
  fit.model.save(directory.path());
  std::string all = read_file(directory.path() + "/model.safetensors") +
                    read_file(directory.path() + "/model.json") + edges_csv(fit.learned);
  for (const Table* t :
       {&fit.encoding.latents, &fit.encoding.private_parts, &fit.encoding.exogenous})
    all += table_csv(*t);
  for (const Table& t : fit.replicates) all += table_csv(t);
  for (const Warning& warning : fit.warnings) all += warning.code + warning.text;
  for (const Branch& branch : fit.branches)
    all += branch.name + fmt::format("{}", branch.objective);
  return all;
}

TEST(Train, OneThreadAndTwoGiveTheSameBytes) {
  const Simulated data = first_case(400, 3);
  FitOptions options = hasty_options();
  options.restarts = 2;
  const std::string one = bytes_of(train(data.study, options));
  options.threads = 2;
  EXPECT_TRUE(bytes_of(train(data.study, options)) == one);
  options.restarts = 1;  // threads inside a restart
  const std::string inside = bytes_of(train(data.study, options));
  options.threads = 1;
  EXPECT_TRUE(bytes_of(train(data.study, options)) == inside);
  options.seed = 1;
  EXPECT_FALSE(bytes_of(train(data.study, options)) == inside);
}

// Rounds end when held-out participants no longer gain; what they did not need counts as done.
TEST(Train, ModalitiesOfOverThreeLatentsGoOnInRounds) {
  const auto rounds = [](std::int64_t latents) {
    SimulateOptions simulation = simulation_preset("free");
    simulation.participants = 400;
    simulation.modalities = 2;
    simulation.latents = latents;
    simulation.columns = 12;
    Counter counter;
    train(simulated("free", simulation, 1).study, quick_options(), &counter);
    EXPECT_GT(counter.fractions.back(), 0.9);
    std::set<std::string> names;
    for (const Metric& m : counter.metrics) {
      if (m.series.find("/round") != std::string::npos) names.insert(m.series);
    }
    return names.size();
  };
  EXPECT_EQ(rounds(3), 0u);
  const std::size_t wide = rounds(4);
  EXPECT_GE(wide, 1u);
  EXPECT_LT(wide, 8u);
}

TEST(Train, ReportsCurvesAndProgress) {
  const Simulated data = first_case(400, 3);
  Counter counter;
  train(data.study, hasty_options(), &counter);
  ASSERT_FALSE(counter.fractions.empty());
  for (std::size_t i = 1; i < counter.fractions.size(); ++i)
    EXPECT_GE(counter.fractions[i], counter.fractions[i - 1]);
  EXPECT_GT(counter.fractions.back(), 0.8);
  EXPECT_LE(counter.fractions.back(), 1.0);
  for (const char* series : {"restart0/autoencoder0/mse_validation", "restart0/start1/nll",
                             "restart0/branch0/nll", "restart0/branch1/nll"}) {
    EXPECT_TRUE(std::any_of(counter.metrics.begin(), counter.metrics.end(), [&](const Metric& m) {
      return m.series == series;
    })) << series;
  }
}

TEST(Train, InterruptedAndResumedGivesTheSameBytes) {
  const Simulated data = first_case(400, 3);
  FitOptions options = hasty_options();
  options.restarts = 2;
  Counter whole;
  const std::string expected = bytes_of(train(data.study, options, &whole));
  const int polls = whole.polls;
  for (const int stop : {0, polls / 4, polls / 2, 3 * polls / 4, polls - 1}) {
    const ScratchDirectory directory;
    options.checkpoint_dir = directory.path();
    Counter stopped;
    stopped.cancel_after = stop;
    EXPECT_THROW(train(data.study, options, &stopped), Interrupted);
    Counter resumed;
    EXPECT_TRUE(bytes_of(train(data.study, options, &resumed)) == expected) << stop;
    if (stop > polls / 4) {
      EXPECT_LT(resumed.polls, polls) << "finished units are not done again";
    }
    EXPECT_EQ(resumed.metrics.size(), whole.metrics.size());
  }
}

TEST(Train, CheckpointsAreReusedByTheSameComputationOnly) {
  const Simulated data = first_case(400, 3);
  const ScratchDirectory directory;
  FitOptions options = hasty_options();
  options.checkpoint_dir = directory.path();
  Counter first;
  train(data.study, options, &first);
  const auto polls_of = [&](const Study& study, const FitOptions& changed) {
    // A new directory each time, with the units of the first fit.
    const ScratchDirectory copy;
    std::filesystem::copy(directory.path(), copy.path(), std::filesystem::copy_options::recursive);
    FitOptions there = changed;
    there.checkpoint_dir = copy.path();
    Counter counter;
    train(study, there, &counter);
    return counter.polls.load();
  };
  const int searches = polls_of(data.study, options);  // rotation searches are not stored
  EXPECT_LT(searches, first.polls);
  FitOptions changed = options;
  changed.threads = 2;
  EXPECT_EQ(polls_of(data.study, changed), searches);
  changed = options;
  changed.restarts = 2;  // the first restart is there already
  EXPECT_EQ(polls_of(data.study, changed), searches + first.polls);
  changed = options;
  changed.learning_rate = 2e-3;
  EXPECT_EQ(polls_of(data.study, changed), first.polls);
  changed = options;
  changed.seed = 1;
  EXPECT_EQ(polls_of(data.study, changed), first.polls);
  Study other = data.study;
  other.modalities[1].table.columns[2].values[17] += 1e-3;
  EXPECT_EQ(polls_of(other, options), first.polls);
  other = data.study;
  other.spec.order = "unknown";
  EXPECT_GT(polls_of(other, options), first.polls);
  // A cell at the median becomes missing: the numbers stay, what they mean does not.
  other = data.study;
  std::vector<double>& values = other.modalities[0].table.columns[0].values;
  std::vector<double> sorted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!other.validation[i]) sorted.push_back(values[i]);
  }
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (other.validation[i]) values[i] = median;
  }
  EXPECT_EQ(polls_of(other, options), first.polls);
  const ScratchDirectory gaps;
  options.checkpoint_dir = gaps.path();
  train(other, options);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (other.validation[i]) values[i] = std::numeric_limits<double>::quiet_NaN();
  }
  Counter missing;
  train(other, options, &missing);
  EXPECT_EQ(missing.polls, first.polls);
}

// Gaussian noise and linear links leave the latents open, so that branches tie. A rival is evidence
// where it ties, and only there.
TEST(Train, RivalsCountAsReplicatesWhereTheyTie) {
  SimulateOptions simulation = simulation_preset("case1");
  simulation.participants = 1000;
  simulation.noise = "gaussian";
  simulation.mechanism = "linear";
  FitOptions options = hasty_options();
  options.starts = 6;
  options.branches = 4;
  std::size_t ties = 0;
  std::size_t others = 0;
  for (const std::uint64_t seed : {2u, 3u}) {
    SCOPED_TRACE(seed);
    const Simulated data = simulated("case1", simulation, seed);
    const Fit fit = train(data.study, options);
    std::vector<std::string> tied;
    for (const Warning& warning : fit.warnings) {
      if (warning.code == "tie") tied.push_back(warning.text.substr(0, warning.text.find(' ')));
    }
    EXPECT_EQ(fit.replicate_names, tied);
    ties += tied.size();
    others += fit.branches.size() - 1 - tied.size();
    for (const LatentReport& latent : fit.latents) EXPECT_EQ(latent.replicates, tied.size());
  }
  EXPECT_GT(ties, 0u);
  EXPECT_GT(others, 0u);
}

TEST(Train, RefusesStudiesThatCannotBeFitted) {
  const Simulated data = first_case(300, 3);
  Study narrow = data.study;
  narrow.modalities[0].latents = 15;
  EXPECT_THROW(train(narrow, hasty_options()), ConfigError);
  Study single = data.study;
  single.modalities.pop_back();
  EXPECT_THROW(train(single, hasty_options()), ConfigError);
  Study nobody_held_out = data.study;
  nobody_held_out.validation.assign(300, false);
  EXPECT_THROW(train(nobody_held_out, hasty_options()), Error);
  Study nobody_to_fit = data.study;
  nobody_to_fit.validation.assign(300, true);
  EXPECT_THROW(train(nobody_to_fit, hasty_options()), Error);
  Study empty = some_of(data.study, {});
  EXPECT_THROW(train(empty, hasty_options()), Error);
}

TEST(Train, FewParticipantsAreFittedOrRefused) {
  const Simulated data = first_case(300, 3);
  for (const std::size_t count : {2u, 5u, 12u, 30u, 70u}) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back(i);
    Study few = some_of(data.study, rows);
    for (std::size_t i = 0; i < count; ++i) few.validation[i] = i % 4 == 0;
    try {
      const Fit fit = train(few, hasty_options());
      for (const Column& column : fit.encoding.latents.columns) {
        for (const double v : column.values) EXPECT_TRUE(std::isfinite(v)) << count;
      }
    } catch (const Error& error) {
      EXPECT_GT(std::string(error.what()).size(), 40u) << error.what();
    }
  }
}

TEST(Train, SettingsOutOfRangeAreRefused) {
  const Simulated data = first_case(300, 3);
  const auto refused = [&](const FitOptions& options, const std::string& key) {
    try {
      train(data.study, options);
      ADD_FAILURE() << key << " was accepted";
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
    }
  };
  FitOptions options = hasty_options();
  options.restarts = 0;
  refused(options, "train.restarts");
  options = hasty_options();
  options.starts = 0;
  refused(options, "train.starts");
  options = hasty_options();
  options.branches = -1;
  refused(options, "train.branches");
  options = hasty_options();
  options.max_steps = 0;
  refused(options, "train.max_steps");
  options = hasty_options();
  options.method = "jiont";
  refused(options, "method.name");
  options = hasty_options();
  options.prior = "";
  refused(options, "method.prior");
  options = hasty_options();
  options.learning_rate = std::nan("");
  refused(options, "train.learning_rate");
  options = hasty_options();
  options.sparsity = -0.1;
  refused(options, "method.sparsity");
}

TEST(Settings, AreSetByNameAndRangeChecked) {
  FitOptions options;
  const auto visit = [&](SettingsVisitor& visitor) { visit_settings(options, visitor); };
  std::size_t count = 0;
  for (const SettingInfo& info : list_settings(visit)) {
    EXPECT_FALSE(info.meaning.empty()) << info.key;
    ++count;
    // Free text; what it may hold depends on the study and is checked with it.
    if (info.key == "method.labels" || info.key == "method.outcomes") continue;
    EXPECT_FALSE(info.range.empty()) << info.key;
    EXPECT_THROW(apply_setting(visit, info.key, "-1", "--set"), ConfigError) << info.key;
    EXPECT_THROW(apply_setting(visit, info.key, "many", "--set"), ConfigError) << info.key;
  }
  EXPECT_EQ(count, 49u);
  apply_setting(visit, "train.batch", "512", "--set");
  apply_setting(visit, "method.prior", "general", "--set");
  apply_setting(visit, "method.edge_price", "0.5", "--set");
  EXPECT_EQ(options.batch, 512);
  EXPECT_EQ(options.prior, "general");
  EXPECT_EQ(options.edge_price, 0.5);
  EXPECT_THROW(apply_setting(visit, "train.batch", "63", "--set"), ConfigError);
  EXPECT_THROW(apply_setting(visit, "train.learning_rate", "nan", "--set"), ConfigError);
  EXPECT_THROW(apply_setting(visit, "train.bach", "512", "--set"), ConfigError);
}

}  // namespace
}  // namespace polycause
