// Settings: free forms, impossible ones, structural rank, mixing.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <set>

#include "base/settings.h"
#include "polycause/error.h"
#include "polycause/simulate.h"
#include "simulate/links.h"
#include "simulate/mechanisms.h"
#include "simulate/mixing.h"

namespace polycause {
namespace {

using simulation::Links;
using simulation::ModalityShape;

SimulateOptions small(std::int64_t modalities, std::int64_t latents, std::int64_t columns) {
  SimulateOptions options = simulation_preset("free");
  options.participants = 300;
  options.modalities = modalities;
  options.latents = latents;
  options.columns = columns;
  return options;
}

// The message of the ConfigError that `name` with `options` gives.
std::string refusal(const SimulateOptions& options, const std::string& name = "free") {
  try {
    simulate(name, options, 1);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Options, UnknownNameIsRefusedWithTheNearest) {
  EXPECT_NE(refusal({}, "case_1").find("'case1'"), std::string::npos);
}

TEST(Options, ImpossibleOnesNameTheirSetting) {
  const auto with = [](auto change) {
    SimulateOptions options = small(2, 2, 15);
    change(options);
    return refusal(options);
  };
  using O = SimulateOptions;
  const auto begins = [](const std::string& text, const std::string& key) {
    EXPECT_EQ(text.rfind("simulate." + key, 0), 0u) << text;
  };
  begins(with([](O& o) { o.columns = 2; }), "columns");
  begins(with([](O& o) { o.modalities = 1; }), "modalities");
  begins(with([](O& o) { o.modalities = 21; }), "modalities");
  begins(with([](O& o) { o.latents = 11; }), "latents");
  begins(with([](O& o) { o.participants = 3; }), "participants");
  begins(with([](O& o) { o.noise = "cauchy"; }), "noise");
  begins(with([](O& o) { o.mixing = "shallow"; }), "mixing");
  begins(with([](O& o) { o.mechanism = "magic"; }), "mechanism");
  begins(with([](O& o) { o.extra_edges = 3; }), "extra_edges");  // 4 pairs - 2 matched = 2
  begins(with([](O& o) { o.sparsity_ratio = 0.9; }), "sparsity_ratio");
  begins(with([](O& o) { o.sparsity_ratio = 1.5; }), "sparsity_ratio");
  begins(with([](O& o) { o.sparsity_ratio = std::nan(""); }), "sparsity_ratio");
  begins(with([](O& o) { o.edge_scale = 0; }), "edge_scale");
  begins(with([](O& o) { o.edge_scale = std::nan(""); }), "edge_scale");
  begins(with([](O& o) {
           o.sparsity_ratio = 0;
           o.extra_edges = 1;
         }),
         "sparsity_ratio");
  begins(with([](O& o) {
           o.sparsity_ratio = 0;
           o.modalities = 3;
         }),
         "sparsity_ratio");
  begins(with([](O& o) { o.sizes = "2+1:15, 3+1:15"; }),
         "sizes");  // rank of the second is at most 2
  begins(with([](O& o) { o.sizes = "2+1:15"; }), "sizes");
  begins(with([](O& o) { o.sizes = "2+1:15,"; }), "sizes");
  begins(with([](O& o) { o.sizes = "2+1:2, 2+1:15"; }), "sizes");
  begins(with([](O& o) { o.sizes = "2:15, 2:15"; }), "sizes");
  begins(with([](O& o) { o.sizes = "2+1:15x, 2+1:15"; }), "sizes");
}

TEST(Options, SettingsArePlacedUnderTheirNames) {
  SimulateOptions options;
  const VisitSettings visit = [&](SettingsVisitor& v) { visit_settings(options, v); };
  apply_setting(visit, "simulate.noise", "uniform", "--set");
  apply_setting(visit, "simulate.sizes", "2+1:9, 2+0:8", "--set");
  EXPECT_EQ(options.noise, "uniform");
  EXPECT_EQ(options.sizes, "2+1:9, 2+0:8");
  EXPECT_THROW(apply_setting(visit, "simulate.latents", "11", "--set"), ConfigError);
}

TEST(Options, SparsityRatioCountsAbsentEdges) {
  SimulateOptions options = small(2, 3, 20);
  const auto edges = [&](double ratio) {
    options.sparsity_ratio = ratio;
    return simulate("free", options, 4).graph.edges.size();
  };
  EXPECT_EQ(edges(0), 9u);
  EXPECT_EQ(edges(1.0 / 3.0), 6u);
  EXPECT_EQ(edges(0.5), 5u);
  EXPECT_EQ(edges(2.0 / 3.0), 3u);
  EXPECT_EQ(edges(-1), 3u);
}

TEST(Options, UnequalSizes) {
  SimulateOptions options = small(2, 2, 15);
  options.sizes = "3+0:3, 2+2:12,1+1:40";
  const Simulation s = simulate("free", options, 1);
  ASSERT_EQ(s.tables.size(), 3u);
  EXPECT_EQ(s.tables[0].columns.size(), 3u);
  EXPECT_EQ(s.tables[2].columns.size(), 40u);
  EXPECT_EQ(s.latents.columns.size(), 6u);
  EXPECT_EQ(s.private_parts.columns.size(), 3u);
  EXPECT_NE(s.study_toml.find("private = 0"), std::string::npos);
}

TEST(Options, TheLargestFormWorks) {
  SimulateOptions options = small(20, 10, 11);
  options.extra_edges = 100;
  const Simulation s = simulate("free", options, 1);
  EXPECT_EQ(s.graph.edges.size(), 19u * 10u + 100u);
  for (const Edge& e : s.graph.edges) EXPECT_LT(e.source, e.target);  // hence no cycle
  for (const Column& c : s.latents.columns) {
    for (const double v : c.values) ASSERT_TRUE(std::isfinite(v));
  }
}

Links unlinked(std::vector<std::size_t> modality) {
  Links links;
  links.parents.resize(modality.size());
  links.modality = std::move(modality);
  return links;
}

// Largest matching by trying all subsets: an oracle for small graphs.
std::size_t matching_by_search(const Links& links, std::size_t m) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  // (inside m, outside)
  for (std::size_t child = 0; child < links.parents.size(); ++child) {
    for (const std::size_t parent : links.parents[child]) {
      if (links.modality[child] == m) pairs.emplace_back(child, parent);
      if (links.modality[parent] == m) pairs.emplace_back(parent, child);
    }
  }
  std::size_t best = 0;
  for (std::size_t set = 0; set < (std::size_t{1} << pairs.size()); ++set) {
    std::set<std::size_t> inside, outside;
    std::size_t size = 0;
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      if ((set >> k & 1) == 0) continue;
      ++size;
      inside.insert(pairs[k].first);
      outside.insert(pairs[k].second);
    }
    if (inside.size() == size && outside.size() == size) best = std::max(best, size);
  }
  return best;
}

TEST(StructuralRank, EqualsExhaustiveSearch) {
  Random random(3, "rank");
  for (int round = 0; round < 200; ++round) {
    Links links = unlinked({0, 0, 0, 1, 1, 2, 2});
    std::size_t edges = 0;  // ten at most: the search tries every subset
    for (std::size_t child = 3; child < 7; ++child) {
      for (std::size_t parent = 0; parent < child; ++parent) {
        if (links.modality[parent] == links.modality[child] || edges == 10) continue;
        if (random.uniform() < 0.35) {
          links.parents[child].push_back(parent);
          ++edges;
        }
      }
    }
    for (std::size_t m = 0; m < 3; ++m) {
      EXPECT_EQ(structural_rank(links, m), matching_by_search(links, m));
    }
  }
}

TEST(Links, AreAcyclicOfFullRankAndWithinNoModality) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SimulateOptions options = small(4, 3, 9);
    options.extra_edges = static_cast<std::int64_t>(seed % 8);
    const std::vector<ModalityShape> shape(4, {3, 1, 9});
    Random random(seed, "links");
    const Links links = draw_links(options, shape, random);
    EXPECT_EQ(links.count(), 9u + seed % 8);
    for (std::size_t child = 0; child < links.parents.size(); ++child) {
      const std::set<std::size_t> once(links.parents[child].begin(), links.parents[child].end());
      EXPECT_EQ(once.size(), links.parents[child].size());
      for (const std::size_t parent : links.parents[child]) {
        EXPECT_LT(links.modality[parent], links.modality[child]);
      }
      EXPECT_EQ(links.modality[child] == 0, links.parents[child].empty());
    }
    for (std::size_t m = 0; m < 4; ++m) EXPECT_EQ(structural_rank(links, m), 3u);
  }
}

