// joint, beta_vae, causal_vae, contrastive and gcarl through `train`, as `staged` is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/files.h"
#include "methods/fixtures.h"
#include "networks/networks.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/traverse.h"

namespace polycause {
namespace {

bool no_networks() { return networks_status().rfind("absent", 0) == 0; }

FitOptions few_epochs(const std::string& method) {
  FitOptions options;
  options.method = method;
  options.autoencoder_width = 16;
  options.autoencoder_epochs = 3;
  options.epochs = 2;
  options.restarts = 2;
  options.threads = 1;
  return options;
}

bool all_codes(const std::string& method) { return method == "beta_vae" || method == "causal_vae"; }
bool has_noise(const std::string& method) { return method == "joint" || method == "causal_vae"; }

bool alike(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

bool equal_values(const Table& a, const Table& b) {
  if (a.ids != b.ids || a.columns.size() != b.columns.size()) return false;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    for (std::size_t i = 0; i < a.ids.size(); ++i) {
      if (a.columns[c].name != b.columns[c].name ||
          !alike(a.columns[c].values[i], b.columns[c].values[i]))
        return false;
    }
  }
  return true;
}

std::vector<std::string> warnings_of(const Fit& fit) {
  std::vector<std::string> codes;
  for (const Warning& warning : fit.warnings) codes.push_back(warning.code);
  return codes;
}

/// The true latents as the covariate table "truth".
Study with_truth(const Simulated& data) {
  Study study = data.study;
  study.covariates.push_back(data.truth.latents);
  study.covariates.back().name = "truth";
  return study;
}

template <class Kind>
std::string refused(const Study& study, const FitOptions& options) {
  try {
    train(study, options);
  } catch (const Kind& error) {
    return error.what();
  }
  return "accepted";
}

class EndToEnd : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  }
};

TEST_P(EndToEnd, LeavesWhatStagedLeavesAndComesBackFromFiles) {
  const std::string method = GetParam();
  const Simulated data = first_case(300, 3);
  const Fit fit = train(data.study, few_epochs(method));
  const std::size_t latents = all_codes(method) ? 6 : 4;
  ASSERT_EQ(fit.encoding.latents.columns.size(), latents);
  EXPECT_EQ(fit.encoding.private_parts.columns.size(), method == "joint" ? 2u : 0u);
  EXPECT_EQ(fit.latents.size(), latents);
  EXPECT_EQ(fit.branches.size(), 2u);
  EXPECT_EQ(fit.replicates.size(), 1u);
  EXPECT_EQ(fit.learned.nodes.size(), latents);
  EXPECT_EQ(fit.reconstruction_r2.size(), 2u);
  EXPECT_EQ(std::isnan(fit.reconstruction_r2[0]), method == "contrastive" || method == "gcarl");
  EXPECT_EQ(latent_names(fit.model).size(), latents);
  for (const Column& column : fit.encoding.latents.columns) {
    double squares = 0;
    for (const double v : column.values) squares += v * v;
    EXPECT_NEAR(squares / 300, 1, 1e-3) << column.name;
  }
  for (const Column& column : fit.encoding.exogenous.columns)
    EXPECT_EQ(std::isfinite(column.values[0]), has_noise(method)) << column.name;
  const auto checked = [&](const std::string& name) {
    return std::any_of(fit.checks.begin(), fit.checks.end(),
                       [&](const auto& check) { return check.first == name; });
  };
  EXPECT_EQ(checked("exogenous_dependence"), has_noise(method));
  EXPECT_EQ(checked("structural_rank.m1"), method == "joint" || method == "gcarl");
  const std::vector<std::string> warnings = warnings_of(fit);
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), "all_codes"), all_codes(method) ? 1 : 0);

  const ScratchDirectory directory;
  fit.model.save(directory.path() + "/model");
  const Model model = Model::load(directory.path() + "/model");
  const Encoding again = encode(model, data.study);
  EXPECT_TRUE(equal_values(again.latents, fit.encoding.latents));
  EXPECT_TRUE(equal_values(again.private_parts, fit.encoding.private_parts));
  EXPECT_TRUE(equal_values(again.exogenous, fit.encoding.exogenous));
  EXPECT_TRUE(equal_values(again.predicted, fit.encoding.predicted));
  model.save(directory.path() + "/again");
  for (const char* file : {"/model.json", "/model.safetensors"}) {
    EXPECT_EQ(read_file(directory.path() + "/again" + file),
              read_file(directory.path() + "/model" + file));
  }
  const Traversal moved = traverse(model, fit.encoding.latents.columns[0].name);
  EXPECT_EQ(moved.held.columns.empty(), method == "contrastive" || method == "gcarl");
  EXPECT_TRUE(encode(model, some_of(data.study, {})).latents.ids.empty());
}

