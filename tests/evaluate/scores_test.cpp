#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Table draw(const std::vector<std::string>& names, std::size_t n, std::uint64_t seed) {
  Table table;
  for (std::size_t i = 0; i < n; ++i) table.ids.push_back("p" + std::to_string(i));
  for (std::size_t k = 0; k < names.size(); ++k) {
    Random random(seed, names[k], k);
    Column column;
    column.name = names[k];
    for (std::size_t i = 0; i < n; ++i) column.values.push_back(random.laplace());
    table.columns.push_back(column);
  }
  return table;
}

const std::vector<std::string> kNames = {"a.z1", "a.z2", "b.z1", "b.z2"};

TEST(Evaluate, IsPerfectUnderPermutationSignAndMonotoneMaps) {
  const Table truth = draw(kNames, 1500, 1);
  Table estimate = truth;
  std::swap(estimate.columns[0].values, estimate.columns[1].values);
  for (double& v : estimate.columns[0].values) v = -std::exp(v);
  for (double& v : estimate.columns[3].values) v = v * v * v;
  std::reverse(estimate.ids.begin(), estimate.ids.end());
  for (Column& c : estimate.columns) std::reverse(c.values.begin(), c.values.end());
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_NEAR(scores.mcc_spearman, 1, 1e-12);
  EXPECT_NEAR(scores.mcc_spearman_min, 1, 1e-12);
  EXPECT_LT(scores.mcc, 0.99);  // Pearson sees the bends
  EXPECT_GT(scores.r2, 0.95);
  EXPECT_EQ(scores.latents[0].estimate, "a.z2");
  EXPECT_EQ(scores.latents[1].estimate, "a.z1");
  EXPECT_EQ(scores.latents[3].estimate, "b.z2");
  EXPECT_EQ(scores.shd, -1);
  EXPECT_EQ(scores.participants, 1500u);
}

TEST(Evaluate, IsNearZeroForIndependentEstimates) {
  const Scores scores = evaluate(draw(kNames, 1600, 2), draw(kNames, 1600, 3), nullptr, nullptr);
  EXPECT_LT(scores.mcc_spearman, 0.08);  // 3 / sqrt(1600)
  EXPECT_LT(scores.mcc, 0.08);
  EXPECT_LT(std::fabs(scores.r2), 0.05);
}

TEST(Evaluate, NeverMatchesAcrossModalities) {
  const Table truth = draw(kNames, 500, 4);
  Table estimate = truth;
  std::swap(estimate.columns[0].values, estimate.columns[2].values);
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_LT(scores.mcc_spearman, 0.6);
}

TEST(Evaluate, UsesTheParticipantsInBoth) {
  const Table truth = draw(kNames, 400, 5);
  Table estimate = draw(kNames, 500, 5);  // the same first 400, then others
  for (Column& c : estimate.columns) c.values[3] = kNaN;
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_EQ(scores.participants, 400u);
  EXPECT_NEAR(scores.mcc_spearman, 1, 1e-12);
  EXPECT_GT(scores.r2, 0.9);
}

TEST(Evaluate, MoreAndFewerEstimatesThanLatents) {
  const Table truth = draw(kNames, 600, 6);
  Table more = truth;
  more.columns.insert(more.columns.begin(), draw({"a.z9"}, 600, 7).columns[0]);
  EXPECT_NEAR(evaluate(more, truth, nullptr, nullptr).mcc_spearman, 1, 1e-12);
  Table fewer = truth;
  fewer.columns.erase(fewer.columns.begin());
  const Scores scores = evaluate(fewer, truth, nullptr, nullptr);
  EXPECT_NEAR(scores.mcc_spearman, 0.75, 1e-12);
  EXPECT_EQ(scores.mcc_spearman_min, 0);
  EXPECT_EQ(scores.latents[0].estimate, "");
  EXPECT_LT(scores.latents[0].r2, 0.2);
  EXPECT_GT(scores.latents[1].r2, 0.95);
}

TEST(Evaluate, ConstantAndMissingEstimatesScoreZero) {
  const Table truth = draw(kNames, 300, 8);
  Table estimate = truth;
  for (double& v : estimate.columns[0].values) v = 0.1;
  const Scores scores = evaluate(estimate, truth, nullptr, nullptr);
  EXPECT_EQ(scores.latents[0].spearman, 0);
  EXPECT_NEAR(scores.mcc_spearman, 0.75, 1e-12);
  for (double& v : estimate.columns[0].values) v = kNaN;
  EXPECT_EQ(evaluate(estimate, truth, nullptr, nullptr).latents[0].spearman, 0);
}

TEST(Evaluate, RefusesTablesThatDoNotBelongTogether) {
  const Table truth = draw(kNames, 100, 9);
  Table other = truth;
  for (std::string& id : other.ids) id = "q" + id;
  EXPECT_THROW(evaluate(other, truth, nullptr, nullptr), DataError);
  EXPECT_THROW(evaluate(draw({"a.z1", "a.z2"}, 100, 9), truth, nullptr, nullptr), DataError);
  Table twice = truth;
  twice.ids[1] = twice.ids[0];
  EXPECT_THROW(evaluate(twice, truth, nullptr, nullptr), DataError);
  EXPECT_THROW(evaluate(truth, draw({}, 100, 1), nullptr, nullptr), DataError);
}

