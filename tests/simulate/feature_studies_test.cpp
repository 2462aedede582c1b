// Circles, lattices, digits with lines: pictures and curves against the truth, tables of the
// network against counts, the best possible classifier.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/random.h"
#include "data/files_for_tests.h"
#include "polycause/error.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "simulate/node_network.h"
#include "simulate/scenes.h"

namespace polycause {
namespace {

using simulation::NodeNetwork;
using testing::TestFolder;
using Outcomes = std::vector<std::vector<std::size_t>>;

const std::vector<std::string> kDesigns = {"chain", "fork",   "collider", "full",
                                           "none",  "hidden", "selected"};

SimulateOptions small(const std::string& name, std::int64_t participants) {
  SimulateOptions options = simulation_preset(name);
  options.participants = participants;
  return options;
}

std::string document(const Simulation& s, const std::string& name) {
  for (const auto& [path, text] : s.documents) {
    if (path == name) return text;
  }
  ADD_FAILURE() << "no " << name;
  return "";
}

std::vector<float> picture(const SimulatedBlocks& blocks, std::size_t row) {
  std::vector<float> values(blocks.shape[0] * blocks.shape[1] * blocks.shape[2]);
  blocks.draw(row, values.data());
  return values;
}

NodeNetwork circles_network(const std::string& design, std::uint64_t seed) {
  Random random(seed, "network.tables");
  const auto node = [](const std::string& name) {
    return simulation::NodeName{name, {name + "0", name + "1", name + "2"}};
  };
  return simulation::design_network(design, {node("hue"), node("radius"), node("shift")},
                                    SimulateOptions().link_strength, random);
}

// Mean accuracy over nodes and participants of the classifier that knows the network and the
// distribution of the features.
double best_accuracy(const NodeNetwork& network, const Outcomes& outcomes,
                     const Eigen::MatrixXd& features, double overlap) {
  double right = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Eigen::Matrix3d posterior = Eigen::Matrix3d::Zero();  // (node, outcome)
    for (std::size_t c = 0; c < 27; ++c) {
      const std::vector<std::size_t> joint = {c / 9, c / 3 % 3, c % 3};
      double p = 1;
      for (std::size_t k = 0; k < 3; ++k) {
        const auto row = static_cast<Eigen::Index>(network.row(k, joint));
        const double u = (features(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) -
                          (static_cast<double>(joint[k]) - 1)) /
                         overlap;
        p *=
            network.nodes[k].table(row, static_cast<Eigen::Index>(joint[k])) * std::exp(-u * u / 2);
      }
      for (std::size_t k = 0; k < 3; ++k)
        posterior(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(joint[k])) += p;
    }
    for (std::size_t k = 0; k < 3; ++k) {
      Eigen::Index best = 0;
      posterior.row(static_cast<Eigen::Index>(k)).maxCoeff(&best);
      right += static_cast<std::size_t>(best) == outcomes[i][k] ? 1 : 0;
    }
  }
  return right / static_cast<double>(3 * outcomes.size());
}

TEST(Network, OutcomesFollowTheTables) {
  for (const std::string& design : kDesigns) {
    if (design == "selected") continue;
    const NodeNetwork network = circles_network(design, 4);
    const Outcomes outcomes = draw_outcomes(network, 20000, 4);
    for (std::size_t node = 0; node < network.nodes.size(); ++node) {
      const Eigen::MatrixXd& table = network.nodes[node].table;
      Eigen::MatrixXd counts = Eigen::MatrixXd::Zero(table.rows(), table.cols());
      for (const auto& own : outcomes) {
        counts(static_cast<Eigen::Index>(network.row(node, own)),
               static_cast<Eigen::Index>(own[node])) += 1;
      }
      for (Eigen::Index row = 0; row < table.rows(); ++row) {
        EXPECT_NEAR(table.row(row).sum(), 1, 1e-12);
        const double n = counts.row(row).sum();
        ASSERT_GT(n, 100);
        for (Eigen::Index k = 0; k < table.cols(); ++k)
          EXPECT_NEAR(counts(row, k) / n, table(row, k), 4 * 0.5 / std::sqrt(n)) << design;
      }
    }
  }
}

TEST(Network, EveryParentFavoursOneOutcomeByTheStrength) {
  Random random(3, "tables");
  const double strength = 3;
  const NodeNetwork network = simulation::design_network(
      "collider", {{"a", {"a0", "a1"}}, {"b", {"b0", "b1", "b2"}}, {"c", {"c0", "c1"}}}, strength,
      random);
  const Eigen::MatrixXd& table = network.nodes[2].table;  // rows (a, b), b fastest
  ASSERT_EQ(table.rows(), 6);
  const auto log_odds = [&](Eigen::Index row) { return std::log(table(row, 1) / table(row, 0)); };
  const double of_a = log_odds(3) - log_odds(0);  // a1 against a0 turns the favour round
  EXPECT_NEAR(std::fabs(of_a), 2 * strength, 1e-9);
  for (Eigen::Index b = 0; b < 3; ++b) EXPECT_NEAR(log_odds(3 + b) - log_odds(b), of_a, 1e-9);
  EXPECT_NEAR(log_odds(2), log_odds(0), 1e-9);  // b2 favours what b0 does, c having two outcomes
  EXPECT_NEAR(std::fabs(log_odds(1) - log_odds(0)), 2 * strength, 1e-9);
}

TEST(Network, DesignsHaveTheirLinks) {
  const auto parents = [](const std::string& design, std::size_t node) {
    return circles_network(design, 1).nodes[node].parents;
  };
  using List = std::vector<std::size_t>;
  EXPECT_EQ(parents("chain", 1), List{0});
  EXPECT_EQ(parents("chain", 2), List{1});
  EXPECT_EQ(parents("fork", 2), List{0});
  EXPECT_EQ(parents("collider", 1), List{});
  EXPECT_EQ(parents("collider", 2), (List{0, 1}));
  EXPECT_EQ(parents("full", 2), (List{0, 1}));
  EXPECT_EQ(parents("hidden", 1), List{0});  // node 0 is the hidden cause
  EXPECT_EQ(parents("hidden", 2), List{1});
  EXPECT_EQ(parents("hidden", 3), List{0});
  EXPECT_THROW(circles_network("ring", 1), ConfigError);
}

TEST(Network, SelectionJoinsWhatNoLinkJoins) {
  const Outcomes outcomes = draw_outcomes(circles_network("selected", 2), 6000, 2);
  double same = 0;
  for (const auto& own : outcomes) same += own[0] == own[2] ? 1 : 0;
  EXPECT_GT(same / 6000, 0.6);  // about 1/3 without selection, 5/7 with
}

TEST(Network, TheBestClassifierIsGoodButNotPerfect) {
  for (const std::string& design : kDesigns) {
    if (design == "hidden" || design == "selected") continue;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const NodeNetwork network = circles_network(design, seed);
      const double overlap = SimulateOptions().overlap;
      const Outcomes outcomes = draw_outcomes(network, 4000, seed);
      const double best = best_accuracy(network, outcomes,
                                        draw_features(network, outcomes, overlap, seed), overlap);
      EXPECT_LE(best, design == "full" ? 0.985 : 0.98) << design << seed;
      EXPECT_GE(best, 0.945) << design << seed;
      RecordProperty(design + std::to_string(seed), std::to_string(best));
    }
  }
}