TEST_P(EndToEnd, SameAtAnyThreadsAndFromCheckpoints) {
  const std::string method = GetParam();
  const Simulated data = first_case(300, 3);
  FitOptions options = few_epochs(method);
  const Fit first = train(data.study, options);
  options.threads = 2;
  const ScratchDirectory directory;
  options.checkpoint_dir = directory.path();
  const Fit second = train(data.study, options);
  const Fit third = train(data.study, options);
  for (const Fit* other : {&second, &third}) {
    EXPECT_TRUE(equal_values(first.encoding.latents, other->encoding.latents));
    EXPECT_EQ(first.branches[0].objective, other->branches[0].objective);
    for (std::size_t m = 0; m < first.reconstruction_r2.size(); ++m)
      EXPECT_TRUE(alike(first.reconstruction_r2[m], other->reconstruction_r2[m]));
    ASSERT_EQ(first.learned.edges.size(), other->learned.edges.size());
    for (std::size_t e = 0; e < first.learned.edges.size(); ++e)
      EXPECT_EQ(first.learned.edges[e].strength, other->learned.edges[e].strength);
  }
  options.seed = 1;
  EXPECT_FALSE(equal_values(train(data.study, options).encoding.latents, first.encoding.latents));
}

TEST_P(EndToEnd, GapsAndAbsentModalities) {
  const std::string method = GetParam();
  Simulated data = first_case(300, 3);
  for (std::size_t i = 0; i < 300; i += 3)
    data.study.modalities[0].table.columns[i % 15].values[i] =
        std::numeric_limits<double>::quiet_NaN();
  Modality& m2 = data.study.modalities[1];
  m2.present.assign(300, true);
  for (std::size_t i = 0; i < 40; ++i) {
    m2.present[i] = false;
    for (Column& column : m2.table.columns)
      column.values[i] = std::numeric_limits<double>::quiet_NaN();
  }
  const Fit fit = train(data.study, few_epochs(method));
  const std::size_t half = all_codes(method) ? 3 : 2;
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t c = 0; c < 2 * half; ++c) {
      EXPECT_EQ(std::isfinite(fit.encoding.latents.columns[c].values[i]), c < half || i >= 40)
          << i << " " << c;
    }
  }
  EXPECT_TRUE(equal_values(encode(fit.model, data.study).latents, fit.encoding.latents));
}

INSTANTIATE_TEST_SUITE_P(Methods, EndToEnd,
                         ::testing::Values("joint", "beta_vae", "causal_vae", "contrastive",
                                           "gcarl"),
                         [](const auto& test) { return test.param; });

TEST(EndToEndRecovery, JointWithAWarmStartAndGcarl) {
  if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  const Simulated data = first_case(3000, 1);
  for (const char* method : {"joint", "gcarl"}) {
    FitOptions options = few_epochs(method);
    options.restarts = 1;
    options.autoencoder_width = 32;
    options.autoencoder_epochs = 20;
    options.warm_start = "staged";
    options.epochs = 60;
    const Fit fit = train(data.study, options);
    const Scores scores =
        evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
    // Hurried: 3,000 people, 60 epochs. gcarl has no private parts and finds less.
    EXPECT_GT(scores.mcc_spearman, std::string(method) == "joint" ? 0.85 : 0.7) << method;
    EXPECT_LE(scores.shd_skeleton, 1) << method;
  }
}

