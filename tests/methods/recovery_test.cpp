// What the method finds on data with known causes, and that it finds nothing where nothing is.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/random.h"
#include "methods/fixtures.h"
#include "methods/model_impl.h"
#include "methods/problem.h"
#include "methods/staged_model.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

TEST(Recovery, LatentsAndGraphOfTheFirstCase) {
  for (const std::uint64_t seed : {1u, 2u}) {
    SCOPED_TRACE(seed);
    const Simulated data = first_case(2000, seed);
    const Fit fit = train(data.study, quick_options());
    const Scores scores =
        evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
    EXPECT_GT(scores.mcc_spearman, 0.93);
    EXPECT_GT(scores.mcc_spearman_min, 0.85);
    EXPECT_GT(scores.r2, 0.9);
    EXPECT_LE(scores.shd, 1);
    EXPECT_EQ(scores.shd_within, 0);
    for (const double r2 : fit.reconstruction_r2) EXPECT_GT(r2, 0.9);
    EXPECT_EQ(fit.prior, "additive");
  }
}

// Without an edge inside, its effect has to show as further edges of the cause, and the latents are
// turned to make those few.
TEST(Recovery, EdgesInsideAModalityAtTheirPrice) {
  SimulateOptions simulation = simulation_preset("case3");
  simulation.participants = 2000;
  simulation.within_edges = 3;
  const Simulated data = simulated("case3", simulation, 2);  // one in the first modality
  const auto first_modality = [&](double price) {
    FitOptions options = quick_options();
    options.within_price = price;
    const Fit fit = train(data.study, options);
    const Scores scores =
        evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
    int inside = 0;
    for (const Edge& edge : fit.learned.edges) {
      if (fit.learned.nodes[edge.source].modality != fit.learned.nodes[edge.target].modality)
        continue;
      ++inside;
      EXPECT_EQ(edge.mark_target, Mark::kTail) << "no direction is claimed";
    }
    EXPECT_EQ(inside > 0, price > 0);
    // Whoever wins by such edges has trained longer; so has a rival without.
    EXPECT_EQ(fit.branches.size(), price > 0 ? 4u : 1u);
    return (scores.latents[0].spearman + scores.latents[1].spearman) / 2;
  };
  EXPECT_LT(first_modality(0), 0.85);
  EXPECT_GT(first_modality(0.3), 0.9);
}

// They are looked for by default; where there are none, the fit is as if nobody had looked.
TEST(Recovery, NoEdgesInsideWhereThereAreNone) {
  const Simulated data = first_case(1500, 2);
  FitOptions options;
  options.prior = "additive";
  options.branches = 1;
  options.restarts = 1;
  options.threads = 1;
  EXPECT_GT(options.within_price, 0);
  const Fit looked = train(data.study, options);
  options.within_price = 0;
  const Fit unasked = train(data.study, options);
  EXPECT_EQ(looked.learned.edges.size(), unasked.learned.edges.size());
  for (std::size_t j = 0; j < 4; ++j)
    EXPECT_EQ(looked.encoding.latents.columns[j].values,
              unasked.encoding.latents.columns[j].values);
}

// With one latent each there is no pair inside a modality, and nothing to try.
TEST(Recovery, NoBranchesWithEdgesInsideForSingleLatents) {
  SimulateOptions simulation = simulation_preset("case1");
  simulation.participants = 600;
  simulation.latents = 1;
  FitOptions options = hasty_options();
  options.within_price = 0.1;
  options.prior = "additive";
  EXPECT_EQ(train(simulated("case1", simulation, 1).study, options).branches.size(), 1u);
}

// The form of the tables of latents, and the signs, are contracts.
TEST(Recovery, LatentsAreStandardisedAndPointTheWayOfTheirColumns) {
  const Simulated data = first_case(1200, 2);
  FitOptions options = quick_options();
  options.seed = 5;
  const Fit fit = train(data.study, options);
  ASSERT_EQ(fit.encoding.latents.columns.size(), 4u);
  EXPECT_EQ(fit.encoding.latents.ids, data.study.ids);
  EXPECT_EQ(fit.encoding.private_parts.columns.size(), 2u);
  EXPECT_EQ(fit.encoding.exogenous.columns.size(), 4u);
  std::size_t j = 0;
  for (const Modality& modality : data.study.modalities) {
    for (int k = 1; k <= 2; ++k, ++j) {
      const Column& latent = fit.encoding.latents.columns[j];
      EXPECT_EQ(latent.name, modality.name + ".z" + std::to_string(k));
      EXPECT_EQ(fit.encoding.exogenous.columns[j].name, modality.name + ".eps" + std::to_string(k));
      double mean = 0;
      double square = 0;
      for (const double v : latent.values) mean += v / 1200;
      for (const double v : latent.values) square += (v - mean) * (v - mean) / 1200;
      EXPECT_NEAR(mean, 0, 1e-6);
      EXPECT_NEAR(square, 1, 1e-6);
      double strongest = 0;
      for (const Column& column : modality.table.columns) {
        const double r = spearman(latent.values, column.values);
        if (std::fabs(r) > std::fabs(strongest)) strongest = r;
      }
      EXPECT_GT(strongest, 0);
    }
  }
}

