#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "polycause/error.h"
#include "polycause/evaluate_features.h"

namespace polycause {
namespace {

Table features_of(const std::vector<std::vector<double>>& columns, const std::string& prefix) {
  Table table;
  for (std::size_t i = 0; i < columns[0].size(); ++i) table.ids.push_back("p" + std::to_string(i));
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Column column;
    column.name = prefix + std::to_string(j + 1);
    column.values = columns[j];
    table.columns.push_back(column);
  }
  return table;
}

Graph graph_of(const std::vector<std::string>& names,
               const std::vector<std::tuple<std::size_t, std::size_t, bool>>& edges) {
  Graph graph;
  for (const std::string& name : names) graph.nodes.push_back({name, "", "latent"});
  for (const auto& [source, target, directed] : edges) {
    Edge edge;
    edge.source = source;
    edge.target = target;
    if (!directed) edge.mark_target = Mark::kTail;
    graph.edges.push_back(edge);
  }
  return graph;
}

TEST(FeatureScores, MatchesNodesAndOutcomes) {
  Random random(1, "features");
  std::vector<std::vector<double>> truth(2);
  std::vector<std::vector<double>> found(2);
  for (int i = 0; i < 400; ++i) {
    const auto a = static_cast<double>(random.below(3));
    const auto b = static_cast<double>(random.below(2));
    truth[0].push_back(a);
    truth[1].push_back(b);
    found[1].push_back(i < 40 ? 2 - a : std::fmod(a + 1, 3));  // 40 of another name
    found[0].push_back(1 - b);
  }
  Table estimate = features_of(found, "node");
  Column p;
  p.name = "node1.p";
  p.values.assign(400, 0.7);
  estimate.columns.push_back(p);
  const Graph learned = graph_of({"node1", "node2"}, {{0, 1, true}});
  const Graph truth_graph = graph_of({"t1", "t2"}, {{0, 1, true}});
  const FeatureScores scores =
      evaluate_features(estimate, features_of(truth, "t"), &learned, &truth_graph);
  ASSERT_EQ(scores.nodes.size(), 2u);
  EXPECT_EQ(scores.nodes[0].estimate, "node2");
  EXPECT_EQ(scores.nodes[1].estimate, "node1");
  EXPECT_EQ(scores.nodes[1].accuracy, 1);
  EXPECT_NEAR(scores.nodes[0].accuracy, 0.93, 0.04);  // a third of the 40 is right by chance
  EXPECT_NEAR(scores.joint_accuracy, scores.nodes[0].accuracy, 1e-12);
  EXPECT_NEAR(scores.accuracy, (1 + scores.nodes[0].accuracy) / 2, 1e-12);
  EXPECT_EQ(scores.shd_skeleton, 0);
  EXPECT_EQ(scores.shd_class, 1);  // the direction of a single edge is not identified
  EXPECT_NE(feature_scores_json(scores).find("\"feature_accuracy\""), std::string::npos);
}

// cause -> a, cause -> c, a -> b: without the cause, a is joined to b and c.
TEST(FeatureScores, EffectsOfAHiddenCauseAreJoined) {
  Random random(2, "features");
  std::vector<std::vector<double>> values(3);
  for (int i = 0; i < 300; ++i) {
    for (auto& column : values) column.push_back(static_cast<double>(random.below(3)));
  }
  const Graph truth =
      graph_of({"cause", "t1", "t2", "t3"}, {{0, 1, true}, {0, 3, true}, {1, 2, true}});
  const auto scored = [&](const Graph& learned) {
    return evaluate_features(features_of(values, "node"), features_of(values, "t"), &learned,
                             &truth);
  };
  const std::vector<std::string> nodes{"node1", "node2", "node3"};
  const FeatureScores right = scored(graph_of(nodes, {{0, 1, false}, {0, 2, false}}));
  EXPECT_EQ(right.shd_skeleton, 0);
  EXPECT_EQ(right.shd_class, -1);  // of measured nodes alone there is no true network
  EXPECT_EQ(scored(graph_of(nodes, {{0, 1, false}, {1, 2, false}})).shd_skeleton, 2);
}

TEST(FeatureScores, TooFewParticipantsAndMissingCells) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values(50);
  for (std::size_t i = 0; i < 50; ++i) values[i] = static_cast<double>(i % 2);
  std::vector<double> gaps = values;
  gaps[0] = gaps[1] = nan;
  const FeatureScores scores =
      evaluate_features(features_of({gaps}, "node"), features_of({values}, "t"), nullptr, nullptr);
  EXPECT_EQ(scores.accuracy, 1);
  EXPECT_NEAR(scores.joint_accuracy, 48.0 / 50, 1e-12);
  EXPECT_EQ(scores.shd_skeleton, -1);
  values.resize(20);
  EXPECT_THROW(evaluate_features(features_of({values}, "node"), features_of({values}, "t"), nullptr,
                                 nullptr),
               DataError);
}

TEST(FeatureScores, AgreementOfFits) {
  const std::vector<int> a{0, 1, 1, 0, 2, 1, 0, 0, -1, -1};  // (5, 2)
  const std::vector<int> b{1, 2, 0, 0, 1, 1, 0, 2, 0, 0};    // nodes swapped, outcomes renamed
  std::vector<std::size_t> partner;
  const std::vector<double> shares = feature_agreement(a, {3, 2}, b, {2, 3}, &partner);
  EXPECT_EQ(partner[0], 1u);
  EXPECT_EQ(partner[1], 0u);
  EXPECT_EQ(shares[0], 1);
  EXPECT_EQ(shares[1], 1);
}

TEST(IdentifiedEdges, CollidersAndMeeksRules) {
  const auto index = [](std::size_t i, std::size_t j, std::size_t n) { return i * n + j; };
  std::vector<bool> chain(9, false);
  chain[index(0, 1, 3)] = chain[index(1, 2, 3)] = true;
  EXPECT_EQ(identified_edges(chain, 3), std::vector<bool>(9, false));
  std::vector<bool> collider(9, false);
  collider[index(0, 2, 3)] = collider[index(1, 2, 3)] = true;
  EXPECT_EQ(identified_edges(collider, 3), collider);
  // 0 -> 2 <- 1, 2 -> 3: the last follows by rule 1.
  std::vector<bool> tail(16, false);
  tail[index(0, 2, 4)] = tail[index(1, 2, 4)] = tail[index(2, 3, 4)] = true;
  EXPECT_EQ(identified_edges(tail, 4), tail);
  // 0 - 1, 0 - 2, 1 -> 3 <- 2 with 0 -> 3: rule 3 turns 0 -> 3, the first two stay free.
  std::vector<bool> kite(16, false);
  kite[index(0, 1, 4)] = kite[index(0, 2, 4)] = true;
  kite[index(1, 3, 4)] = kite[index(2, 3, 4)] = kite[index(0, 3, 4)] = true;
  const std::vector<bool> known = identified_edges(kite, 4);
  EXPECT_TRUE(known[index(1, 3, 4)]);
  EXPECT_TRUE(known[index(2, 3, 4)]);
  EXPECT_TRUE(known[index(0, 3, 4)]);
  EXPECT_FALSE(known[index(0, 1, 4)]);
}

}  // namespace
}  // namespace polycause