TEST(Evaluate, SameSeedSameScores) {
  const Table truth = draw(kNames, 900, 10);
  Table estimate = truth;
  for (std::size_t i = 0; i < 900; ++i) {
    estimate.columns[0].values[i] += 0.5 * estimate.columns[1].values[i];
  }
  const Scores a = evaluate(estimate, truth, nullptr, nullptr, 1);
  const Scores b = evaluate(estimate, truth, nullptr, nullptr, 1);
  const Scores c = evaluate(estimate, truth, nullptr, nullptr, 2);
  EXPECT_EQ(scores_json(a), scores_json(b));
  EXPECT_NE(a.r2, c.r2);  // other participants
  EXPECT_EQ(a.mcc_spearman, c.mcc_spearman);
}

TEST(Evaluate, ThePapersProtocolChoosesWithTheTruthAndScoresTheRowsFitted) {
  const Table truth = draw(kNames, 600, 12);
  const auto noisy = [&](double noise) {
    Table table = truth;
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
      Random random(13, "noise", k);
      for (double& v : table.columns[k].values) v += noise * random.normal();
    }
    return table;
  };
  const Table selected = noisy(2);
  const Scores alone = evaluate(selected, truth, nullptr, nullptr);
  EXPECT_EQ(alone.published.solutions, 1u);
  EXPECT_EQ(alone.published.mcc, alone.mcc);
  EXPECT_GT(alone.published.r2, alone.r2 + 0.02);  // what the regression learned by heart
  const Scores worse = evaluate(selected, truth, nullptr, nullptr, 0, {noisy(3)});
  EXPECT_EQ(worse.published.solutions, 2u);
  EXPECT_EQ(worse.published.mcc, alone.mcc);
  EXPECT_EQ(worse.published.r2, alone.published.r2);
  const Scores best = evaluate(selected, truth, nullptr, nullptr, 0, {noisy(3), noisy(0.5)});
  const Scores other = evaluate(noisy(0.5), truth, nullptr, nullptr);
  EXPECT_EQ(best.published.mcc, other.mcc);
  EXPECT_EQ(best.published.r2, other.published.r2);
  EXPECT_EQ(best.r2, alone.r2);  // the honest scores do not change
  EXPECT_EQ(best.mcc, alone.mcc);
  const auto json = nlohmann::json::parse(scores_json(best));
  EXPECT_EQ(json["paper_protocol"]["solutions"], 3);
  EXPECT_EQ(json["paper_protocol"]["mcc"].get<double>(), best.published.mcc);
}

TEST(Evaluate, PrecisionAndRecallOfThePairsBetweenModalities) {
  const Table truth = draw(kNames, 200, 12);
  Graph graph;
  for (const std::string& name : kNames) graph.nodes.push_back({name, "", ""});
  const auto with = [&](const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
    Graph out = graph;
    for (const auto& [source, target] : pairs) {
      Edge edge;
      edge.source = source;
      edge.target = target;
      edge.kind = "learned";
      out.edges.push_back(edge);
    }
    return out;
  };
  const Graph wanted = with({{0, 2}, {1, 3}});
  const Graph found = with({{0, 2}, {0, 3}, {1, 2}, {0, 1}});  // one right, two extra, one inside
  const Scores scores = evaluate(truth, truth, &found, &wanted);
  EXPECT_DOUBLE_EQ(scores.edge_precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.edge_recall, 1.0 / 2);
  EXPECT_DOUBLE_EQ(scores.edge_f1, 2.0 / 5);
  EXPECT_TRUE(std::isnan(evaluate(truth, truth, &graph, &wanted).edge_precision));
  EXPECT_TRUE(std::isnan(evaluate(truth, truth, nullptr, nullptr).edge_f1));
}

TEST(Agreement, MatchesWithinTheModalityInTheOrderOfTheFirst) {
  const Table a = draw(kNames, 200, 11);
  Table b = a;
  std::swap(b.columns[2], b.columns[3]);
  b.columns.erase(b.columns.begin());  // a.z1 has no partner left
  std::vector<std::size_t> partner;
  const std::vector<double> strength = agreement(a, b, &partner);
  ASSERT_EQ(strength.size(), 4u);
  EXPECT_NEAR(strength[1] + strength[2] + strength[3], 3, 1e-12);
  EXPECT_EQ(strength[0], 0);
  EXPECT_EQ(partner, (std::vector<std::size_t>{kNoPartner, 0, 2, 1}));
}

TEST(Correlation, UndefinedWhereItMustBe) {
  EXPECT_TRUE(std::isnan(spearman({1, 2}, {1, 2})));
  EXPECT_TRUE(std::isnan(pearson({0.1, 0.1, 0.1}, {1, 2, 3})));
  EXPECT_TRUE(std::isnan(spearman({1, 2, 3, kNaN}, {1, kNaN, 2, 3})));
  EXPECT_DOUBLE_EQ(pearson({1, 2, 3}, {-2, -4, -6}), -1);
  EXPECT_NEAR(pearson({1e9 + 1, 1e9 + 2, 1e9 + 3}, {1, 2, 3}), 1, 1e-12);
  EXPECT_THROW(pearson({1, 2, 3}, {1, 2}), Error);
}

TEST(ScoresJson, SaysNullWhereUndefined) {
  Scores scores;
  scores.r2 = kNaN;
  scores.latents.push_back({"a.z1", "a.z2", 0.5, 0.4, 0.3});
  const nlohmann::json json = nlohmann::json::parse(scores_json(scores));
  EXPECT_TRUE(json["shd"].is_null());
  EXPECT_TRUE(json["r2"].is_null());
  EXPECT_EQ(json["latents"][0]["estimate"], "a.z2");
  EXPECT_EQ(json["latents"][0]["spearman"], 0.5);
  scores.shd = 3;
  EXPECT_EQ(nlohmann::json::parse(scores_json(scores))["shd"], 3);
}

}  // namespace
}  // namespace polycause
