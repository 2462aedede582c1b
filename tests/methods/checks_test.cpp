// Propositions 5.1 and 5.2 and the structural rank, on solutions made by hand.
#include "methods/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "methods/fixtures.h"

namespace polycause {
namespace {

constexpr std::size_t kTrain = 200;
constexpr std::size_t kHeldOut = 1000;

/// Modalities "a" (2 latents) and "b" (3), one and two private dimensions; all parts independent.
struct ByHand {
  StagedProblem problem;
  Model model;
  std::vector<double> canonical = {0.8, 0.7};
  Candidate candidate{"hand", Density(shape()), {}, 0, 0, {}, {}};
  std::vector<LatentPair> inside;  // further edges

  static DensityShape shape() {
    DensityShape shape;
    shape.latents = {2, 3};
    shape.privates = {1, 2};
    shape.hidden = 16;
    for (int source = 0; source < 2; ++source) {
      for (int target = 2; target < 5; ++target) shape.pairs.push_back({source, target});
    }
    return shape;
  }

  ByHand() {
    problem.names = {"a", "b"};
    problem.modality_of_unit = {0, 1};
    problem.latents = {2, 3};
    problem.privates = {1, 2};
    problem.split = problem.complete = split_of(kTrain, kHeldOut);
    for (const char* name : {"a", "b"}) {
      Modality modality;
      modality.name = name;
      modality.latents = static_cast<std::size_t>(problem.latents[model.impl().modalities.size()]);
      model.impl().modalities.push_back(modality);
    }
    candidate.edges.assign(6, false);
    Random random(71, "parts");
    const auto fill = [&](std::vector<float>& values, std::size_t width) {
      values.resize((kTrain + kHeldOut) * width);
      for (float& v : values) v = static_cast<float>(random.laplace());
    };
    fill(candidate.parts.z, 5);
    fill(candidate.parts.eps, 5);
    fill(candidate.parts.eta, 3);
  }

