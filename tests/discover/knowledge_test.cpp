// Knowledge: patterns, contradictions, files, and that results keep to it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "discover/constraints.h"
#include "discover/golden.h"
#include "discover/simulated.h"
#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {
namespace {

TEST(Patterns, StarsAndRegularExpressions) {
  EXPECT_TRUE(matches("blood.*", "blood.z1"));
  EXPECT_TRUE(matches("*z*1", "blood.z1"));
  EXPECT_FALSE(matches("blood", "blood.z1"));
  EXPECT_TRUE(matches("/blood\\.z[12]/", "blood.z2"));
  EXPECT_FALSE(matches("/blood\\.z[12]/", "blood.z3"));
  EXPECT_THROW(matches("/[/", "a"), ConfigError);
}

std::string refusal(const Knowledge& knowledge) {
  try {
    Constraints(knowledge, {"a", "b", "c"}, nullptr);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Knowledge, ContradictionsAreRefusedWithTheReason) {
  Knowledge knowledge;
  knowledge.required = {{"a", "b"}};
  EXPECT_EQ(refusal(knowledge), "");
  knowledge.tier = {{"a", 1}, {"b", 0}};
  EXPECT_NE(refusal(knowledge).find("tier 1 after tier 0"), std::string::npos);
  knowledge.tier.clear();
  knowledge.forbidden = {{"*", "b"}};
  EXPECT_NE(refusal(knowledge).find("both required and forbidden"), std::string::npos);
  knowledge.forbidden.clear();
  knowledge.required = {{"a", "b"}, {"b", "c"}, {"c", "a"}};
  EXPECT_NE(refusal(knowledge).find("close a cycle"), std::string::npos);
  knowledge.required = {{"a", "b"}, {"b", "a"}};
  EXPECT_NE(refusal(knowledge).find("requires both"), std::string::npos);
  knowledge.required = {{"a", "d"}};
  EXPECT_NE(refusal(knowledge).find("no column fits 'd'"), std::string::npos);
}

TEST(Knowledge, UnknownNamesInTiersAreReported) {
  Knowledge knowledge;
  knowledge.tier = {{"aeg", 0}};
  std::vector<std::string> warnings;
  Constraints(knowledge, {"age"}, &warnings);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("aeg"), std::string::npos);
}

TEST(Knowledge, TheResultKeepsToIt) {
  for (const std::string rule : {"majority", "definite", "maxp"}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Table table = linear_table(random_dag(10, 0.3, seed), 150, seed);
      Knowledge knowledge;
      knowledge.required = {{"v3", "v1"}, {"v1", "v7"}};
      knowledge.forbidden = {{"v2", "*"}, {"v4", "v5"}, {"v5", "v4"}};
      DiscoverOptions options;
      options.rule = rule;
      options.alpha = 0.1;
      const Graph graph = discover(table, knowledge, options);
      EXPECT_FALSE(has_directed_cycle(graph));
      std::size_t required = 0;
      for (const Edge& edge : graph.edges) {
        const std::string from = graph.nodes[edge.source].id;
        const std::string to = graph.nodes[edge.target].id;
        const bool directed = edge.mark_source == Mark::kTail && edge.mark_target == Mark::kArrow;
        if (directed && ((from == "v3" && to == "v1") || (from == "v1" && to == "v7"))) ++required;
        EXPECT_FALSE((from == "v4" && to == "v5") || (from == "v5" && to == "v4"));
        EXPECT_FALSE(from == "v2") << "v2 -> " << to;
        EXPECT_TRUE(to != "v2" || directed);
      }
      EXPECT_EQ(required, 2u) << "seed " << seed;
    }
  }
}

TEST(Knowledge, TetradFilesReadBackAsWritten) {
  std::string name = (std::filesystem::temp_directory_path() / "polycause-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const std::string path = join_path(name, "knowledge.txt");
  write_file(path,
             "/knowledge\naddtemporal\n\n1 age sex\n2* smoking bmi\n\nforbiddirect\nage bmi\n\n"
             "requiredirect\nsex bmi\n");
  const Knowledge knowledge = read_tetrad_knowledge(path);
  EXPECT_EQ(knowledge.tier.at("sex"), 1);
  EXPECT_EQ(knowledge.tier.at("bmi"), 2);
  EXPECT_EQ(knowledge.forbidden.size(), 3u);
  EXPECT_EQ(knowledge.required.at(0).second, "bmi");
  write_file(path, tetrad_knowledge(knowledge));
  const Knowledge again = read_tetrad_knowledge(path);
  EXPECT_EQ(again.tier, knowledge.tier);
  EXPECT_EQ(again.forbidden, knowledge.forbidden);
  EXPECT_EQ(again.required, knowledge.required);
  for (const std::string bad :
       {"age sex\n", "addtemporal\nfirst age\n", "requiredirect\na b c\n"}) {
    write_file(path, bad);
    EXPECT_THROW(read_tetrad_knowledge(path), DataError) << bad;
  }
  std::filesystem::remove_all(name);
}

TEST(Knowledge, PublishedTetradFilesAreRead) {
  POLYCAUSE_NEEDS_GOLDEN("sachs/tetrad_format/sachs.2005.knowledge.txt");
  const Knowledge sachs =
      read_tetrad_knowledge(golden_path("sachs/tetrad_format/sachs.2005.knowledge.txt"));
  EXPECT_EQ(sachs.required.size(), 20u);
  const Knowledge cites =
      read_tetrad_knowledge(golden_path("tetrad_real/cites/cites.knowledge.txt"));
  EXPECT_EQ(cites.tier.at("CITES"), 4);
}

}  // namespace
}  // namespace polycause
