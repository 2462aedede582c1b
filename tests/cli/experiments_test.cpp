#include "cli/experiments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "cli/experiment_pool.h"
#include "cli/experiment_rows.h"
#include "cli/experiment_summary.h"
#include "polycause/error.h"
#include "report/chart.h"

namespace polycause::cli {
namespace {

TEST(Statistics, MeanAndSampleDeviation) {
  const Statistic s = statistic({1, 2, 4, kNotGiven});
  EXPECT_EQ(s.count, 3u);
  EXPECT_DOUBLE_EQ(s.mean, 7.0 / 3);
  EXPECT_NEAR(s.sd, 1.5275252, 1e-6);  // numpy.std([1, 2, 4], ddof=1)
  EXPECT_DOUBLE_EQ(s.least, 1);
  EXPECT_DOUBLE_EQ(s.most, 4);
}

TEST(Statistics, OneValueHasNoDeviationAndNoneHasNoMean) {
  EXPECT_TRUE(std::isnan(statistic({3}).sd));
  EXPECT_EQ(statistic_text(statistic({3}), 1), "3.0");
  EXPECT_TRUE(std::isnan(statistic({}).mean));
  EXPECT_EQ(statistic_text(statistic({kNotGiven}), 1), "–");
  EXPECT_EQ(statistic_text(statistic({1, 2}), 2), "1.50 ± 0.71");
}

TEST(Experiments, NamesAreUniqueAndEqualSettingsMeanEqualStudies) {
  std::set<std::string> names;
  std::map<std::string, std::pair<std::string, std::vector<std::string>>> studies;
  for (const Experiment& experiment : experiments()) {
    EXPECT_TRUE(names.insert(experiment.name).second) << experiment.name;
    for (const ExperimentSetting& setting : experiment.settings) {
      const auto study = std::make_pair(setting.simulation, setting.sets);
      const auto [known, fresh] = studies.emplace(setting.name, study);
      EXPECT_EQ(known->second, study) << setting.name;
    }
  }
  EXPECT_EQ(names.count("fig8a"), 1u);
}

TEST(Experiments, PaperValuesOfTable4) {
  for (const Experiment& experiment : experiments()) {
    if (experiment.name != "table4") continue;
    for (const ExperimentSetting& setting : experiment.settings) {
      if (setting.name != "eight") continue;
      for (const Published& published : setting.published) {
        EXPECT_DOUBLE_EQ(published.mcc, .91);
        EXPECT_DOUBLE_EQ(published.r2, .83);
      }
      return;
    }
  }
  FAIL() << "no row of eight modalities";
}

ReproduceArguments arguments_of(const std::string& name) {
  ReproduceArguments arguments;
  arguments.name = name;
  arguments.methods = {"staged"};
  return arguments;
}

TEST(ExperimentRows, SharedLatentsOnlyByMethodsThatKnowThem) {
  ReproduceArguments arguments = arguments_of("table4");
  arguments.methods.clear();
  std::vector<Experiment> tables;
  for (const Experiment& experiment : experiments()) {
    if (experiment.name == "table4") tables.push_back(experiment);
  }
  std::set<std::string> shared;
  for (const Row& row : plan_rows(tables, arguments)) {
    if (row.setting == "shared2" || row.setting == "shared3")
      shared.insert(row.setting + " " + row.contender);
  }
  EXPECT_EQ(shared, (std::set<std::string>{"shared2 staged", "shared3 staged"}));
}

TEST(ExperimentRows, EveryStudyMethodAndSeedOnce) {
  ReproduceArguments arguments = arguments_of("all");
  arguments.seeds = 3;
  arguments.seed = 7;
  std::vector<Experiment> tables;
  for (const Experiment& experiment : experiments()) {
    if (!experiment.needs_pictures) tables.push_back(experiment);
  }
  const std::vector<Row> rows = plan_rows(tables, arguments);
  std::set<std::string> keys;
  std::size_t of_case1 = 0;
  for (const Row& row : rows) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_GE(row.seed, 7u);
    EXPECT_LT(row.seed, 10u);
    EXPECT_GT(row.expected_seconds, 0);
    of_case1 += row.setting == "case1" ? 1 : 0;
  }
  EXPECT_EQ(of_case1, 3u);  // in three figures
}

TEST(ExperimentRows, SettingsOfTheUserReachTheRowsTheyConcern) {
  ReproduceArguments arguments = arguments_of("fig5b");
  arguments.sets = {"simulate.noise=gaussian", "simulate.mnist=x", "train.starts=2",
                    "select.splits=3"};
  std::vector<Experiment> figure;
  for (const Experiment& experiment : experiments()) {
    if (experiment.name == "fig5b") figure.push_back(experiment);
  }
  const Row row = plan_rows(figure, arguments).at(0);
  EXPECT_EQ(row.simulation_sets, (std::vector<std::string>{"simulate.noise=gaussian"}));
  EXPECT_EQ(row.fit_sets,
            (std::vector<std::string>{"train.restarts=1", "method.name=staged", "train.starts=2"}));
  EXPECT_EQ(row.changed, (std::vector<std::string>{"simulate.noise=gaussian", "train.starts=2"}));
  arguments.sets = {"train.startz=2"};
  EXPECT_THROW(check_rows(plan_rows(figure, arguments)), ConfigError);
}

TEST(ExperimentRows, WhatTheRowsDifferInIsNotTheUsersToSet) {
  const auto planned = [](const std::string& name, const std::string& set) {
    ReproduceArguments arguments = arguments_of(name);
    arguments.sets = {set};
    std::vector<Experiment> one;
    for (const Experiment& experiment : experiments()) {
      if (experiment.name == name) one.push_back(experiment);
    }
    return plan_rows(one, arguments).size();
  };
  EXPECT_THROW(planned("fig8b", "simulate.participants=300"), ConfigError);
  EXPECT_THROW(planned("fig5c", "simulate.sparsity_ratio=0.5"), ConfigError);
  EXPECT_THROW(planned("fig5b", "simulate.modalities=3"), ConfigError);
  EXPECT_THROW(planned("table4", "simulate.shared=2"), ConfigError);
  EXPECT_GT(planned("fig5c", "simulate.participants=300"), 0u);
  ReproduceArguments arguments = arguments_of("fig8b");
  arguments.participants = 300;
  EXPECT_THROW(plan_rows(experiments(), arguments), ConfigError);
  arguments.participants.reset();
  arguments.quick = true;
  EXPECT_FALSE(plan_rows(experiments(), arguments).empty()) << "a smoke run is small throughout";
}

Row some_row(const std::string& choice, std::uint64_t seed) {
  Row row;
  row.key = choice + std::to_string(seed);
  row.setting = "case1";
  row.contender = "vae";
  row.choice = choice;
  row.seed = seed;
  return row;
}

RowResult scored(double mcc) {
  RowResult result;
  result.mcc_spearman = mcc;
  result.r2 = mcc / 2;
  result.seconds = 3;
  result.truth = {{"m1.z1", "m2.z1"}};
  return result;
}

TEST(ExperimentRows, FileReadsBackAndForeignOnesAreNotTaken) {
  const auto folder = std::filesystem::temp_directory_path() / "polycause-row-test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "row.json").string();
  const Row row = some_row("", 3);
  RowResult result = scored(.8);
  result.modalities = {"m1"};
  result.losses = {{3, 2, 1.5}};
  result.chosen = {2};
  result.true_numbers = {2};
  write_row(path, row, result);
  const auto back = read_row(path, row);
  ASSERT_TRUE(back.has_value());
  EXPECT_DOUBLE_EQ(back->mcc_spearman, .8);
  EXPECT_TRUE(std::isnan(back->shd));
  EXPECT_EQ(back->truth, result.truth);
  EXPECT_EQ(back->losses, result.losses);
  EXPECT_FALSE(read_row(path, some_row("", 4)).has_value());
  write_file(path, read_file(path).substr(0, 40));
  EXPECT_FALSE(read_row(path, row).has_value());
  std::filesystem::remove_all(folder);
}

struct Summarised {
  Experiment experiment;
  std::vector<Row> rows;
  Results results;
};

Summarised two_choices() {
  Summarised s;
  s.experiment.name = "test";
  s.experiment.title = "A <test>";
  s.experiment.settings = {{"case1", "case 1", "case1", {}, {{"vae", .5, .01, .6, .02}}}};
  s.experiment.contenders = {{"vae", "VAE", "vae", {}, {"m.beta=1", "m.beta=4"}, false},
                             {"absent", "absent", "absent", {}, {}, false}};
  for (const char* choice : {"m.beta=1", "m.beta=4"}) {
    for (std::uint64_t seed : {1u, 2u, 3u}) s.rows.push_back(some_row(choice, seed));
  }
  s.results["m.beta=11"] = scored(.6);
  s.results["m.beta=12"] = scored(.7);
  s.results["m.beta=41"] = scored(.9);
  s.results["m.beta=42"].error = "diverged";
  return s;
}

TEST(ExperimentLines, BestChoiceFailuresAndMissingRows) {
  const Summarised s = two_choices();
  const auto lines = experiment_lines(s.experiment, s.rows, s.results);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].choice, "m.beta=4");
  EXPECT_EQ(lines[0].results.size(), 1u);
  EXPECT_EQ(lines[0].failed, 1u);
  EXPECT_EQ(lines[0].missing, 1u);
  EXPECT_DOUBLE_EQ(lines[0].mcc_spearman.mean, .9);
  EXPECT_DOUBLE_EQ(lines[0].paper.r2, .6);
  const std::string csv = lines_csv(lines);
  EXPECT_NE(csv.find("case1,vae,m.beta=4,1,1,1,0.9,,0.9,"), std::string::npos) << csv;
  EXPECT_NE(csv.find(",0.5,0.01,0.6,0.02,\n"), std::string::npos) << csv;
  const std::string text = lines_text(s.experiment, lines);
  EXPECT_NE(text.find("1 failed"), std::string::npos);
  EXPECT_NE(text.find("1 not run yet"), std::string::npos);
}

