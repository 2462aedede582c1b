#include "cli/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace polycause::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Graph one_edge(double n, double stability) {
  Graph graph;
  graph.nodes = {{"a.z1", "a", "latent"}, {"t.sex", "t", "covariate"}};
  graph.edges.resize(1);
  graph.edges[0].target = 1;
  graph.edges[0].kind = "discovered";
  graph.edges[0].strength = 0.5;
  graph.edges[0].n = n;
  graph.edges[0].stability = stability;
  return graph;
}

TEST(Summary, AnEdgeSaysOnHowManyItRests) {
  EXPECT_THAT(edge_lines(one_edge(273, 0), 9, 1383), HasSubstr("0.500  273 of 1383       0.00"));
  EXPECT_THAT(edge_lines(one_edge(692, 1), 9, 1383), HasSubstr("0.500  692       1.00"));
  const std::string bare = edge_lines(one_edge(std::nan(""), std::nan("")), 9, 1383);
  EXPECT_THAT(bare, HasSubstr("strength  kind"));
  EXPECT_THAT(bare, Not(HasSubstr("1383")));
}

TEST(Summary, ARivalSolutionIsNoRestart) {
  Study study;
  study.spec.name = "s";
  Fit fit;
  fit.latents = {{"a.z1", 0.98, 0.97, 3, 0.2}};
  fit.latents[0].rivals = 1;
  EXPECT_THAT(fit_text(study, fit), HasSubstr("2 and 1 rival "));
  fit.latents[0].replicates = 1;
  EXPECT_THAT(fit_text(study, fit), HasSubstr(" 1 rival "));
  fit.latents[0].rivals = 0;
  EXPECT_THAT(fit_text(study, fit), Not(HasSubstr("rival")));
}

}  // namespace
}  // namespace polycause::cli
