// Latents that several modalities show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "methods/fixtures.h"
#include "methods/latent_layout.h"
#include "methods/model_impl.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/traverse.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;

Simulated shared_case(const std::string& name, std::int64_t participants, std::uint64_t seed,
                      double missing = 0) {
  SimulateOptions options = simulation_preset(name);
  options.participants = participants;
  options.missing_blocks = missing;
  return simulated(name, options, seed);
}

TEST(LatentLayout, CopiesFollowTheLatentsOfTheirUnit) {
  // Units 0 and 1 show the two latents of unit 3, unit 2 does not.
  const LatentLayout layout({2, 1, 1, 2}, {{3, {0, 1}}});
  EXPECT_THAT(layout.sizes(), ElementsAre(4, 3, 1, 2));
  EXPECT_THAT(layout.reported(), ElementsAre(0u, 1u, 4u, 7u, 8u, 9u));
  EXPECT_EQ(layout.place(7), 3);
  std::vector<std::pair<int, int>> pairs;
  for (const LatentPair& p : layout.pairs(listed_ranks(4, {{3, {0, 1}}})))
    pairs.emplace_back(p.source, p.target);
  std::sort(pairs.begin(), pairs.end());
  // Own to own 0 -> 1 -> 2, shared to unit 2, shared to copies; never between shared and members'
  // own, never from copies.
  const std::vector<std::pair<int, int>> expected = {{0, 4}, {0, 7}, {1, 4}, {1, 7}, {4, 7},
                                                     {8, 2}, {8, 3}, {8, 5}, {8, 6}, {8, 7},
                                                     {9, 2}, {9, 3}, {9, 5}, {9, 6}, {9, 7}};
  EXPECT_EQ(pairs, expected);
  Decomposition parts;
  parts.z = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_THAT(layout.visible(parts).z, ElementsAre(0, 1, 4, 7, 8, 9));
  EXPECT_THAT(layout.with_copies({1, 2, 3, 4, 5, 6}), ElementsAre(1, 2, 0, 0, 3, 0, 0, 4, 5, 6));
}

TEST(OneSource, SharedLatentsAndTheirMembers) {
  std::vector<Modality> modalities(5);
  modalities[3].members = {0, 1};
  modalities[4].members = {1, 2};
  const CrossPrediction::OneSource one = one_source(modalities);
  EXPECT_THAT(one[0], ElementsAre(true, false, false, true, false));
  EXPECT_THAT(one[1], ElementsAre(false, true, false, true, true));
  EXPECT_THAT(one[3], ElementsAre(true, true, false, true, true)) << "both are read off 1";
  EXPECT_THAT(one[4], ElementsAre(false, true, true, true, true));
}

TEST(LatentLayout, PairsInsideUnitsWithoutCopies) {
  const LatentLayout layout({2, 1, 1, 2}, {{3, {0, 1}}});
  const auto pairs = [&](bool ascending) {
    std::vector<std::pair<int, int>> all;
    for (const LatentPair& p : layout.within(ascending)) all.emplace_back(p.source, p.target);
    return all;
  };
  EXPECT_EQ(pairs(true), (std::vector<std::pair<int, int>>{{0, 1}, {8, 9}}));
  EXPECT_EQ(pairs(false), (std::vector<std::pair<int, int>>{{1, 0}, {9, 8}}));
}

TEST(LatentLayout, BreadthIsThatOfTheWidestUnitBeyondThreeLatents) {
  EXPECT_EQ(breadth({}), 1);
  EXPECT_EQ(breadth({3, 1}), 1);
  EXPECT_EQ(breadth({2, 9, 4}), 3);
}

TEST(LatentLayout, AGivenOrderPutsSharedLatentsBeforeTheirFirstMember) {
  EXPECT_THAT(listed_ranks(4, {{3, {1, 2}}}), ElementsAre(0u, 2u, 3u, 1u));
  EXPECT_THAT(listed_ranks(3, {}), ElementsAre(0u, 1u, 2u));
}

