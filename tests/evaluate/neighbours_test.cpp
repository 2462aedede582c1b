// Direct neighbours where part of the truth is hidden, and how two graphs differ around a node.
#include <gtest/gtest.h>

#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

using Names = std::vector<std::string>;

Graph graph_of(const std::vector<std::pair<std::string, std::string>>& edges) {
  Graph graph;
  const auto index = [&](const std::string& id) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      if (graph.nodes[i].id == id) return i;
    }
    graph.nodes.push_back({id, "", ""});
    return graph.nodes.size() - 1;
  };
  for (const auto& [source, target] : edges) {
    Edge edge;
    edge.source = index(source);
    edge.target = index(target);
    graph.edges.push_back(edge);
  }
  return graph;
}

Names truth_of_node(const Graph& graph, const std::string& node) {
  return compare_neighbours(graph, graph, {node})[0].found;
}

TEST(Neighbours, AHiddenCauseJoinsItsEffectsAndItsOwnCauses) {
  const Graph truth =
      graph_of({{"sex", "H"}, {"H", "night"}, {"H", "grip"}, {"age", "night"}, {"night", "rest"}});
  const Graph stage = observable_neighbours(truth, {"sex", "night", "grip", "age", "rest"});
  EXPECT_EQ(stage.nodes.size(), 5u);
  EXPECT_EQ(truth_of_node(stage, "night"), (Names{"age", "grip", "rest", "sex"}));
  EXPECT_EQ(truth_of_node(stage, "grip"), (Names{"night", "sex"}));
  EXPECT_EQ(truth_of_node(stage, "age"), (Names{"night"}));  // not over the observed night
}

TEST(Neighbours, AHiddenEffectJoinsNobodyAndTwoHiddenStepsAreIndirect) {
  const Graph collider = graph_of({{"a", "H"}, {"b", "H"}});
  EXPECT_TRUE(observable_neighbours(collider, {"a", "b"}).edges.empty());
  const Graph chain = graph_of({{"a", "H"}, {"H", "K"}, {"K", "b"}});
  EXPECT_TRUE(observable_neighbours(chain, {"a", "b"}).edges.empty());
  EXPECT_EQ(observable_neighbours(chain, {"a", "b", "K"}).edges.size(), 2u);
}

TEST(Neighbours, AnUnknownNodeIsRefused) {
  EXPECT_THROW(observable_neighbours(graph_of({{"a", "b"}}), {"a", "c"}), DataError);
}

TEST(Neighbours, RightMissedAndExtraInTheNamesOfTheTruth) {
  const Graph truth = graph_of({{"a.z1", "x"}, {"a.z1", "y"}, {"a.z2", "w"}});
  // The estimates are numbered the other way round; "forbidden" edges are no edges.
  Graph found = graph_of({{"x", "a.z2"}, {"a.z2", "w"}, {"a.z1", "a.z2"}, {"a.z2", "y"}});
  found.edges[3].kind = "forbidden";
  const auto all =
      compare_neighbours(found, truth, {"a.z1", "a.z2"}, {{"a.z1", "a.z2"}, {"a.z2", "a.z1"}});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].node, "a.z1");
  EXPECT_EQ(all[0].found, (Names{"a.z2", "w", "x"}));
  EXPECT_EQ(all[0].truth, (Names{"x", "y"}));
  EXPECT_EQ(all[0].right, (Names{"x"}));
  EXPECT_EQ(all[0].missed, (Names{"y"}));
  EXPECT_EQ(all[0].extra, (Names{"a.z2", "w"}));
  EXPECT_EQ(all[1].missed, (Names{"w"}));
  EXPECT_EQ(all[1].extra, (Names{"a.z1"}));
}

}  // namespace
}  // namespace polycause
