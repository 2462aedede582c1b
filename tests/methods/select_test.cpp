#include "polycause/select.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "methods/fixtures.h"
#include "methods/problem.h"
#include "methods/select_choice.h"
#include "methods/select_features.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// Losses whose means are `means`, with noise of `sd` per participant of which the share `common`
/// is that of the participant, the same for every number of latents.
SplitLosses made_losses(const std::vector<double>& means, double sd, double own) {
  SplitLosses losses(means.size());
  for (std::size_t split = 0; split < 4; ++split) {
    std::vector<float> common(500);
    Random random(3, "common", split);
    for (float& value : common) value = static_cast<float>(sd * random.normal());
    for (std::size_t k = 0; k < means.size(); ++k) {
      std::vector<float> each(500);
      for (std::size_t i = 0; i < each.size(); ++i)
        each[i] =
            static_cast<float>(means[k] + static_cast<double>(common[i]) + own * random.normal());
      losses[k].push_back(each);
    }
  }
  return losses;
}

TEST(SelectChoice, StopsWhereNothingIsGained) {
  const auto choice =
      choose_latents({0, 1, 2, 3, 4}, made_losses({5, 4.2, 3.9, 3.9, 3.9}, 2, 0.05), {});
  EXPECT_EQ(choice.chosen, 2);
  EXPECT_EQ(choice.by_split, (std::vector<std::int64_t>{2, 2, 2, 2}));
  EXPECT_DOUBLE_EQ(choice.agreement(), 1.0);
  EXPECT_NEAR(choice.counts[1].gain, 0.8, 0.01);
  // Paired: what participants have in common does not count.
  EXPECT_LT(choice.counts[1].gain_error, 0.01);
  EXPECT_GT(choice.counts[1].loss_error, 0.03);
}

TEST(SelectChoice, ASmallGainDoesNotCountHoweverSure) {
  const auto choice = choose_latents({0, 1, 2, 3}, made_losses({5, 4, 3.985, 3.985}, 1, 0.01), {});
  EXPECT_EQ(choice.chosen, 1);
  EXPECT_EQ(
      choose_latents({0, 1, 2, 3}, made_losses({5, 4, 3.985, 3.985}, 1, 0.01), {0.01, 0, 2}).chosen,
      2);
}

TEST(SelectChoice, ALargeGainDoesNotCountWhenUnsure) {
  EXPECT_EQ(choose_latents({0, 1, 2}, made_losses({5, 4, 3.9}, 1, 4), {}).chosen, 1);
  EXPECT_EQ(choose_latents({0, 1, 2}, made_losses({5, 4, 3.9}, 1, 0.4), {}).chosen, 2);
}

// A fit that failed at one number must not hide what the next one finds.
TEST(SelectChoice, LooksPastANumberThatFailed) {
  EXPECT_EQ(choose_latents({0, 1, 2, 3}, made_losses({5, 4.5, 4.5, 3.5}, 1, 0.05), {}).chosen, 3);
}

TEST(SelectChoice, NothingPredictedIsZero) {
  EXPECT_EQ(choose_latents({0, 1, 2}, made_losses({5, 5.01, 5.02}, 1, 0.05), {}).chosen, 0);
}

TEST(SelectChoice, NumbersThatAreSkippedCountTwice) {
  // From 1 to 3 two latents are added: .03 nat is under .02 each.
  EXPECT_EQ(choose_latents({0, 1, 3}, made_losses({4.5, 4, 3.97}, 1, 0.01), {}).chosen, 1);
  EXPECT_EQ(choose_latents({0, 1, 2}, made_losses({4.5, 4, 3.97}, 1, 0.01), {}).chosen, 2);
}

TEST(SelectChoice, ErrorIsThatBetweenSplitsWhenLarger) {
  std::vector<std::vector<float>> a = {{1, 1.01f}, {3, 3.01f}};
  std::vector<std::vector<float>> b = {{0, 0}, {0, 0}};
  const Difference d = difference(a, b);
  EXPECT_NEAR(d.mean, 2.005, 1e-6);
  EXPECT_NEAR(d.error, 1.0, 1e-5);  // sd of {1.005, 3.005} over sqrt 2; by participants .58
}

SelectOptions few() {
  SelectOptions options;
  options.highest = 3;
  options.splits = 2;
  options.epochs = 12;
  options.seed = 4;
  return options;
}

TEST(Select, SharedLatentsAreNoModality) {
  SimulateOptions simulation = simulation_preset("shared2");
  simulation.participants = 300;
  const Simulated data = simulated("shared2", simulation, 1);
  SelectOptions options = few();
  options.epochs = 1;
  const auto found = select_latents(data.study, options);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].modality, "m2");
}

TEST(Select, FindsTheNumbersOfUnequalModalities) {
  SimulateOptions simulation = simulation_preset("free");
  simulation.participants = 3000;
  simulation.sizes = "2+1:8, 1+2:8, 1+1:8";
  const Simulated data = simulated("free", simulation, 11);
  SelectOptions options = few();
  options.threads = 2;
  const auto found = select_latents(data.study, options);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].modality, "m1");
  EXPECT_EQ(found[0].chosen, 2);
  EXPECT_EQ(found[1].chosen, 1);
  EXPECT_EQ(found[2].chosen, 1);
  EXPECT_EQ(found[0].width, 3);
  EXPECT_EQ(found[1].width, 3);
  EXPECT_EQ(found[2].width, 2);
}