TEST(ExperimentLines, PageIsWholeAndEscaped) {
  const Summarised s = two_choices();
  const std::string page =
      lines_page(s.experiment, experiment_lines(s.experiment, s.rows, s.results));
  EXPECT_NE(page.find("A &lt;test&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<test>"), std::string::npos);
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("href="), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(ExperimentLines, SettingsOfTheUserAreTold) {
  Summarised s = two_choices();
  EXPECT_EQ(changes_text(experiment_lines(s.experiment, s.rows, s.results)), "");
  for (Row& row : s.rows) row.changed = {"--quick", "train.batch=64"};
  const auto lines = experiment_lines(s.experiment, s.rows, s.results);
  for (const std::string& told : {lines_text(s.experiment, lines), lines_page(s.experiment, lines)})
    EXPECT_NE(told.find("own settings: --quick, train.batch=64; the paper"), std::string::npos);
  EXPECT_NE(lines_csv(lines).find(",0.6,0.02,--quick;train.batch=64\n"), std::string::npos);
}

TEST(ExperimentPool, CodesCrashesAndOrder) {
  std::map<std::size_t, int> codes;
  run_in_processes(
      6, 2,
      [](std::size_t i) {
        if (i == 5) std::raise(SIGTERM);
        if (i == 3) std::abort();
        if (i == 4) throw std::runtime_error("thrown");
        return static_cast<int>(i);
      },
      [&](std::size_t i, int code) { codes[i] = code; });
  EXPECT_EQ(codes, (std::map<std::size_t, int>{{0, 0}, {1, 1}, {2, 2}, {3, -1}, {4, 1}, {5, 130}}));
}

TEST(Chart, TicksAreRoundAndInside) {
  EXPECT_EQ(chart_ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(chart_ticks(3, 3, 5), (std::vector<double>{3}));
  const auto ticks = chart_ticks(-1234, 900, 6);
  EXPECT_GE(ticks.front(), -1234);
  EXPECT_LE(ticks.back(), 900);
  EXPECT_GE(ticks.size(), 3u);
}

TEST(Chart, LeavesOutWhatIsNoNumber) {
  Chart chart;
  chart.title = "a & b";
  chart.series = {{"line", ChartStyle::kLine, 0, {{0, 1, 0}, {1, kNotGiven, 0}, {2, 3, 0.5}}}};
  const std::string svg = chart_svg(chart);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_NE(svg.find("a &amp; b"), std::string::npos);
  EXPECT_EQ(chart_svg(Chart()).find("inf"), std::string::npos);
}

}  // namespace
}  // namespace polycause::cli
