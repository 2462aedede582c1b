// The method `pima` through train, encode, save and load; its network over features; its settings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/random.h"
#include "base/stopwatch.h"
#include "methods/fixtures.h"
#include "networks/networks.h"
#include "polycause/error.h"
#include "polycause/evaluate_features.h"
#include "polycause/features.h"
#include "polycause/traverse.h"

namespace polycause {
namespace {

constexpr std::size_t kPeople = 500;

#define NEEDS_TORCH()                                                    \
  if (networks_status().rfind("absent", 0) == 0) {                       \
    GTEST_SKIP() << "this build has no LibTorch: " << networks_status(); \
  }

/// Two binary nodes, 0 -> 1, and a table per node's view; the second table is a curve of four
/// points that rises as node 1 says.
Study two_nodes(std::uint64_t seed, std::vector<double>* truth = nullptr) {
  Study study;
  Random random(seed, "two nodes");
  for (int m = 0; m < 2; ++m) {
    Modality modality;
    modality.name = m == 0 ? "table" : "curve";
    modality.kind = "tabular";
    for (int j = 0; j < 4; ++j) {
      Column column;
      column.name = "c" + std::to_string(j);
      modality.table.columns.push_back(column);
    }
    modality.rank_normal.assign(4, false);
    study.modalities.push_back(modality);
  }
  for (std::size_t i = 0; i < kPeople; ++i) {
    study.ids.push_back("p" + std::to_string(i));
    study.validation.push_back(i % 8 == 0);
    const bool a = random.uniform() < 0.45;
    const bool b = random.uniform() < (a ? 0.85 : 0.25);
    const double x = (a ? 1 : -1) + 0.2 * random.normal();
    const double y = (b ? 1 : -1) + 0.2 * random.normal();
    const double rows[4] = {x, y, x + y, x - 0.5 * y};
    for (std::size_t j = 0; j < 4; ++j) {
      study.modalities[0].table.columns[j].values.push_back(10 * rows[j] + random.normal());
      study.modalities[1].table.columns[j].values.push_back(
          5 + (b ? 3.0 : 1.0) * static_cast<double>(j) + 0.3 * random.normal());
    }
    if (truth != nullptr) truth->insert(truth->end(), {a ? 1.0 : 0.0, b ? 1.0 : 0.0});
  }
  study.groups = study.ids;
  for (Modality& m : study.modalities) m.table.ids = study.ids;
  study.spec.name = "two nodes";
  return study;
}

FitOptions quick_pima() {
  FitOptions options;
  options.method = "pima";
  options.pima.nodes = 2;
  options.pima.outcomes = "2";
  options.pima.pretrain_epochs = 20;
  options.pima.mixture_epochs = 6;
  options.batch = 64;
  options.restarts = 2;
  options.threads = 1;
  options.seed = 3;
  return options;
}

FeatureScores scores_of(const Fit& fit, const std::vector<double>& truth) {
  Table table;
  table.ids = fit.encoding.features.ids;
  for (std::size_t j = 0; j < 2; ++j) {
    Column column;
    column.name = "t" + std::to_string(j);
    for (std::size_t i = j; i < truth.size(); i += 2) column.values.push_back(truth[i]);
    table.columns.push_back(column);
  }
  return evaluate_features(fit.encoding.features, table, nullptr, nullptr);
}

TEST(Pima, FindsFeaturesAndTheirLink) {
  NEEDS_TORCH();
  std::vector<double> truth;
  const Study study = two_nodes(1, &truth);
  Stopwatch clock;
  const Fit fit = train(study, quick_pima());
  const double elapsed = clock.lap();
  double stages = 0;
  for (const auto& [stage, seconds] : fit.seconds) stages += seconds;
  EXPECT_LE(stages, elapsed) << "each stage has its own seconds";
  EXPECT_GT(scores_of(fit, truth).accuracy, 0.95);
  ASSERT_EQ(fit.learned.edges.size(), 1u);
  EXPECT_EQ(fit.learned.edges[0].mark_target, Mark::kTail);  // not identified
  EXPECT_EQ(fit.learned.nodes[0].id, "node1");
  ASSERT_TRUE(fit.features);
  EXPECT_EQ(fit.features->network.joint_outcomes(), 4u);
  EXPECT_EQ(fit.features->decoded.size(), 2u);
  EXPECT_EQ(fit.encoding.latents.columns[0].name, "shared.z1");
  EXPECT_EQ(fit.encoding.responsibilities.columns[3].name, "1.1");
  double total = 0;
  for (std::size_t c = 0; c < 4; ++c) total += fit.encoding.responsibilities.columns[c].values[7];
  EXPECT_NEAR(total, 1, 1e-5);
  EXPECT_EQ(fit.replicates.size(), 1u);
  EXPECT_EQ(fit.branches.size(), 2u);
}

TEST(Pima, SavedModelEncodesTheSame) {
  NEEDS_TORCH();
  Study study = two_nodes(2);
  study.modalities[1].expert.decoder = "line";
  FitOptions options = quick_pima();
  options.restarts = 1;
  const Fit fit = train(study, options);
  ASSERT_EQ(fit.features->decoded[1].parameter_names.size(), 2u);
  const ScratchDirectory scratch;
  fit.model.save(scratch.path());
  const Model model = Model::load(scratch.path());
  const Encoding again = encode(model, study);
  for (std::size_t j = 0; j < fit.encoding.features.columns.size(); ++j)
    EXPECT_EQ(again.features.columns[j].values, fit.encoding.features.columns[j].values);
  EXPECT_EQ(again.latents.columns[0].values, fit.encoding.latents.columns[0].values);
  // Only one modality, and nobody at all.
  Study some = study;
  some.modalities[0].present.assign(kPeople, false);
  some.modalities[1].present.assign(kPeople, true);
  some.modalities[1].present[0] = false;
  const Encoding half = encode(model, some);
  EXPECT_TRUE(std::isnan(half.features.columns[0].values[0]));
  EXPECT_TRUE(std::isnan(half.latents.columns[0].values[0]));
  std::size_t same = 0;
  for (std::size_t i = 1; i < kPeople; ++i) {
    ASSERT_FALSE(std::isnan(half.features.columns[0].values[i]));
    same += half.features.columns[0].values[i] == again.features.columns[0].values[i] ||
            half.features.columns[2].values[i] == again.features.columns[2].values[i];
  }
  EXPECT_GT(same, kPeople * 3 / 4);
  EXPECT_TRUE(latent_names(model).empty());
}

TEST(Pima, ResumedFitGivesTheSameBytes) {
  NEEDS_TORCH();
  const Study study = two_nodes(4);
  FitOptions options = quick_pima();
  options.pima.pretrain_epochs = 2;
  options.pima.mixture_epochs = 2;
  const Fit whole = train(study, options);
  const ScratchDirectory scratch;
  options.checkpoint_dir = scratch.path();
  options.restarts = 1;
  train(study, options);
  options.restarts = 2;
  options.threads = 2;
  const Fit resumed = train(study, options);
  for (std::size_t j = 0; j < whole.encoding.responsibilities.columns.size(); ++j) {
    EXPECT_EQ(resumed.encoding.responsibilities.columns[j].values,
              whole.encoding.responsibilities.columns[j].values);
  }
  const Fit restored = train(study, options);  // all of it from checkpoints
  EXPECT_EQ(restored.features->bound, whole.features->bound);
  EXPECT_EQ(restored.features->occupation, whole.features->occupation);
  for (std::size_t m = 0; m < 2; ++m)
    EXPECT_EQ(restored.features->decoded[m].explained, whole.features->decoded[m].explained);
}

TEST(Pima, ACodeDoesNotDependOnWhoElseIsEncoded) {
  NEEDS_TORCH();
  Study study = two_nodes(1);
  // Gaps, and people who lack a modality.
  std::vector<bool> has(kPeople, true);
  for (std::size_t i = 0; i < kPeople; i += 7) has[i] = false;
  for (Column& column : study.modalities[1].table.columns) {
    for (std::size_t i = 0; i < kPeople; ++i) {
      if (!has[i]) column.values[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  study.modalities[1].present = has;
  study.modalities[0].table.columns[2].values[31] = std::numeric_limits<double>::quiet_NaN();
  FitOptions options = quick_pima();
  options.pima.pretrain_epochs = 2;
  options.pima.mixture_epochs = 1;
  options.restarts = 1;
  const Model model = train(study, options).model;
  const Encoding all = encode(model, study);
  for (const std::size_t first : {std::size_t{0}, std::size_t{7}, std::size_t{31}, kPeople - 1}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{60}}) {
      const std::size_t end = std::min(kPeople, first + count);
      const auto part = [&](auto& values) {
        values = {values.begin() + static_cast<std::ptrdiff_t>(first),
                  values.begin() + static_cast<std::ptrdiff_t>(end)};
      };
      Study some = study;
      for (auto* ids : {&some.ids, &some.groups}) part(*ids);
      part(some.validation);
      for (Modality& m : some.modalities) {
        part(m.table.ids);
        if (!m.present.empty()) part(m.present);
        for (Column& column : m.table.columns) part(column.values);
      }
      const Encoding own = encode(model, some);
      for (const auto& [a, b] : {std::pair{&all.latents, &own.latents},
                                 std::pair{&all.responsibilities, &own.responsibilities}}) {
        for (std::size_t j = 0; j < a->columns.size(); ++j) {
          std::vector<double> expected = a->columns[j].values;
          part(expected);
          EXPECT_EQ(expected, b->columns[j].values) << a->columns[j].name << ' ' << first;
        }
      }
    }
  }
}

TEST(Pima, OneModalityIsEnough) {
  NEEDS_TORCH();
  std::vector<double> truth;
  Study study = two_nodes(5, &truth);
  study.modalities.pop_back();
  FitOptions options = quick_pima();
  options.restarts = 1;
  const Fit fit = train(study, options);
  EXPECT_GT(scores_of(fit, truth).accuracy, 0.9);
  EXPECT_TRUE(std::isnan(fit.features->decoded[0].predicted));
}

TEST(Pima, TooManyFeaturesAreSaid) {
  NEEDS_TORCH();
  FitOptions options = quick_pima();
  options.pima.outcomes = "5,6";
  options.restarts = 1;
  options.pima.pretrain_epochs = 2;
  options.pima.mixture_epochs = 1;
  Study study = two_nodes(6);
  const Fit fit = train(study, options);
  EXPECT_TRUE(std::any_of(fit.warnings.begin(), fit.warnings.end(),
                          [](const Warning& w) { return w.code == "empty_cluster"; }));
}

TEST(Pima, SettingsAreChecked) {
  PimaSettings settings;
  EXPECT_EQ(outcomes_of(settings), (std::vector<int>{3, 3, 3}));
  settings.outcomes = "3, 3,2";
  EXPECT_EQ(outcomes_of(settings), (std::vector<int>{3, 3, 2}));
  for (const char* bad : {"", "3,3", "1", "x", "3,,3", "2;2;2", "99999999999", "65"}) {
    settings.outcomes = bad;
    EXPECT_THROW(outcomes_of(settings), ConfigError) << bad;
  }
  settings.outcomes = "17";
  EXPECT_THROW(outcomes_of(settings), ConfigError);  // 4,913 clusters
  settings.nodes = 12;
  settings.outcomes = "2";
  EXPECT_EQ(outcomes_of(settings).size(), 12u);
  Study study = two_nodes(1);
  FitOptions options = quick_pima();
  options.pima.first_temperature = 0.01;
  EXPECT_THROW(train(study, options), ConfigError);
  options = quick_pima();
  study.modalities[0].expert.decoder = "line";
  study.modalities[0].expert.at = {0, 1};
  EXPECT_THROW(train(study, options), ConfigError);
}

FeatureNetwork chain() {
  FeatureNetwork network;
  network.nodes = {{"a", 2, {}, {0.3, 0.7}},
                   {"b", 3, {0}, {0.5, 0.3, 0.2, 0.1, 0.2, 0.7}},
                   {"c", 2, {1}, {0.9, 0.1, 0.5, 0.5, 0.2, 0.8}}};
  return network;
}

TEST(FeatureNetwork, InterventionsCutTheParents) {
  const FeatureNetwork network = chain();
  EXPECT_EQ(network.outcomes_of(11), (std::vector<int>{1, 2, 1}));
  const std::vector<double> joint = joint_probabilities(network);
  EXPECT_NEAR(joint[0], 0.3 * 0.5 * 0.9, 1e-12);
  double total = 0;
  for (const double p : joint) total += p;
  EXPECT_NEAR(total, 1, 1e-12);
  const auto seen = outcome_probabilities(network);
  EXPECT_NEAR(seen[1][0], 0.3 * 0.5 + 0.7 * 0.1, 1e-12);
  const auto set = outcome_probabilities(network, {{1, 2}});
  EXPECT_NEAR(set[0][0], 0.3, 1e-12);  // causes stay as they are
  EXPECT_NEAR(set[1][2], 1, 1e-12);
  EXPECT_NEAR(set[2][1], 0.8, 1e-12);
}

TEST(FeatureNetwork, SamplesFollowIt) {
  const FeatureNetwork network = chain();
  const std::vector<int> drawn = sample_features(network, 20000, 5);
  EXPECT_EQ(drawn, sample_features(network, 20000, 5));
  std::vector<double> counts(12, 0);
  for (std::size_t d = 0; d < 20000; ++d) {
    counts[static_cast<std::size_t>((drawn[3 * d] * 3 + drawn[3 * d + 1]) * 2 +
                                    drawn[3 * d + 2])] += 1.0 / 20000;
  }
  const std::vector<double> joint = joint_probabilities(network);
  for (std::size_t c = 0; c < 12; ++c) EXPECT_NEAR(counts[c], joint[c], 0.012);
  const std::vector<int> held = sample_features(network, 1000, 6, {{1, 0}});
  for (std::size_t d = 0; d < 1000; ++d) EXPECT_EQ(held[3 * d + 1], 0);
}

}  // namespace
}  // namespace polycause