TEST(Circles, PicturesShowTheFeatures) {
  SimulateOptions options = small("circles", 300);
  options.design = "collider";
  const Simulation s = simulate("circles", options, 2);
  const SimulatedBlocks& blocks = s.blocks.at(0);
  ASSERT_EQ(blocks.shape, (std::vector<std::size_t>{32, 32, 3}));
  // latents are standardised features: a straight line gives the features back
  Eigen::MatrixXd design(300, 2), measured(300, 3);
  for (std::size_t i = 0; i < 300; ++i) {
    const std::vector<float> p = picture(blocks, i);
    double mass = 0, moment = 0;
    double sum[3] = {0, 0, 0};
    for (std::size_t k = 0; k < 32 * 32; ++k) {
      const double top = *std::max_element(&p[3 * k], &p[3 * k] + 3);
      if (top < 128) continue;
      mass += 1;
      moment += static_cast<double>(k % 32) + 0.5;
      for (std::size_t c = 0; c < 3; ++c) sum[c] += p[3 * k + c];
    }
    const auto row = static_cast<Eigen::Index>(i);
    measured(row, 0) = std::atan2(std::sqrt(3.0) * (sum[1] - sum[2]), 2 * sum[0] - sum[1] - sum[2]);
    if (measured(row, 0) < -1.15) measured(row, 0) += 2 * std::acos(-1.0);
    measured(row, 1) = std::sqrt(mass);
    measured(row, 2) = moment / mass;
  }
  for (Eigen::Index k = 0; k < 3; ++k) {
    design.col(0).setOnes();
    design.col(1) = Eigen::Map<const Eigen::VectorXd>(
        s.latents.columns[static_cast<std::size_t>(k)].values.data(), 300);
    const Eigen::VectorXd fit = design * design.colPivHouseholderQr().solve(measured.col(k));
    const Eigen::VectorXd centred = measured.col(k).array() - measured.col(k).mean();
    EXPECT_GT(1 - (measured.col(k) - fit).squaredNorm() / centred.squaredNorm(), 0.97) << k;
  }
}