TEST(Shared, FoundBesideTheModalitiesOwnLatents) {
  const Simulated data = shared_case("shared2", 2500, 1);
  const Fit fit = train(data.study, quick_options());
  ASSERT_EQ(fit.encoding.latents.columns.size(), 5u);
  EXPECT_EQ(fit.encoding.latents.columns[4].name, "shared.m1+m2.z1");
  const Scores scores =
      evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
  EXPECT_GT(scores.mcc_spearman, 0.88);
  EXPECT_GT(scores.latents.back().spearman, 0.94);
  for (const Edge& edge : fit.learned.edges) {
    EXPECT_NE(fit.learned.nodes[edge.source].modality, "shared.m1+m2");
    EXPECT_NE(fit.learned.nodes[edge.target].modality, "shared.m1+m2");
  }
  for (const Warning& warning : fit.warnings)
    EXPECT_TRUE(warning.code != "rank_deficient" ||
                warning.text.find("shared.") == std::string::npos)
        << warning.text;
  EXPECT_TRUE(std::isnan(fit.latents.back().predicted_r2)) << "all modalities show it";
  // Saved, loaded and encoded again: the same, also from one member only.
  const ScratchDirectory folder;
  fit.model.save(folder.path());
  const Model loaded = Model::load(folder.path());
  const Encoding again = encode(loaded, data.study);
  for (std::size_t c = 0; c < 5; ++c) {
    for (std::size_t i = 0; i < 50; ++i)
      EXPECT_NEAR(again.latents.columns[c].values[i], fit.encoding.latents.columns[c].values[i],
                  1e-5);
  }
  const Traversal moved = traverse(loaded, "shared.m1+m2.z1");
  EXPECT_TRUE(moved.held.columns.empty());
  ASSERT_EQ(moved.following.size(), 2u);
  EXPECT_GT(std::fabs(moved.following[0].columns.at(0).scaled), 0.3);
}

TEST(Shared, WhoLacksAMemberHasTheOthersWord) {
  const Simulated data = shared_case("shared3", 2500, 2, 0.2);
  FitOptions options = quick_options();
  const Fit fit = train(data.study, options);
  const Scores scores =
      evaluate(fit.encoding.latents, data.truth.latents, &fit.learned, &data.truth.graph);
  EXPECT_GT(scores.latents.back().spearman, 0.9);
  const std::vector<double>& s = fit.encoding.latents.columns.back().values;
  std::size_t partly = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    std::size_t there = 0;
    for (std::size_t m = 0; m < 3; ++m) there += data.study.modalities[m].has(i) ? 1 : 0;
    EXPECT_EQ(std::isfinite(s[i]), there > 0);
    partly += there == 2 ? 1 : 0;
  }
  EXPECT_GT(partly, 10u);
}

TEST(Shared, OtherMethodsSayThatTheyKnowNone) {
  const Simulated data = shared_case("shared2", 300, 1);
  FitOptions options = hasty_options();
  options.method = "beta_vae";
  EXPECT_THROW(train(data.study, options), ConfigError);
}

TEST(Shared, AModalityWithoutLatentsIsEvidence) {
  Simulated data = shared_case("shared3", 400, 1);
  data.study.modalities[1].latents = 0;  // shows the shared latent only
  const Fit fit = train(data.study, hasty_options());
  EXPECT_EQ(fit.encoding.latents.columns.size(), 5u);
  data.study.modalities.pop_back();  // nor that
  const Fit evidence = train(data.study, hasty_options());
  EXPECT_EQ(evidence.encoding.latents.columns.size(), 4u);
  EXPECT_EQ(evidence.encoding.private_parts.columns.size(), 3u);
  for (const Warning& warning : evidence.warnings)
    EXPECT_EQ(warning.text.find("its 0 latents"), std::string::npos) << warning.text;
  const ScratchDirectory folder;
  evidence.model.save(folder.path());
  EXPECT_EQ(encode(Model::load(folder.path()), data.study).latents.columns.size(), 4u);
}

}  // namespace
}  // namespace polycause
