#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "polycause/error.h"
#include "polycause/simulate.h"

namespace polycause {
namespace {

// The tables alone; cohort_blocks_test has the pictures and nights.
SimulateOptions tables_alone(std::int64_t participants) {
  SimulateOptions options = simulation_preset("cohort");
  options.participants = participants;
  options.pictures = "off";
  options.nights = 0;
  return options;
}

Simulation cohort(std::uint64_t seed = 1, std::int64_t participants = 4000) {
  const SimulateOptions options = tables_alone(participants);
  return simulate("cohort", options, seed);
}

const Table& table_of(const Simulation& s, const std::string& name) {
  return *std::find_if(s.tables.begin(), s.tables.end(),
                       [&](const Table& t) { return t.name == name; });
}

const std::vector<double>& column_of(const Table& table, const std::string& name) {
  EXPECT_LT(table.find(name), table.columns.size()) << name;
  return table.columns[table.find(name)].values;
}

// Pearson correlation over rows where both are present, joined by id.
double correlation(const Table& a, const std::string& x, const Table& b, const std::string& y) {
  std::unordered_map<std::string, double> of_id;
  for (std::size_t i = 0; i < a.rows(); ++i) of_id[a.ids[i]] = column_of(a, x)[i];
  double n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (std::size_t i = 0; i < b.rows(); ++i) {
    const auto found = of_id.find(b.ids[i]);
    const double v = column_of(b, y)[i];
    if (found == of_id.end() || std::isnan(found->second) || std::isnan(v)) continue;
    const double u = found->second;
    n += 1;
    sx += u;
    sy += v;
    sxx += u * u;
    syy += v * v;
    sxy += u * v;
  }
  return (sxy / n - sx / n * sy / n) /
         std::sqrt((sxx / n - sx / n * sx / n) * (syy / n - sy / n * sy / n));
}

TEST(Cohort, HasFourModalitiesAndDemographicsOfTheStatedShape) {
  const Simulation s = cohort();
  ASSERT_EQ(s.tables.size(), 5u);
  for (std::size_t m = 0; m < 4; ++m) {
    EXPECT_GE(s.tables[m].columns.size(), 8u) << s.tables[m].name;
    EXPECT_LE(s.tables[m].columns.size(), 14u) << s.tables[m].name;
    EXPECT_GT(s.tables[m].rows(), 3800u);  // 2 % lack a table
    EXPECT_LT(s.tables[m].rows(), 4000u);
    EXPECT_FALSE(std::is_sorted(s.tables[m].ids.begin(), s.tables[m].ids.end()));
    const std::set<std::string> ids(s.tables[m].ids.begin(), s.tables[m].ids.end());
    EXPECT_EQ(ids.size(), s.tables[m].rows());
    bool levels = false;
    for (const Column& c : s.tables[m].columns) levels = levels || !c.levels.empty();
    EXPECT_TRUE(levels) << s.tables[m].name << " has a categorical column";
  }
  EXPECT_EQ(s.tables[4].rows(), 4000u);
  EXPECT_EQ(s.latents.rows(), 4000u);
  EXPECT_EQ(s.latents.ids.front(), "P00001");
  EXPECT_EQ(s.graph.edges.size(), 8u);
  for (const Edge& e : s.graph.edges) EXPECT_LT(e.source, e.target);  // hence no cycle
}

TEST(Cohort, AFewPercentOfTheCellsAreMissingAndNoneIsInfinite) {
  const Simulation s = cohort();
  for (std::size_t m = 0; m < 4; ++m) {
    for (const Column& c : s.tables[m].columns) {
      std::size_t missing = 0;
      for (const double v : c.values) {
        EXPECT_FALSE(std::isinf(v));
        if (std::isnan(v)) ++missing;
      }
      const double share = static_cast<double>(missing) / static_cast<double>(c.values.size());
      EXPECT_GT(share, 0.003) << c.name;
      EXPECT_LT(share, 0.15) << c.name;  // homa_ir lacks one of its parts more often
    }
  }
}

TEST(Cohort, MeasurementsLieWhereAClinicianExpectsThem) {
  const Simulation s = cohort(3);
  const auto within = [&](const char* table, const char* column, double low, double high) {
    for (const double v : column_of(table_of(s, table), column)) {
      if (std::isnan(v)) continue;
      EXPECT_GE(v, low) << column;
      EXPECT_LE(v, high) << column;
    }
  };
  within("body", "height", 130, 210);
  within("body", "bmi", 13, 75);
  within("body", "fat_percent", 3, 60);
  within("blood", "hba1c", 3.8, 8.5);
  within("blood", "hdl", 15, 130);
  within("blood", "ldl", 10, 230);
  within("sleep", "spo2_mean", 80, 99);
  within("sleep", "spo2_min", 50, 99);
  within("sleep", "efficiency", 50, 99);
  within("sleep", "sleep_hours", 3, 11);
  within("vessels", "sbp", 75, 180);
  within("vessels", "carotid_imt", 0.3, 1.4);
  within("demographics", "age", 40, 72);
}

TEST(Cohort, DerivedColumnsFollowFromTheirParts) {
  const Table body = table_of(cohort(), "body");
  for (std::size_t i = 0; i < body.rows(); ++i) {
    const double expected =
        column_of(body, "weight")[i] / std::pow(column_of(body, "height")[i] / 100, 2);
    const double bmi = column_of(body, "bmi")[i];
    EXPECT_EQ(std::isnan(bmi), std::isnan(expected));
    if (std::isnan(bmi)) continue;
    EXPECT_NEAR(bmi, expected, 0.0501);
  }
}

TEST(Cohort, TruthShowsInTheTablesAndCovariatesActOnWhatTheySay) {
  const Simulation s = cohort(2);
  EXPECT_GT(correlation(s.latents, "body.z1", table_of(s, "body"), "waist"), 0.8);
  EXPECT_GT(correlation(s.latents, "body.z2", table_of(s, "body"), "grip_strength"), 0.8);
  EXPECT_LT(correlation(s.latents, "blood.z2", table_of(s, "blood"), "hdl"), -0.6);
  EXPECT_LT(correlation(s.latents, "sleep.z1", table_of(s, "sleep"), "spo2_mean"), -0.8);
  const Table& people = table_of(s, "demographics");
  const std::set<std::pair<std::string, std::string>> edges(s.covariate_edges.begin(),
                                                            s.covariate_edges.end());
  EXPECT_EQ(edges,
            (std::set<std::pair<std::string, std::string>>{{"demographics.age", "vessels.z2"},
                                                           {"demographics.sex", "body.z2"},
                                                           {"demographics.smoking", "blood.z2"}}));
  EXPECT_GT(correlation(people, "age", s.latents, "vessels.z2"), 0.15);
  EXPECT_GT(correlation(people, "sex", s.latents, "body.z2"), 0.3);
  EXPECT_GT(correlation(people, "smoking", s.latents, "blood.z2"), 0.15);
  for (const Column& latent : s.latents.columns) {
    EXPECT_LT(std::fabs(correlation(people, "center", s.latents, latent.name)), 0.06);
  }
  EXPECT_LT(std::fabs(correlation(people, "age", s.latents, "body.z1")), 0.06);
}

TEST(Cohort, HiddenOrderKeepsTheTruth) {
  SimulateOptions options = tables_alone(100);
  const Simulation given = simulate("cohort", options, 5);
  options.hidden_order = true;
  const Simulation hidden = simulate("cohort", options, 5);
  const auto named = [](const Simulation& s) {
    std::set<std::pair<std::string, std::string>> edges;
    for (const Edge& e : s.graph.edges) {
      edges.emplace(s.graph.nodes[e.source].id, s.graph.nodes[e.target].id);
    }
    return edges;
  };
  EXPECT_EQ(named(given), named(hidden));
  EXPECT_EQ(column_of(given.latents, "sleep.z1"), column_of(hidden.latents, "sleep.z1"));
  EXPECT_NE(hidden.study_toml.find("order = \"unknown\""), std::string::npos);
  EXPECT_EQ(hidden.study_toml.find("[\"body.*\"]"), std::string::npos);  // no tier of its own
}

TEST(Cohort, RefusesWhatItCannotChange) {
  SimulateOptions options = simulation_preset("cohort");
  options.columns = 30;
  try {
    simulate("cohort", options, 1);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("simulate.columns"), std::string::npos);
  }
}

}  // namespace
}  // namespace polycause
