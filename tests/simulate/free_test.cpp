#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include "base/files.h"
#include "polycause/error.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "simulate/links.h"
#include "simulate/mechanisms.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

double central_moment(const std::vector<double>& v, int order) {
  const double mean = mean_of(v);
  double sum = 0;
  for (const double x : v) sum += std::pow(x - mean, order);
  return sum / static_cast<double>(v.size());
}

// Share of the variance of `y` that the mean within 40 equal bins of `x` explains: >= any linear
// fit.
double explained_by_bins(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  const std::size_t bins = 40;
  const double mean = mean_of(y);
  double between = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t begin = b * x.size() / bins;
    const std::size_t end = (b + 1) * x.size() / bins;
    double sum = 0;
    for (std::size_t k = begin; k < end; ++k) sum += y[order[k]] - mean;
    between += sum * sum / static_cast<double>(end - begin);
  }
  return between / static_cast<double>(x.size()) / central_moment(y, 2);
}

struct Case {
  const char* name;
  std::size_t modalities, latents, columns;
};

class NamedCase : public ::testing::TestWithParam<Case> {};

TEST_P(NamedCase, HasThePapersSizesAndOneEdgePerMatchedLatent) {
  const Case c = GetParam();
  SimulateOptions options = simulation_preset(c.name);
  EXPECT_EQ(options.participants, 10000);
  options.participants = 500;
  const Simulation s = simulate(c.name, options, 3);
  ASSERT_EQ(s.tables.size(), c.modalities);
  EXPECT_EQ(s.files.size(), c.modalities);
  EXPECT_EQ(s.latents.columns.size(), c.modalities * c.latents);
  EXPECT_EQ(s.private_parts.columns.size(), c.modalities);
  EXPECT_EQ(s.graph.nodes.size(), c.modalities * c.latents);
  EXPECT_EQ(s.graph.edges.size(), (c.modalities - 1) * c.latents);
  for (std::size_t m = 0; m < c.modalities; ++m) {
    EXPECT_EQ(s.tables[m].name, "m" + std::to_string(m + 1));
    EXPECT_EQ(s.tables[m].columns.size(), c.columns);
    EXPECT_EQ(s.tables[m].rows(), 500u);
  }
  EXPECT_NE(s.study_toml.find("order = \"given\""), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Paper, NamedCase,
                         ::testing::Values(Case{"case1", 2, 2, 15}, Case{"case2", 2, 3, 20},
                                           Case{"case3", 4, 2, 30}, Case{"five", 5, 2, 30},
                                           Case{"six", 6, 2, 30}, Case{"eight", 8, 2, 30}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Simulate, EveryTrueColumnHasMeanZeroAndVarianceOne) {
  SimulateOptions options = simulation_preset("case3");
  options.participants = 2000;
  options.extra_edges = 3;
  const Simulation s = simulate("case3", options, 1);
  for (const Table* table : {&s.latents, &s.private_parts}) {
    for (const Column& column : table->columns) {
      EXPECT_NEAR(mean_of(column.values), 0, 1e-6) << column.name;
      EXPECT_NEAR(central_moment(column.values, 2), 1, 1e-5) << column.name;
    }
  }
  EXPECT_EQ(s.graph.edges.size(), 9u);
}

TEST(Simulate, EdgesShowInTheDataAndNonEdgesOfRootsDoNot) {
  SimulateOptions options = simulation_preset("case2");
  options.participants = 8000;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Simulation s = simulate("case2", options, seed);
    for (std::size_t child = 3; child < 6; ++child) {
      for (std::size_t parent = 0; parent < 3; ++parent) {
        const bool edge =
            std::any_of(s.graph.edges.begin(), s.graph.edges.end(),
                        [&](const Edge& e) { return e.source == parent && e.target == child; });
        const double share =
            explained_by_bins(s.latents.columns[parent].values, s.latents.columns[child].values);
        // s lies in .45 .. .75, so a single parent explains 1 / (1 + s^2) = .64 .. .83.
        if (edge) {
          EXPECT_GT(share, 0.60);
          EXPECT_LT(share, 0.86);
        } else {
          EXPECT_LT(share, 0.02);  // 40 bins of noise: about .005
        }
      }
    }
  }
}

TEST(Simulate, NoiseHasItsKurtosis) {
  const auto kurtosis = [](const std::string& noise) {
    SimulateOptions options = simulation_preset("case1");
    options.participants = 40000;
    options.noise = noise;
    const Simulation s = simulate("case1", options, 5);
    const std::vector<double>& eta = s.private_parts.columns[0].values;
    return central_moment(eta, 4) / std::pow(central_moment(eta, 2), 2);
  };
  EXPECT_NEAR(kurtosis("laplace"), 6.0, 0.6);
  EXPECT_NEAR(kurtosis("gaussian"), 3.0, 0.15);
  EXPECT_NEAR(kurtosis("uniform"), 1.8, 0.05);
}

TEST(Simulate, SameSeedSameValuesAndAnotherSeedOthers) {
  SimulateOptions options = simulation_preset("case1");
  options.participants = 200;
  const auto values = [&](std::uint64_t seed) {
    std::vector<double> all;
    const Simulation s = simulate("case1", options, seed);
    for (const Table& t : s.tables) {
      for (const Column& c : t.columns) all.insert(all.end(), c.values.begin(), c.values.end());
    }
    return all;
  };
  EXPECT_EQ(values(7), values(7));
  EXPECT_NE(values(7), values(8));
}

TEST(Simulate, HiddenOrderOnlyRelistsTheSameStudy) {
  SimulateOptions options = simulation_preset("five");
  options.participants = 300;
  const Simulation given = simulate("five", options, 2);
  options.hidden_order = true;
  const Simulation hidden = simulate("five", options, 2);
  EXPECT_NE(hidden.study_toml.find("order = \"unknown\""), std::string::npos);
  // Every column of the hidden listing is a column of the given one, and edges follow the columns.
  std::vector<std::size_t> same(10, 99);
  for (std::size_t k = 0; k < 10; ++k) {
    for (std::size_t j = 0; j < 10; ++j) {
      if (hidden.latents.columns[k].values == given.latents.columns[j].values) same[k] = j;
    }
    ASSERT_NE(same[k], 99u);
  }
  const auto pairs = [](const Graph& g, const std::vector<std::size_t>* map) {
    std::set<std::pair<std::size_t, std::size_t>> set;
    for (const Edge& e : g.edges) {
      set.emplace(map ? (*map)[e.source] : e.source, map ? (*map)[e.target] : e.target);
    }
    return set;
  };
  EXPECT_EQ(pairs(hidden.graph, &same), pairs(given.graph, nullptr));
  EXPECT_FALSE(std::is_sorted(same.begin(), same.end()));  // seed 2 does move modalities
  for (std::size_t m = 0; m < 5; ++m) {
    const std::size_t from = same[2 * m] / 2;
    EXPECT_EQ(hidden.tables[m].columns[4].values, given.tables[from].columns[4].values);
    EXPECT_EQ(hidden.private_parts.columns[m].values, given.private_parts.columns[from].values);
  }
}

TEST(Free, MissingBlocksTakeOneModalityFromAShareOfThePeople) {
  SimulateOptions options = simulation_preset("five");
  options.participants = 400;
  const Simulation whole = simulate("five", options, 2);
  options.missing_blocks = 0.3;
  const Simulation some = simulate("five", options, 2);
  EXPECT_NE(some.study_toml.find("join = \"any\"\n"), std::string::npos);
  EXPECT_EQ(whole.study_toml.find("join"), std::string::npos);
  EXPECT_EQ(some.latents.columns[3].values, whole.latents.columns[3].values);  // the truth stays
  std::map<std::string, std::size_t> held;
  for (std::size_t m = 0; m < 5; ++m) {
    const Table& table = some.tables[m];
    EXPECT_LT(table.rows(), 400u - 10u) << m;
    EXPECT_GT(table.rows(), 400u - 40u) << m;
    for (std::size_t i = 0; i < table.rows(); ++i) {
      ++held[table.ids[i]];
      const auto at = static_cast<std::size_t>(
          std::find(whole.latents.ids.begin(), whole.latents.ids.end(), table.ids[i]) -
          whole.latents.ids.begin());
      EXPECT_EQ(table.columns[2].values[i], whole.tables[m].columns[2].values[at]);
    }
  }
  ASSERT_EQ(held.size(), 400u);
  std::size_t lacking = 0;
  for (const auto& [id, count] : held) {
    EXPECT_GE(count, 4u) << id;
    lacking += count == 4 ? 1 : 0;
  }
  EXPECT_EQ(lacking, 120u);
}

}  // namespace
}  // namespace polycause