TEST(Select, SameAtAnyThreadsAndFromCheckpoints) {
  const Simulated data = first_case(600, 2);
  SelectOptions options = few();
  options.epochs = 2;
  options.widths = false;
  options.threads = 1;
  const auto one = select_latents(data.study, options);
  const ScratchDirectory scratch;
  options.threads = 2;
  options.checkpoint_dir = scratch.path();
  const auto two = select_latents(data.study, options);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path()))
    files += entry.is_regular_file() ? 1 : 0;
  EXPECT_EQ(files, 16u);  // 2 modalities, 2 splits, 0 .. 3 latents
  const auto again = select_latents(data.study, options);
  for (const auto* other : {&two, &again}) {
    for (std::size_t m = 0; m < one.size(); ++m) {
      for (std::size_t k = 0; k < one[m].counts.size(); ++k)
        EXPECT_EQ(one[m].counts[k].loss, (*other)[m].counts[k].loss);
    }
  }
}

// Most of the second modality's first column is age. What age leaves of it goes with the first
// modality more than anything else does, however little that is.
TEST(Select, PairsBeyondTheConditionsAreRankedByCorrelation) {
  Study study = first_case(2000, 2).study;
  Random random(12, "aged");
  Column age;
  age.name = "age";
  const auto column = [](const std::string& name) {
    Column one;
    one.name = name;
    return one;
  };
  std::vector<Column> x = {column("x1"), column("x2")};
  std::vector<Column> y = {column("y1"), column("y2")};
  for (std::size_t i = 0; i < 2000; ++i) {
    age.values.push_back(random.normal());
    for (Column& c : x) c.values.push_back(random.normal());
    y[0].values.push_back(0.95 * age.values[i] +
                          0.3 * (0.9 * x[0].values[i] + 0.44 * random.normal()));
    y[1].values.push_back(0.5 * x[1].values[i] + 0.87 * random.normal());
  }
  study.modalities[0].table.columns = x;
  study.modalities[1].table.columns = y;
  for (Modality& m : study.modalities) {
    m.latents = m.private_dims = 1;
    m.rank_normal = {false, false};
  }
  study.covariates.resize(1);
  study.covariates[0].name = "person";
  study.covariates[0].ids = study.ids;
  study.covariates[0].columns = {age};
  study.spec.condition_on = {"person.age"};
  SelectOptions options = few();
  options.modality = "m1";
  options.epochs = 2;
  options.widths = false;
  const LatentSelection found = select_latents(study, options).at(0);
  ASSERT_GE(found.counts.size(), 3u);
  EXPECT_NEAR(found.counts[1].linear_gain, 0.83, 0.15);
  EXPECT_NEAR(found.counts[2].linear_gain, 0.14, 0.06);
}

TEST(Select, NothingIsFoundBetweenShuffledModalities) {
  Simulated data = first_case(1500, 3);
  Random random(9, "shuffle");
  const std::vector<std::size_t> order = random.permutation(data.study.participants());
  for (Column& column : data.study.modalities[0].table.columns) {
    const std::vector<double> before = column.values;
    for (std::size_t i = 0; i < order.size(); ++i) column.values[i] = before[order[i]];
  }
  SelectOptions options = few();
  options.widths = false;
  for (const LatentSelection& one : select_latents(data.study, options)) EXPECT_EQ(one.chosen, 0);
}

TEST(Select, RefusesWhatCannotBe) {
  const Simulated data = first_case(200, 2);
  SelectOptions options = few();
  options.modality = "m3";
  EXPECT_THROW(select_latents(data.study, options), ConfigError);
  options = few();
  options.lowest = 4;
  EXPECT_THROW(select_latents(data.study, options), ConfigError);
  options = few();
  options.lowest = 4;
  options.highest = 6;  // both modalities have three independent components
  try {
    select_latents(data.study, options);
    ADD_FAILURE() << "nothing could be tried";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("found 4..6; expected numbers up to 3"),
              std::string::npos)
        << error.what();
  }
  options = few();
  options.splits = 1;
  EXPECT_THROW(select_latents(data.study, options), ConfigError);
  options = few();
  options.splits = 50;
  EXPECT_THROW(select_latents(data.study, options), DataError);
}

TEST(SelectFeatures, ComponentsAreWhiteAndKnowTheRank) {
  const Simulated data = first_case(500, 5);
  Model model;
  const StagedProblem problem = problem_of(data.study, model.impl());
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < 500; ++i) rows.push_back(i);
  const Rows x = principal_components(problem, 0, rows, 32);
  ASSERT_EQ(x.width, 3);  // 15 columns of 2 latents and 1 private part, mixed by a linear lift
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      double sum = 0;
      for (std::size_t i = 0; i < 500; ++i)
        sum += static_cast<double>(x.values[3 * i + static_cast<std::size_t>(a)]) *
               static_cast<double>(x.values[3 * i + static_cast<std::size_t>(b)]);
      EXPECT_NEAR(sum / 500, a == b ? 1 : 0, 1e-3);
    }
  }
}

}  // namespace
}  // namespace polycause
