// Rows that belong together: does the test reject as often as it says?
#include "discover/grouped_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "discover/choose_test.h"
#include "discover/fisher_z.h"
#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using ::testing::HasSubstr;

/// x and y have nothing to do with each other but for z; all but z are alike within a group.
Table study_of(std::size_t seed, std::size_t groups, std::size_t size, bool discrete) {
  Random random(seed, "grouped_test", 0);
  Table table;
  for (const char* name : {"x", "y", "z"}) {
    table.columns.push_back({name, ColumnType::kContinuous, {}, {}});
  }
  for (std::size_t g = 0; g < groups; ++g) {
    const double a = random.normal();
    const double b = random.normal();
    for (std::size_t i = 0; i < size; ++i) {
      const double z = random.normal();
      table.columns[0].values.push_back(1.2 * a + random.normal() + z);
      table.columns[1].values.push_back(1.2 * b + random.normal() + z);
      table.columns[2].values.push_back(z);
      table.groups.push_back("g" + std::to_string(g));
      table.ids.push_back(std::to_string(g) + "@" + std::to_string(i));
    }
  }
  for (std::size_t c = 0; discrete && c < 2; ++c) {
    Column& column = table.columns[c];
    column.type = ColumnType::kCategorical;
    column.levels = {"low", "middle", "high"};
    for (double& v : column.values) v = v < -0.7 ? 0 : v < 0.7 ? 1 : 2;
  }
  return table;
}

/// Share of p-values of x and y given `set` that are at most .05.
double rejected(const std::string& test, bool grouped, const NodeSet& set, bool discrete,
                std::size_t studies) {
  std::size_t count = 0;
  for (std::size_t s = 0; s < studies; ++s) {
    Table table = study_of(s, 50, 12, discrete);
    if (set.empty()) {  // without z's part, so that nothing has to be given
      for (std::size_t c = 0; !discrete && c < 2; ++c) {
        for (std::size_t i = 0; i < table.rows(); ++i)
          table.columns[c].values[i] -= table.columns[2].values[i];
      }
    }
    if (!grouped) table.groups.clear();
    std::string name = test;
    const Dataset data = dataset_for(table, name, DiscoverOptions());
    if (make_test(data, name, DiscoverOptions(), 1)->p_value(0, 1, set) <= 0.05) ++count;
  }
  return static_cast<double>(count) / static_cast<double>(studies);
}

TEST(Grouped, PartialCorrelationsRejectAsOftenAsTheySay) {
  for (const char* test : {"fisherz", "spearman"}) {
    for (const NodeSet& set : {NodeSet{}, NodeSet{2}}) {
      EXPECT_GT(rejected(test, false, set, false, 300), 0.25) << test;
      const double share = rejected(test, true, set, false, 300);
      EXPECT_GT(share, 0.015) << test;
      EXPECT_LT(share, 0.085) << test;
    }
  }
}

TEST(Grouped, SoDoTestsOfLevelsAndOfMixedColumns) {
  // z is a common cause here, so only what stands given z is without effect.
  EXPECT_GT(rejected("cg", false, {2}, true, 200), 0.15);
  const double mixed = rejected("cg", true, {2}, true, 200);
  EXPECT_GT(mixed, 0.005);
  EXPECT_LT(mixed, 0.1);
}

TEST(Grouped, LevelsAloneToo) {
  std::size_t plain = 0;
  std::size_t grouped = 0;
  for (std::size_t s = 0; s < 300; ++s) {
    Table table = study_of(s, 50, 12, false);
    for (std::size_t c = 0; c < 2; ++c) {
      Column& column = table.columns[c];
      column.type = ColumnType::kCategorical;
      column.levels = {"low", "middle", "high"};
      for (std::size_t i = 0; i < table.rows(); ++i) {
        const double v = column.values[i] - table.columns[2].values[i];
        column.values[i] = v < -0.7 ? 0 : v < 0.7 ? 1 : 2;
      }
    }
    table.columns.pop_back();
    std::string name = "gsq";
    const Dataset data = dataset_for(table, name, DiscoverOptions());
    if (make_test(data, name, DiscoverOptions(), 1)->p_value(0, 1, {}) <= 0.05) ++grouped;
    table.groups.clear();
    const Dataset rows = dataset_for(table, name, DiscoverOptions());
    if (make_test(rows, name, DiscoverOptions(), 1)->p_value(0, 1, {}) <= 0.05) ++plain;
  }
  EXPECT_GT(plain, 60U);
  EXPECT_GT(grouped, 4U);
  EXPECT_LT(grouped, 27U);
}

TEST(Grouped, WhatIsAlikeInAGroupCountsOncePerGroup) {
  Random random(1, "grouped_test", 1);
  Dataset data;
  data.rows = 200;
  data.variables = {{"x", 0, {}}, {"y", 0, {}}};
  for (std::size_t g = 0; g < 20; ++g) {
    const double x = random.normal();
    const double y = 0.5 * x + random.normal();
    for (std::size_t i = 0; i < 10; ++i) {
      data.group.push_back(g);
      data.variables[0].values.push_back(x);
      data.variables[1].values.push_back(y);
    }
  }
  const TestResult result = make_test(data, "fisherz", DiscoverOptions(), 1)->test(0, 1, {});
  EXPECT_NEAR(result.p, fisher_z_p(result.strength, 20, 0), 1e-9);
  EXPECT_EQ(result.n, 200);
}

TEST(Grouped, RowsThatHaveNothingInCommonKeepTheirNumber) {
  Random random(2, "grouped_test", 2);
  Dataset data;
  data.rows = 2000;
  data.variables = {{"x", 0, {}}, {"y", 0, {}}};
  for (std::size_t r = 0; r < data.rows; ++r) {
    data.group.push_back(r / 4);
    data.variables[0].values.push_back(random.normal());
    data.variables[1].values.push_back(0.05 * data.variables[0].values.back() + random.normal());
  }
  const double grouped = make_test(data, "fisherz", DiscoverOptions(), 1)->p_value(0, 1, {});
  data.group.clear();
  const double plain = make_test(data, "fisherz", DiscoverOptions(), 1)->p_value(0, 1, {});
  EXPECT_NEAR(std::log(grouped), std::log(plain), 0.05 * std::fabs(std::log(plain)));
}

class Messages : public Observer {
 public:
  void message(LogLevel, const std::string& text) override { all += text + "\n"; }
  std::string all;
};

TEST(Grouped, TheSearchAndItsReplicatesKnowOfGroups) {
  // Two columns of the groups alone: 30 independent pairs look like 900.
  Table table = study_of(11, 30, 30, false);
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t i = 0; i < table.rows(); ++i)
      table.columns[c].values[i] -= table.columns[2].values[i];
  }
  DiscoverOptions options;
  options.bootstrap = 20;
  Table rows = table;
  rows.groups.clear();
  const Graph naive = discover(rows, {}, options);
  const Graph graph = discover(table, {}, options);
  EXPECT_EQ(naive.edges.size(), 1U);
  EXPECT_EQ(graph.edges.size(), 0U);
  for (const Frequency& pair : graph.frequencies) EXPECT_LT(pair.joined, 0.3);

  Messages messages;
  options.bootstrap = 0;
  options.engine = "boss";
  discover(table, {}, options, &messages);
  EXPECT_THAT(messages.all, HasSubstr("900 rows of 30 groups, and the score of engine = boss"));
  table.groups.pop_back();
  EXPECT_THROW(discover(table, {}, options), DataError);
}

}  // namespace
}  // namespace polycause