TEST(Recovery, WithoutLinksNoEdgeIsLearned) {
  Simulated data = first_case(2000, 2);
  // The second modality's rows belong to other participants.
  Random random(81, "other");
  const std::vector<std::size_t> order = random.permutation(2000);
  for (Column& column : data.study.modalities[1].table.columns) {
    const std::vector<double> before = column.values;
    for (std::size_t i = 0; i < 2000; ++i) column.values[i] = before[order[i]];
  }
  const Fit fit = train(data.study, quick_options());
  EXPECT_TRUE(fit.learned.edges.empty());
  std::set<std::string> warnings;
  for (const Warning& warning : fit.warnings) warnings.insert(warning.code);
  EXPECT_EQ(warnings.count("rank_deficient"), 1u);
  EXPECT_EQ(warnings.count("weak_link"), 1u);
}

// Without a price every gate stays open; what does not pay on held-out participants goes, from the
// model too.
TEST(Recovery, PruningLeavesTheLinksThatPay) {
  const Simulated data = first_case(600, 2);
  FitOptions options = quick_options();
  options.sparsity = 0;
  options.prune = 0;
  const std::size_t before = train(data.study, options).learned.edges.size();
  options.prune = 0.2;
  const Fit fit = train(data.study, options);
  EXPECT_LT(fit.learned.edges.size(), before);
  EXPECT_EQ(evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph).shd,
            0);
  const auto& staged = dynamic_cast<const StagedModel&>(*fit.model.impl().fitted);
  const Density& density = staged.density();
  const std::vector<bool> open = density.gate_open();
  std::size_t edge = 0;
  for (std::size_t e = 0; e < open.size(); ++e) {
    if (!open[e]) continue;
    ASSERT_LT(edge, fit.learned.edges.size());
    const LatentPair pair = density.shape().pairs[e];
    EXPECT_EQ(fit.learned.edges[edge].source, static_cast<std::size_t>(pair.source));
    EXPECT_EQ(fit.learned.edges[edge].target, static_cast<std::size_t>(pair.target));
    ++edge;
  }
  EXPECT_EQ(edge, fit.learned.edges.size());
}

// Three modalities in a hidden order: the one that causes the others is never called an effect.
TEST(Recovery, OrderThatTheStudyDoesNotTell) {
  SimulateOptions options;
  options.participants = 2000;
  options.modalities = 3;
  options.columns = 10;
  options.hidden_order = true;
  const Simulated data = simulated("free", options, 2);
  ASSERT_EQ(data.study.spec.order, "unknown");
  std::set<std::string> causes;
  for (const Edge& edge : data.truth.graph.edges)
    causes.insert(data.truth.graph.nodes[edge.source].modality);
  ASSERT_EQ(causes.size(), 1u) << "the truth that this test is about";
  const Fit fit = train(data.study, quick_options());
  const Scores scores =
      evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
  EXPECT_GT(scores.mcc_spearman, 0.9);
  EXPECT_LE(scores.shd_skeleton, 2);
  const auto once = std::count_if(fit.warnings.begin(), fit.warnings.end(),
                                  [](const Warning& w) { return w.code == "one_order"; });
  EXPECT_EQ(once, quick_options().restarts == 1 ? 1 : 0);
  std::size_t directed = 0;
  for (const Edge& edge : fit.learned.edges) {
    if (edge.mark_target != Mark::kArrow) continue;
    ++directed;
    EXPECT_EQ(causes.count(fit.learned.nodes[edge.target].modality), 0u)
        << fit.learned.nodes[edge.source].id << " -> " << fit.learned.nodes[edge.target].id;
  }
  EXPECT_GE(directed, 2u);
}

