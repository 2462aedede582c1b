#include "evaluate/graph_distance.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

struct Arc {
  const char* source;
  const char* target;
  Mark mark_source = Mark::kTail;
  Mark mark_target = Mark::kArrow;
  const char* kind = "learned";
};

Graph graph_of(const std::vector<Arc>& arcs) {
  Graph graph;
  for (const char* id : {"a.z1", "a.z2", "b.z1", "b.z2", "c.z1", "table.age"}) {
    graph.nodes.push_back({id, "", ""});
  }
  const auto index = [&](const std::string& id) {
    std::size_t i = 0;
    while (graph.nodes[i].id != id) ++i;
    return i;
  };
  for (const Arc& arc : arcs) {
    Edge edge;
    edge.source = index(arc.source);
    edge.target = index(arc.target);
    edge.mark_source = arc.mark_source;
    edge.mark_target = arc.mark_target;
    edge.kind = arc.kind;
    graph.edges.push_back(edge);
  }
  return graph;
}

const std::map<std::string, std::string> kSame = {
    {"a.z1", "a.z1"}, {"a.z2", "a.z2"}, {"b.z1", "b.z1"}, {"b.z2", "b.z2"}, {"c.z1", "c.z1"}};

GraphDistance compare(const std::vector<Arc>& learned, const std::vector<Arc>& truth,
                      const std::map<std::string, std::string>& names = kSame) {
  return graph_distance(graph_of(learned), graph_of(truth), names);
}

TEST(GraphDistance, MissingExtraAndReversedCountOneEach) {
  const std::vector<Arc> truth = {{"a.z1", "b.z1"}, {"a.z2", "b.z2"}};
  EXPECT_EQ(compare(truth, truth).across, 0);
  EXPECT_EQ(compare({{"a.z1", "b.z1"}}, truth).across, 1);
  EXPECT_EQ(compare({{"a.z1", "b.z1"}, {"a.z2", "b.z2"}, {"a.z1", "c.z1"}}, truth).across, 1);
  EXPECT_EQ(compare({{"b.z1", "a.z1"}, {"a.z2", "b.z2"}}, truth).across, 1);
  EXPECT_EQ(compare({{"b.z1", "a.z1"}, {"a.z2", "b.z2"}}, truth).skeleton, 0);
  EXPECT_EQ(compare({}, truth).across, 2);
  EXPECT_EQ(compare({}, truth).skeleton, 2);
}

TEST(GraphDistance, UndirectedConflictAndBothWaysCountOne) {
  const std::vector<Arc> truth = {{"a.z1", "b.z1"}};
  EXPECT_EQ(compare({{"a.z1", "b.z1", Mark::kTail, Mark::kTail}}, truth).across, 1);
  EXPECT_EQ(compare({{"a.z1", "b.z1", Mark::kArrow, Mark::kArrow}}, truth).across, 1);
  EXPECT_EQ(compare({{"a.z1", "b.z1"}, {"b.z1", "a.z1"}}, truth).across, 1);
  // Written from the other end it is the same edge.
  EXPECT_EQ(compare({{"b.z1", "a.z1", Mark::kArrow, Mark::kTail}}, truth).across, 0);
  // A true cycle of two is met by both directions only.
  EXPECT_EQ(
      compare({{"a.z1", "b.z1"}, {"b.z1", "a.z1"}}, {{"b.z1", "a.z1"}, {"a.z1", "b.z1"}}).across,
      0);
}

TEST(GraphDistance, ACycleOfTwoIsTwoEdges) {
  const std::vector<Arc> cycle = {{"a.z1", "b.z1"}, {"b.z1", "a.z1"}};
  EXPECT_EQ(compare(cycle, cycle).across, 0);
  EXPECT_EQ(compare({{"b.z1", "a.z1"}}, cycle).across, 1);
  EXPECT_EQ(compare({}, cycle).across, 2);
  EXPECT_EQ(compare(cycle, {}).across, 2);
  EXPECT_EQ(compare({}, cycle).skeleton, 1);
  EXPECT_EQ(compare({}, {{"a.z1", "a.z2"}, {"a.z2", "a.z1"}}).within, 2);
}