TEST(Latents, LeaveATraceInTheOtherModalitiesEvenWhenDense) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimulateOptions options = small(2, 3, 20);
    options.participants = 2000;
    options.sparsity_ratio = 0;
    const std::vector<ModalityShape> shape(2, {3, 1, 20});
    const simulation::Latents latents = draw_latents(options, shape, seed);
    EXPECT_GT(weakest_trace(latents.links, latents.z), 0.28) << seed;
  }
}

TEST(Latents, WeakestTraceIsTheLeastCanonicalCorrelation) {
  Links links = unlinked({0, 0, 1, 1});
  links.parents[2].push_back(0);
  links.parents[3].push_back(1);
  Random random(1, "trace");
  Eigen::MatrixXd z(4000, 4);
  for (double& value : z.leftCols(2).reshaped()) value = random.normal();
  // Correlations .8 and .3, hidden behind a rotation of the second pair.
  Eigen::MatrixXd noise(4000, 2);
  for (double& value : noise.reshaped()) value = random.normal();
  const Eigen::VectorXd a = 0.8 * z.col(0) + 0.6 * noise.col(0);
  const Eigen::VectorXd b = 0.3 * z.col(1) + std::sqrt(0.91) * noise.col(1);
  z.col(2) = a + b;
  z.col(3) = a - 2 * b;
  EXPECT_NEAR(weakest_trace(links, z), 0.3, 0.04);
}