TEST(Circles, CurvesSaturateAsTheLawSays) {
  SimulateOptions options = small("circles", 200);
  options.curve_noise = 0;
  options.curves = "law";
  const Simulation s = simulate("circles", options, 2);
  ASSERT_EQ(s.tables.size(), 1u);
  EXPECT_NE(s.study_toml.find("decoder = \"saturation\"\nat = [0, "), std::string::npos);
  const Table& curves = s.tables[0];
  ASSERT_EQ(curves.columns.size(), 32u);
  for (std::size_t i = 0; i < 20; ++i) {
    const double start = curves.columns[0].values[i];  // c
    const double step = curves.columns[1].values[i] - start;
    const double ratio = (curves.columns[2].values[i] - curves.columns[1].values[i]) / step;
    // y_k = c + a (1 - ratio^k)
    for (std::size_t k = 3; k < 32; ++k) {
      const double expected =
          start + step * (1 - std::pow(ratio, static_cast<double>(k))) / (1 - ratio);
      EXPECT_NEAR(curves.columns[k].values[i], expected, 2e-3);
    }
  }
}

TEST(Circles, TheTruthHoldsFeaturesNetworkAndEdges) {
  SimulateOptions options = small("circles", 50);
  options.design = "hidden";
  const Simulation s = simulate("circles", options, 1);
  const auto json = nlohmann::json::parse(document(s, "truth/network.json"));
  ASSERT_EQ(json["nodes"].size(), 4u);
  EXPECT_EQ(json["nodes"][0]["hidden"], true);
  EXPECT_EQ(json["nodes"][2]["id"], "radius");
  EXPECT_EQ(json["nodes"][2]["parents"][0], "hue");
  EXPECT_EQ(json["nodes"][2]["table"].size(), 3u);
  EXPECT_EQ(json["edges"].size(), 3u);
  const std::string features = document(s, "truth/features.csv");
  EXPECT_EQ(features.rfind("sample_id,hue,radius,shift\nS00001,hue", 0), 0u)
      << features.substr(0, 80);
  EXPECT_EQ(std::count(features.begin(), features.end(), '\n'), 51);
  ASSERT_EQ(s.latents.columns.size(), 6u);
  EXPECT_EQ(s.latents.columns[3].name, "curve.z1");
  ASSERT_EQ(s.graph.edges.size(), 1u);  // what the hidden node causes is not in it
  EXPECT_EQ(s.graph.nodes[s.graph.edges[0].source].id, "hue");
  EXPECT_EQ(s.graph.nodes[s.graph.edges[0].target].id, "radius");
  EXPECT_NE(s.study_toml.find("\n[method]\nname = \"pima\"\nnodes = 3\noutcomes = \"3,3,3\"\n"),
            std::string::npos);
}

TEST(Circles, OneModalityAloneAndNone) {
  SimulateOptions options = small("circles", 50);
  options.curves = "off";
  Simulation s = simulate("circles", options, 1);
  EXPECT_TRUE(s.tables.empty());
  EXPECT_EQ(s.latents.columns.size(), 3u);
  options.curves = "on";
  options.pictures = "off";
  s = simulate("circles", options, 1);
  EXPECT_TRUE(s.blocks.empty());
  EXPECT_EQ(s.study_toml.find("decoder"), std::string::npos);
  options.curves = "off";
  EXPECT_THROW(simulate("circles", options, 1), ConfigError);
  options = small("circles", 50);
  options.noise = "gaussian";
  EXPECT_THROW(simulate("circles", options, 1), ConfigError);
  options = small("circles", 50);
  options.outcomes = 5;
  options.missing_blocks = 0.2;
  s = simulate("circles", options, 1);
  EXPECT_EQ(s.blocks[0].ids.size() + s.tables[0].ids.size(), 90u);
}