TEST(GraphDistance, CountsJoinedAndExtraPairsAcrossModalities) {
  const std::vector<Arc> truth = {{"a.z1", "b.z1"}, {"a.z2", "b.z2"}, {"b.z1", "c.z1"}};
  // One as it is, one turned round, one extra, one missing, one inside.
  const GraphDistance d =
      compare({{"a.z1", "b.z1"}, {"b.z2", "a.z2"}, {"a.z1", "c.z1"}, {"a.z1", "a.z2"}}, truth);
  EXPECT_EQ(d.joined, 2);
  EXPECT_EQ(d.extra, 1);
  EXPECT_EQ(d.skeleton, 2);
}

TEST(GraphDistance, WithinAModalityIsCountedApart) {
  const GraphDistance d = compare({{"a.z1", "a.z2"}, {"a.z1", "b.z1"}}, {{"a.z1", "b.z1"}});
  EXPECT_EQ(d.within, 1);
  EXPECT_EQ(d.across, 0);
}

TEST(GraphDistance, CovariatesAndForbiddenEdgesAreLeftOut) {
  const std::vector<Arc> truth = {{"a.z1", "b.z1"}};
  EXPECT_EQ(compare({{"a.z1", "b.z1"},
                     {"table.age", "b.z1"},
                     {"a.z2", "b.z2", Mark::kTail, Mark::kArrow, "forbidden"}},
                    truth)
                .across,
            0);
}

TEST(GraphDistance, EstimatesAreRenamedAndUnmatchedOnesCountAsExtra) {
  const std::map<std::string, std::string> swapped = {
      {"a.z1", "a.z2"}, {"a.z2", "a.z1"}, {"b.z1", "b.z1"}, {"b.z2", "b.z2 (unmatched)"}};
  EXPECT_EQ(compare({{"a.z1", "b.z1"}}, {{"a.z2", "b.z1"}}, swapped).across, 0);
  EXPECT_EQ(compare({{"a.z1", "b.z1"}, {"a.z1", "b.z2"}}, {{"a.z2", "b.z1"}}, swapped).across, 1);
}

TEST(Evaluate, ScoresTheGraphAfterTheMatchingPermutation) {
  Table truth;
  for (int i = 0; i < 100; ++i) truth.ids.push_back("p" + std::to_string(i));
  for (const char* id : {"a.z1", "a.z2", "b.z1", "b.z2", "c.z1"}) {
    Random random(1, id);
    Column column;
    column.name = id;
    for (int i = 0; i < 100; ++i) column.values.push_back(random.normal());
    truth.columns.push_back(column);
  }
  Table estimate = truth;
  std::swap(estimate.columns[0].values, estimate.columns[1].values);
  const Graph wanted = graph_of({{"a.z1", "b.z1"}, {"a.z2", "b.z2"}});
  const Graph swapped = graph_of({{"a.z2", "b.z1"}, {"a.z1", "b.z2"}});
  EXPECT_EQ(evaluate(estimate, truth, &swapped, &wanted).shd, 0);
  EXPECT_EQ(evaluate(truth, truth, &swapped, &wanted).shd, 4);
  EXPECT_EQ(evaluate(truth, truth, nullptr, &wanted).shd, -1);
  // An estimate too many: its edges are extra ones, even towards the right child.
  Table more = estimate;
  more.columns.push_back(truth.columns[0]);
  more.columns.back().name = "a.z3";
  for (std::size_t i = 0; i < 50; ++i) more.columns.back().values[i] = 0;
  Graph with_more = swapped;
  with_more.nodes.push_back({"a.z3", "a", "latent"});
  Edge edge;
  edge.source = with_more.nodes.size() - 1;
  edge.target = 2;
  with_more.edges.push_back(edge);
  EXPECT_EQ(evaluate(more, truth, &with_more, &wanted).shd, 1);
}

}  // namespace
}  // namespace polycause