TEST(EndToEndRefusals, WhatAMethodIsNotFor) {
  if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  SimulateOptions three = simulation_preset("free");
  three.participants = 200;
  three.modalities = 3;
  EXPECT_NE(refused<ConfigError>(simulated("free", three, 1).study, few_epochs("contrastive"))
                .find("has 3; expected two"),
            std::string::npos);
  const Simulated data = first_case(300, 3);
  FitOptions options = few_epochs("causal_vae");
  const Study twice = with_truth(data);
  for (const char* labels : {"nothing", "m1.z1=nothing.at_all", "m9.z1=a.b", ",,",
                             "m1.z1=truth.m1.z1,m1.z1=truth.m1.z2"}) {
    options.labels = labels;
    EXPECT_NE(refused<ConfigError>(twice, options).find("method.labels: found"), std::string::npos)
        << labels;
  }
  FitOptions unused = few_epochs("beta_vae");
  unused.labels = "truth";
  EXPECT_NE(refused<ConfigError>(twice, unused).find("'beta_vae' takes none"), std::string::npos);
  Study conditioned = data.study;
  conditioned.covariates.push_back(data.truth.latents);
  conditioned.covariates.back().name = "known";
  conditioned.spec.condition_on = {"known.*"};
  EXPECT_NE(refused<ConfigError>(conditioned, few_epochs("joint")).find("takes no known causes"),
            std::string::npos);
  Study bare = data.study;
  bare.modalities[0].latents = 0;
  EXPECT_NE(refused<ConfigError>(bare, few_epochs("contrastive")).find("'m1': it has no latents"),
            std::string::npos);
  for (const char* method : {"joint", "gcarl"}) {
    EXPECT_NE(refused<ConfigError>(bare, few_epochs(method)).find("'m1': it has no latents"),
              std::string::npos);
  }
  bare.modalities[1].latents = 0;
  EXPECT_NE(refused<ConfigError>(bare, few_epochs("staged")).find("no modality has latents"),
            std::string::npos);
  bare.modalities[0].latents = 1;
  bare.modalities[1].latents = 2;
  EXPECT_NE(refused<ConfigError>(bare, few_epochs("contrastive")).find("found 1 and 2"),
            std::string::npos);
  SimulateOptions few = simulation_preset("shared2");
  few.participants = 200;
  EXPECT_NE(refused<ConfigError>(simulated("shared2", few, 1).study, few_epochs("pima"))
                .find("no shared"),
            std::string::npos);
  options = few_epochs("joint");
  options.gates = "open";
  EXPECT_NE(refused<ConfigError>(data.study, options).find("method.gates"), std::string::npos);
}

TEST(EndToEndLabels, TheTrueLatentsAsACovariateTable) {
  if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  const Simulated data = first_case(1000, 2);
  Study labelled = with_truth(data);
  FitOptions options = few_epochs("causal_vae");
  options.restarts = 1;
  options.epochs = 30;
  const auto score = [&](const std::string& labels) {
    options.labels = labels;
    return evaluate(train(labelled, options).encoding.latents, data.truth.latents, nullptr, nullptr)
        .mcc_spearman;
  };
  const double named = score("truth");
  EXPECT_GT(named, score(""));
  EXPECT_EQ(score("m1.z1=truth.m1.z1, m1.z2=truth.m1.z2, m2.z1=truth.m2.z1, m2.z2=truth.m2.z2"),
            named);
}

TEST(EndToEndLabels, ACorrectedLabelIsAnotherFit) {
  if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  const Simulated data = first_case(300, 2);
  Study labelled = with_truth(data);
  FitOptions options = few_epochs("causal_vae");
  options.restarts = 1;
  options.labels = "truth";
  const ScratchDirectory scratch;
  options.checkpoint_dir = scratch.path();
  const auto first_latent = [&] {
    return train(labelled, options).encoding.latents.columns[0].values;
  };
  const Fit said = train(labelled, options);
  const std::vector<std::string> warnings = warnings_of(said);
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), "labelled"), 1);
  EXPECT_TRUE(std::none_of(said.checks.begin(), said.checks.end(), [](const auto& check) {
    return check.first.rfind("private", 0) == 0;
  })) << "there are no private parts to check";
  const std::vector<double> before = first_latent();
  EXPECT_EQ(first_latent(), before) << "from its checkpoint";
  for (double& value : labelled.covariates.back().columns[0].values) value *= value;
  EXPECT_NE(first_latent(), before);
}

TEST(EndToEndOrder, AnUnknownOrderGivesNoDirections) {
  if (no_networks()) GTEST_SKIP() << "this build has no LibTorch";
  Simulated data = first_case(300, 3);
  data.study.spec.order = "unknown";
  FitOptions options = few_epochs("joint");
  options.gates = "threshold";
  options.alpha_sparsity = 0;
  const Fit fit = train(data.study, options);
  ASSERT_EQ(fit.learned.edges.size(), 4u) << "no price: every gate stays open";
  for (const Edge& edge : fit.learned.edges) EXPECT_EQ(edge.mark_target, Mark::kTail);
  const std::vector<std::string> warnings = warnings_of(fit);
  EXPECT_EQ(std::count(warnings.begin(), warnings.end(), "order"), 1);
}

}  // namespace
}  // namespace polycause