// One cause of everything makes edges; given that cause they go.
TEST(Recovery, ConditionsTakeTheirShareAway) {
  SimulateOptions options = simulation_preset("case1");
  options.participants = 2500;
  options.confounder = 1;
  Simulated data = simulated("case1", options, 1);
  FitOptions quick = quick_options();
  quick.prior = "additive";
  const Fit confounded = train(data.study, quick);
  data.study.spec.condition_on = {"demographics.a*"};
  const Fit fit = train(data.study, quick);
  const auto scored = [&](const Fit& f) {
    return evaluate(f.encoding.latents, data.truth.latents, &f.learned, &data.truth.graph);
  };
  EXPECT_GT(scored(confounded).shd, 0);
  EXPECT_EQ(scored(fit).shd, 0);
  EXPECT_GT(scored(fit).mcc_spearman, 0.95);
  EXPECT_GT(scored(fit).mcc_spearman, scored(confounded).mcc_spearman);

  // The model can be written, read and used without the covariate; only the noise needs it.
  const ScratchDirectory scratch;
  fit.model.save(scratch.path());
  const Encoding again = encode(Model::load(scratch.path()), data.study);
  for (std::size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(again.latents.columns[j].values, fit.encoding.latents.columns[j].values);
    EXPECT_TRUE(std::isnan(again.exogenous.columns[j].values[0]));
    EXPECT_FALSE(std::isnan(fit.encoding.exogenous.columns[j].values[0]));
  }
}

TEST(Recovery, ConditionsThatAreNotThere) {
  Simulated data = first_case(300, 1);
  data.study.spec.condition_on = {"demographics.age"};
  try {
    train(data.study, hasty_options());
    FAIL() << "expected a ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("demographics.age"), std::string::npos);
  }
}

TEST(Recovery, ConditionsByTheNameOfTheirColumn) {
  Simulated data = first_case(300, 1);
  Table person = data.truth.latents;
  person.name = "person";
  person.columns.resize(1);
  person.columns[0].name = "age";
  data.study.covariates = {person};
  data.study.spec.condition_on = {"age"};
  Model model;
  EXPECT_EQ(problem_of(data.study, model.impl()).conditions.count, 1u);
  EXPECT_EQ(model.impl().conditions, (std::vector<std::string>{"person.age"}));
  person.name = "visit";
  data.study.covariates.push_back(person);
  try {
    problem_of(data.study, model.impl());
    FAIL() << "expected a ConfigError";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("'person.age' or 'visit.age'"), std::string::npos);
  }
}

// Two latents, a private part and four dimensions that the 15 columns do not have.
TEST(Recovery, ACodeWiderThanTheTableIsSaid) {
  Simulated data = first_case(400, 1);
  data.study.modalities[0].private_dims = 5;
  const Fit fit = train(data.study, hasty_options());
  std::string said;
  for (const Warning& warning : fit.warnings)
    said += warning.code == "low_rank" ? warning.text : "";
  EXPECT_EQ(said.rfind("modality 'm1': its columns vary in 3 independent directions", 0), 0u)
      << said;
}

TEST(Recovery, ModalitiesOfUnequalSizes) {
  SimulateOptions options;
  options.participants = 1500;
  options.sizes = "2+1:8, 3+2:14, 1+0:3";
  const Simulated data = simulated("free", options, 4);
  const Fit fit = train(data.study, quick_options());
  EXPECT_EQ(fit.encoding.latents.columns.size(), 6u);
  EXPECT_EQ(fit.encoding.private_parts.columns.size(), 3u);
  const Scores scores =
      evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
  EXPECT_GT(scores.mcc_spearman, 0.75);
  for (const Edge& edge : fit.learned.edges) {
    EXPECT_NE(fit.learned.nodes[edge.source].modality, fit.learned.nodes[edge.target].modality);
    EXPECT_GT(edge.strength, 0.5);
  }
}

TEST(Recovery, ReplicatesAgreeWhereTheDataSpeak) {
  const Simulated data = first_case(1500, 2);
  FitOptions options = quick_options();
  options.restarts = 3;
  const Fit fit = train(data.study, options);
  EXPECT_EQ(fit.replicates.size(), 2u);
  EXPECT_EQ(fit.replicate_names.size(), 2u);
  ASSERT_EQ(fit.branches.size(), 3u);
  std::size_t selected = 0;
  for (const Branch& branch : fit.branches) selected += branch.selected ? 1 : 0;
  EXPECT_EQ(selected, 1u);
  ASSERT_EQ(fit.latents.size(), 4u);
  for (const LatentReport& latent : fit.latents) {
    EXPECT_EQ(latent.replicates, 2u);
    EXPECT_GT(latent.agreement, 0.8) << latent.name;
    EXPECT_LE(latent.agreement_min, latent.agreement);
  }
  for (const Table& replicate : fit.replicates) {
    for (const double each : agreement(fit.encoding.latents, replicate)) EXPECT_GT(each, 0.7);
  }
}

}  // namespace
}  // namespace polycause