TEST(Lattices, PicturesTellTheFamiliesApart) {
  const Simulation s = simulate("lattices", small("lattices", 400), 3);
  const SimulatedBlocks& blocks = s.blocks.at(0);
  ASSERT_EQ(blocks.shape, (std::vector<std::size_t>{32, 32, 1}));
  // Curves: stress rises, and more so with thicker walls
  const Table& curves = s.tables.at(0);
  std::size_t thick = 0;
  double low = 0, high = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const double z = s.latents.columns[1].values[i];
    const double stress = curves.columns[10].values[i];
    if (z > 1) high += stress, ++thick;
    if (z < -1) low += stress;
  }
  EXPECT_GT(thick, 20u);
  EXPECT_GT(high, 0);
  EXPECT_GT(high, low);
  std::set<float> values;
  for (std::size_t i = 0; i < 5; ++i) {
    for (const float value : picture(blocks, i)) {
      ASSERT_EQ(value, std::round(value));
      ASSERT_TRUE(value >= 0 && value <= 255);
      values.insert(value);
    }
  }
  EXPECT_GT(values.size(), 100u);
}

TEST(Lattices, TheKneeIsWhereTheLawSays) {
  const simulation::StressStrain law{100, 0.05, 10};
  EXPECT_DOUBLE_EQ(stress(law, 0.03), 3);
  EXPECT_DOUBLE_EQ(stress(law, 0.05), 5);
  EXPECT_DOUBLE_EQ(stress(law, 0.15), 6);
  Random random(1, "press");
  double bends = 0, stretches = 0;
  for (int k = 0; k < 200; ++k) {
    const auto ratio = [&](bool gyroid) {
      return std::log(simulation::compress({gyroid, 1, 0}, random).stiffness /
                      simulation::compress({gyroid, -1, 0}, random).stiffness);
    };
    bends += ratio(true) / 200;
    stretches += ratio(false) / 200;
  }
  EXPECT_NEAR(bends, 4 * 0.35, 0.05);      // the density squared
  EXPECT_NEAR(stretches, 2 * 0.35, 0.05);  // the density
}

TEST(Lattices, SameSeedSamePixels) {
  const Simulation a = simulate("lattices", small("lattices", 20), 3);
  const Simulation b = simulate("lattices", small("lattices", 20), 3);
  const Simulation c = simulate("lattices", small("lattices", 20), 4);
  EXPECT_EQ(picture(a.blocks[0], 7), picture(b.blocks[0], 7));
  EXPECT_NE(picture(a.blocks[0], 7), picture(c.blocks[0], 7));
}

void append_word(std::string& bytes, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xffu);
}

TEST(DigitsLines, EveryLineBelongsToItsDigit) {
  TestFolder folder;
  std::string images, labels;
  append_word(images, 0x803);
  append_word(labels, 0x801);
  for (const std::size_t size : {40u, 8u, 8u}) append_word(images, size);
  append_word(labels, 40);
  for (std::size_t k = 0; k < 40; ++k) {
    labels += static_cast<char>(k % 10);
    images += std::string(64, static_cast<char>(20 * (k % 10)));
  }
  folder.write("train-images-idx3-ubyte", images);
  folder.write_gz("train-labels-idx1-ubyte.gz", labels);
  SimulateOptions options = small("digits_lines", 100);
  options.mnist = folder.path("train-images-idx3-ubyte");
  options.curve_noise = 0;
  const Simulation s = simulate("digits_lines", options, 1);
  const std::string features = document(s, "truth/features.csv");
  std::map<std::string, std::set<double>> slopes;
  for (std::size_t i = 0; i < 100; ++i) {
    const std::string id = s.latents.ids[i];
    const std::size_t at = features.find(id + ",digit") + id.size() + 1;
    const std::string digit = features.substr(at, 6);
    const auto level = static_cast<float>(20 * (digit[5] - '0'));
    EXPECT_EQ(picture(s.blocks[0], i)[10], level);
    const Table& t = s.tables[0];
    slopes[digit].insert(t.columns[31].values[i] - t.columns[0].values[i]);
  }
  EXPECT_EQ(slopes.size(), 10u);
  std::set<double> all;
  for (const auto& [digit, own] : slopes) {
    EXPECT_EQ(own.size(), 1u);
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), 10u);
  folder.write_gz("train-labels-idx1-ubyte.gz", labels.substr(0, 30));
  EXPECT_THROW(simulate("digits_lines", options, 1), DataError);
  std::filesystem::remove(folder.path("train-labels-idx1-ubyte.gz"));
  EXPECT_THROW(simulate("digits_lines", options, 1), DataError);
  options.mnist = "";
  EXPECT_THROW(simulate("digits_lines", options, 1), ConfigError);
}

}  // namespace
}  // namespace polycause