TEST(Mechanisms, NonadditiveParentsInteract) {
  SimulateOptions options = small(2, 2, 9);
  options.participants = 20000;
  options.sparsity_ratio = 0;
  const auto interaction_of = [&](const std::string& mechanism) {
    options.mechanism = mechanism;
    const Simulation s = simulate("free", options, 9);
    const std::vector<double>& x = s.latents.columns[0].values;
    const std::vector<double>& w = s.latents.columns[1].values;
    const std::vector<double>& y = s.latents.columns[2].values;
    double interaction = 0;  // mean of y sign(x w): 0 when the parents' effects add up
    for (std::size_t i = 0; i < y.size(); ++i) interaction += y[i] * (x[i] * w[i] > 0 ? 1 : -1);
    return std::fabs(interaction) / static_cast<double>(y.size());
  };
  EXPECT_LT(interaction_of("linear"), 0.03);
  EXPECT_GT(interaction_of("nonadditive"), 0.1);
}

TEST(Mechanisms, EffectsAreThoseDocumented) {
  using simulation::Effect;
  EXPECT_DOUBLE_EQ(effect(Effect::kTanh, 0.5), 1.2 * std::tanh(0.75));
  EXPECT_DOUBLE_EQ(effect(Effect::kLeaky, -2), -0.8);
  EXPECT_DOUBLE_EQ(effect(Effect::kLeaky, 2), 2.6);
  EXPECT_DOUBLE_EQ(effect(Effect::kSine, 1), 1 + 0.8 * std::sin(2.0));
  EXPECT_DOUBLE_EQ(effect(Effect::kCubic, 2), 1 + 2 / 1.4);
}

class MixingKind : public ::testing::TestWithParam<const char*> {};

TEST_P(MixingKind, IsInjectiveAndWellConditioned) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed, "mixing test");
    const std::size_t d = 1 + random.below(6);
    const std::size_t columns = d + random.below(20);
    const simulation::Mixing mixing(GetParam(), d, columns, random);
    const auto dims = static_cast<Eigen::Index>(d);
    Eigen::MatrixXd s(50, dims);
    for (double& value : s.reshaped()) value = random.normal();
    const Eigen::MatrixXd x = mixing.apply(s);
    ASSERT_EQ(x.cols(), static_cast<Eigen::Index>(columns));
    // Three LeakyReLU(0.2) layers at most: 0.2^3 of a distance survives, and none grows.
    for (Eigen::Index i = 0; i < 50; ++i) {
      for (Eigen::Index j = 0; j < i; ++j) {
        const double before = (s.row(i) - s.row(j)).norm();
        const double after = (x.row(i) - x.row(j)).norm();
        EXPECT_GE(after, 0.0079 * before);
        EXPECT_LE(after, 1.0001 * before);
      }
    }
    for (Eigen::Index i = 0; i < 5; ++i) {
      Eigen::MatrixXd jacobian(x.cols(), dims);
      for (Eigen::Index k = 0; k < dims; ++k) {
        Eigen::MatrixXd moved = s.row(i);
        moved(0, k) += 1e-7;
        jacobian.col(k) = (mixing.apply(moved) - x.row(i)).transpose() / 1e-7;
      }
      const Eigen::JacobiSVD<Eigen::MatrixXd> svd(jacobian);
      EXPECT_LT(svd.singularValues()(0) / svd.singularValues()(dims - 1), 126);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, MixingKind, ::testing::Values("square", "deep", "wide"),
                         [](const auto& one) { return std::string(one.param); });

TEST(Mixing, SquareHasTheRankOfTheCodesAndDeepDoesNot) {
  Random random(4, "rank of columns");
  Eigen::MatrixXd s(500, 3);
  for (double& value : s.reshaped()) value = random.normal();
  const auto rank = [&](const char* kind) {
    const simulation::Mixing mixing(kind, 3, 15, random);
    Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(mixing.apply(s));
    qr.setThreshold(1e-8);
    return qr.rank();
  };
  EXPECT_EQ(rank("square"), 3);
  EXPECT_EQ(rank("deep"), 15);
  EXPECT_EQ(rank("wide"), 15);
}

}  // namespace
}  // namespace polycause
