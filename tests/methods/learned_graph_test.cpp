// Stability and directions of the reported edges, on hand-made solutions.
#include "methods/learned_graph.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "methods/fixtures.h"

namespace polycause {
namespace {

/// Two modalities of two latents; `swapped` numbers those of the second the other way round.
Candidate solution(const std::vector<LatentPair>& pairs, const std::vector<double>& margins,
                   bool swapped = false) {
  DensityShape shape;
  shape.latents = {2, 2};
  shape.privates = {0, 0};
  shape.hidden = 16;
  shape.layers_per_width = 0;
  shape.gated = true;
  shape.pairs = pairs;
  Candidate candidate{"hand", Density(shape), {}, 0, 0, std::vector<bool>(pairs.size(), true),
                      margins};
  candidate.parts.z = chain_of_latents(500, {0, 1});
  for (std::size_t i = 0; swapped && i < 500; ++i)
    std::swap(candidate.parts.z[4 * i + 2], candidate.parts.z[4 * i + 3]);
  return candidate;
}

const std::vector<std::string> kNames = {"a.z1", "a.z2", "b.z1", "b.z2"};
const std::vector<std::string> kModalities = {"a", "b"};

TEST(LearnedGraph, ARestartJoinsAPairWhateverItsNumbersAndDirection) {
  const Candidate reported = solution({{0, 2}, {1, 3}}, {});
  const Candidate turned = solution({{2, 0}}, {});            // b.z1 -> a.z1
  const Candidate renumbered = solution({{0, 3}}, {}, true);  // its b.z2 is b.z1 here
  const Graph graph = learned_graph(reported, {&turned, &renumbered}, kNames, kModalities);
  ASSERT_EQ(graph.edges.size(), 2u);
  EXPECT_EQ(graph.edges[0].stability, 1);
  EXPECT_EQ(graph.edges[1].stability, 0);
  EXPECT_EQ(graph.nodes[2].modality, "b");
}

TEST(LearnedGraph, WithoutOtherRestartsStabilityIsUndefined) {
  const Graph graph = learned_graph(solution({{0, 2}}, {}), {}, kNames, kModalities);
  EXPECT_TRUE(std::isnan(graph.edges[0].stability));
  EXPECT_EQ(graph.edges[0].mark_target, Mark::kArrow);
}

// Streams are units of one modality: that one was listed first says nothing of cause and effect.
TEST(LearnedGraph, UnitsOfOneModalityHaveNoDirections) {
  const Graph graph = learned_graph(solution({{0, 2}}, {}), {}, kNames, {"video", "video"});
  EXPECT_EQ(graph.edges[0].mark_target, Mark::kTail);
}

TEST(LearnedGraph, ADirectionNeedsEveryRestartThatJoinsThePair) {
  const Candidate sure = solution({{0, 2}, {1, 3}}, {9, 9});
  const Candidate unsure = solution({{0, 2}}, {1});
  const Candidate against = solution({{2, 0}}, {9});
  const Candidate silent = solution({{1, 3}}, {9});
  const auto mark = [&](const Candidate& reported, const Candidate& other) {
    return learned_graph(reported, {&other}, kNames, kModalities).edges[0].mark_target;
  };
  EXPECT_EQ(mark(sure, sure), Mark::kArrow);
  EXPECT_EQ(mark(sure, silent), Mark::kArrow);
  EXPECT_EQ(mark(sure, unsure), Mark::kTail);
  EXPECT_EQ(mark(sure, against), Mark::kTail);
  EXPECT_EQ(mark(unsure, sure), Mark::kTail);
}

}  // namespace
}  // namespace polycause