  /// Edges from a.z<source> to b.z<target>, counted from 1.
  void link(int source, int target) {
    candidate.edges[static_cast<std::size_t>((source - 1) * 3 + target - 1)] = true;
  }
  Fit checked() {
    Fit fit;
    std::vector<LatentPair> edges = inside;
    for (std::size_t e = 0; e < candidate.edges.size(); ++e) {
      if (candidate.edges[e]) edges.push_back(candidate.density.shape().pairs[e]);
    }
    run_checks(problem, candidate.parts, edges, canonical, model.impl(), fit);
    return fit;
  }
};

double value(const Fit& fit, const std::string& name) {
  for (const auto& [key, number] : fit.checks) {
    if (key == name) return number;
  }
  ADD_FAILURE() << "no check " << name;
  return -1;
}

std::vector<std::string> codes(const Fit& fit) {
  std::vector<std::string> found;
  for (const Warning& warning : fit.warnings) found.push_back(warning.code);
  return found;
}

TEST(StructuralRank, OfMatchingsAndOfLatentsThatShareALink) {
  ByHand matching;
  matching.link(1, 1);
  matching.link(2, 2);
  Fit fit = matching.checked();
  EXPECT_EQ(value(fit, "structural_rank.a"), 2);
  EXPECT_EQ(value(fit, "structural_rank.b"), 2) << "three latents, two links";
  ASSERT_EQ(codes(fit), std::vector<std::string>{"rank_deficient"});
  EXPECT_NE(fit.warnings[0].text.find("'b': its 3 latents have only 2"), std::string::npos);

  ByHand shared;  // both latents of a act on the same latent of b
  shared.link(1, 2);
  shared.link(2, 2);
  fit = shared.checked();
  EXPECT_EQ(value(fit, "structural_rank.a"), 1);
  EXPECT_EQ(value(fit, "structural_rank.b"), 1);

  ByHand rearranged;  // a.z1 has to give b.z1 up to a.z2
  rearranged.link(1, 1);
  rearranged.link(1, 3);
  rearranged.link(2, 1);
  EXPECT_EQ(value(rearranged.checked(), "structural_rank.a"), 2);

  ByHand within;  // a.z1 -> a.z2 and b.z1 -> b.z2 link to no other modality
  within.link(1, 1);
  within.inside = {{0, 1}, {2, 3}};
  fit = within.checked();
  EXPECT_EQ(value(fit, "structural_rank.a"), 1);
  EXPECT_EQ(value(fit, "structural_rank.b"), 1);

  ByHand none;
  fit = none.checked();
  EXPECT_EQ(value(fit, "structural_rank.a"), 0);
  EXPECT_EQ(codes(fit), (std::vector<std::string>{"rank_deficient", "rank_deficient"}));
}

bool warns_of_private_parts(const Fit& fit) {
  const std::vector<std::string> found = codes(fit);
  return std::find(found.begin(), found.end(), "dependent_private") != found.end();
}

TEST(Propositions, IndependentPartsPass) {
  ByHand hand;
  const Fit fit = hand.checked();
  EXPECT_LT(value(fit, "private_latent_dependence"), 0.15);
  EXPECT_LT(value(fit, "private_private_dependence"), 0.15);
  EXPECT_LT(value(fit, "exogenous_dependence"), 0.15);
  EXPECT_FALSE(warns_of_private_parts(fit));
}

TEST(Propositions, APrivatePartThatFollowsALatentIsFound) {
  ByHand hand;
  for (std::size_t row = 0; row < kTrain + kHeldOut; ++row)
    hand.candidate.parts.eta[row * 3 + 1] += 0.7f * hand.candidate.parts.z[row * 5 + 4];
  const Fit fit = hand.checked();
  EXPECT_GT(value(fit, "private_latent_dependence"), 0.3);
  EXPECT_TRUE(warns_of_private_parts(fit));
}

TEST(Propositions, DependenceWithoutCorrelationIsFound) {
  ByHand hand;
  Random random(72, "signs");
  for (std::size_t row = 0; row < kTrain + kHeldOut; ++row) {
    hand.candidate.parts.eta[row * 3] =
        hand.candidate.parts.z[row * 5] * (random.coin() ? 1.0f : -1.0f);
  }
  EXPECT_GT(value(hand.checked(), "private_latent_dependence"), 0.8);
}

TEST(Propositions, PrivatePartsAreComparedAcrossModalitiesOnly) {
  ByHand within;
  ByHand across;
  for (std::size_t row = 0; row < kTrain + kHeldOut; ++row) {
    within.candidate.parts.eta[row * 3 + 1] = within.candidate.parts.eta[row * 3 + 2];
    across.candidate.parts.eta[row * 3] = across.candidate.parts.eta[row * 3 + 2];
  }
  EXPECT_LT(value(within.checked(), "private_private_dependence"), 0.15);
  EXPECT_NEAR(value(across.checked(), "private_private_dependence"), 1, 1e-9);
}

TEST(Propositions, NoiseThatIsSharedIsFound) {
  ByHand hand;
  for (std::size_t row = 0; row < kTrain + kHeldOut; ++row)
    hand.candidate.parts.eps[row * 5 + 3] -= hand.candidate.parts.eps[row * 5];
  EXPECT_GT(value(hand.checked(), "exogenous_dependence"), 0.5);
}

TEST(Propositions, OnlyHeldOutParticipantsCount) {
  ByHand hand;
  for (std::size_t row = 0; row < kTrain; ++row) {
    hand.candidate.parts.eta[row * 3] = 100;
    hand.candidate.parts.z[row * 5] = 100;
  }
  EXPECT_LT(value(hand.checked(), "private_latent_dependence"), 0.15);
}

TEST(Trace, WeakCanonicalCorrelationsAreNamed) {
  ByHand hand;
  hand.canonical = {0.8, 0.05};
  const Fit fit = hand.checked();
  EXPECT_EQ(value(fit, "weakest_trace.b"), 0.05);
  EXPECT_EQ(value(fit, "weakest_trace.a"), 0.8);
  const auto weak = std::find_if(fit.warnings.begin(), fit.warnings.end(),
                                 [](const Warning& w) { return w.code == "weak_link"; });
  ASSERT_NE(weak, fit.warnings.end());
  EXPECT_NE(weak->text.find("'b'"), std::string::npos);
}

}  // namespace
}  // namespace polycause
