// Variant MNIST on a few figures made here; the pictures are measured and compared with the truth.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "data/files_for_tests.h"
#include "polycause/error.h"
#include "polycause/simulate.h"
#include "simulate/mechanisms.h"

namespace polycause {
namespace {

using simulation::bounded;
using testing::TestFolder;

constexpr std::size_t kFigures = 30;
constexpr std::size_t kSide = 10;

void append_word(std::string& bytes, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xffu);
}

// An IDX file of blots: every one different, none filling its square, none at full brightness.
std::string blots(std::uint64_t seed) {
  std::string bytes;
  append_word(bytes, 0x803);
  append_word(bytes, kFigures);
  append_word(bytes, kSide);
  append_word(bytes, kSide);
  Random random(seed, "blots");
  for (std::size_t figure = 0; figure < kFigures; ++figure) {
    const std::size_t top = 1 + random.below(3), bottom = 6 + random.below(3);
    const std::size_t left = 1 + random.below(3), right = 6 + random.below(3);
    const auto brightest = static_cast<unsigned char>(120 + random.below(100));
    for (std::size_t y = 0; y < kSide; ++y) {
      for (std::size_t x = 0; x < kSide; ++x) {
        const bool inside = y >= top && y < bottom && x >= left && x < right;
        bytes += static_cast<char>(inside ? brightest - random.below(60) : 0);
      }
    }
  }
  return bytes;
}

class Mnist : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_.path("digits"));
    std::filesystem::create_directory(folder_.path("garments"));
    folder_.write("digits/train-images-idx3-ubyte", blots(1));
    folder_.write_gz("garments/train-images-idx3-ubyte.gz", blots(2));
  }
  SimulateOptions options() const {
    SimulateOptions options = simulation_preset("mnist");
    options.participants = 2000;
    options.picture_size = 24;
    options.mnist = folder_.path("digits");
    options.fashion = folder_.path("garments");
    return options;
  }
  TestFolder folder_;
};

std::vector<float> picture(const SimulatedBlocks& blocks, std::size_t row) {
  std::vector<float> values(blocks.shape[0] * blocks.shape[1] * blocks.shape[2]);
  blocks.draw(row, values.data());
  return values;
}

const std::vector<double>& truth(const Table& table, const std::string& name) {
  EXPECT_LT(table.find(name), table.columns.size()) << name;
  return table.columns[table.find(name)].values;
}

std::set<std::string> edges_of(const Simulation& s) {
  std::set<std::string> edges;
  for (const Edge& e : s.graph.edges) {
    edges.insert(s.graph.nodes[e.source].id + ">" + s.graph.nodes[e.target].id);
  }
  return edges;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;  // latents have mean 0 and variance 1
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum / static_cast<double>(x.size());
}

TEST_F(Mnist, TheDigitStandsWhereTheTruthSaysInOneColour) {
  const Simulation s = simulate("mnist", options(), 3);
  const SimulatedBlocks& digits = s.blocks.at(0);
  ASSERT_EQ(digits.name, "digit");
  ASSERT_EQ(digits.shape, (std::vector<std::size_t>{24, 24, 3}));
  std::set<double> colours;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::vector<float> p = picture(digits, i);
    const double colour = truth(s.private_parts, "digit.eta2")[i];
    colours.insert(colour);
    double mass = 0, moment = 0, top = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (static_cast<double>(k % 3) != colour) {
        ASSERT_EQ(p[k], 0) << i;
        continue;
      }
      ASSERT_EQ(p[k], std::round(p[k]));
      mass += p[k];
      moment += p[k] * (static_cast<double>(k / 3 % 24) + 0.5);
      top = std::max(top, static_cast<double>(p[k]));
    }
    const double place = 12 + 7 * bounded(truth(s.latents, "digit.z1")[i]);
    EXPECT_NEAR(moment / mass, place, 0.05) << i;
    const double level = 0.2 + 0.4 * (1 + bounded(truth(s.latents, "digit.z2")[i]));
    EXPECT_NEAR(top, 255 * level, 0.51) << i;
  }
  EXPECT_EQ(colours.size(), 3u);
}

TEST_F(Mnist, TheGarmentStandsWhereTheTruthSays) {
  const Simulation s = simulate("mnist", options(), 3);
  const SimulatedBlocks& garments = s.blocks.at(1);
  ASSERT_EQ(garments.name, "garment");
  ASSERT_EQ(garments.shape, (std::vector<std::size_t>{24, 24, 1}));
  for (std::size_t i = 0; i < 300; ++i) {
    const std::vector<float> p = picture(garments, i);
    const float top = *std::max_element(p.begin(), p.end());
    const double level = 0.2 + 0.4 * (1 + bounded(truth(s.latents, "garment.z2")[i]));
    EXPECT_NEAR(top, 255 * level, 0.51) << i;
    std::size_t first = 24, last = 0, left = 24, right = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (p[k] <= 0) continue;
      first = std::min(first, k / 24);
      last = std::max(last, k / 24);
      left = std::min(left, k % 24);
      right = std::max(right, k % 24);
    }
    const double place = 12 + 7 * bounded(truth(s.latents, "garment.z1")[i]);
    EXPECT_NEAR(static_cast<double>(first + last + 1) / 2, place, 0.51) << i;  // whole rows
    EXPECT_GE(left, 8u);  // it moves up and down only: 7 pixels of margin and one inside the figure
    EXPECT_LE(right, 14u);
  }
}

TEST_F(Mnist, LinksAreThoseOfTheDesignAndNoneIsCertain) {
  SimulateOptions o = options();
  const std::set<std::string> paper = {"digit.z1>digit.z2", "digit.z1>garment.z1",
                                       "garment.z1>garment.z2"};
  const Simulation s = simulate("mnist", o, 4);
  EXPECT_EQ(edges_of(s), paper);
  for (const Edge& e : s.graph.edges) {
    const double r = correlation(truth(s.latents, s.graph.nodes[e.source].id),
                                 truth(s.latents, s.graph.nodes[e.target].id));
    EXPECT_GT(r, 0.5);
    EXPECT_LT(r, 0.95);
  }
  o.graph = "all_linked";
  std::set<std::string> all = paper;
  all.insert("digit.z2>garment.z2");
  EXPECT_EQ(edges_of(simulate("mnist", o, 4)), all);
  o.edge_scale = 0.1;
  const Simulation weak = simulate("mnist", o, 4);
  EXPECT_LT(correlation(truth(weak.latents, "digit.z1"), truth(weak.latents, "garment.z1")), 0.3);
}

TEST_F(Mnist, EveryFigureIsUsedBeforeAnyIsUsedAgain) {
  const Simulation s = simulate("mnist", options(), 5);
  const std::vector<double>& figures = truth(s.private_parts, "garment.eta1");
  for (std::size_t begin = 0; begin + kFigures <= 5 * kFigures; begin += kFigures) {
    const auto from = figures.begin() + static_cast<std::ptrdiff_t>(begin);
    EXPECT_EQ(std::set<double>(from, from + kFigures).size(), kFigures);
  }
}

TEST_F(Mnist, HiddenOrderKeepsTheTruth) {
  SimulateOptions o = options();
  std::set<std::string> first;
  const Simulation given = simulate("mnist", o, 0);
  o.hidden_order = true;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Simulation s = simulate("mnist", o, seed);
    first.insert(s.blocks[0].name);
    EXPECT_NE(s.study_toml.find("order = \"unknown\""), std::string::npos);
    if (seed == 0) {
      EXPECT_EQ(edges_of(s), edges_of(given));
      EXPECT_EQ(truth(s.latents, "garment.z2"), truth(given.latents, "garment.z2"));
    }
  }
  EXPECT_EQ(first.size(), 2u);
}

TEST_F(Mnist, ErrorsSayWhichFileAndWhatToDo) {
  using testing::error_of;
  SimulateOptions o = options();
  const auto run = [&] { simulate("mnist", o, 1); };
  o.mnist = "";
  EXPECT_NE(error_of<ConfigError>(run).find("--set simulate.mnist=DIR"), std::string::npos);
  o.mnist = folder_.path("nowhere");
  EXPECT_NE(error_of<DataError>(run).find("nowhere"), std::string::npos);
  std::filesystem::create_directory(folder_.path("empty"));
  o.mnist = folder_.path("empty");
  EXPECT_NE(error_of<DataError>(run).find("train-images-idx3-ubyte"), std::string::npos);
  o.mnist = folder_.write("text", "sample_id,x\na,1\n");
  EXPECT_NE(error_of<DataError>(run).find("text"), std::string::npos);
  const std::string whole = blots(1);
  o.mnist = folder_.write("cut", whole.substr(0, whole.size() - 1));
  EXPECT_NE(error_of<DataError>(run).find("ends within"), std::string::npos);
  o.mnist = folder_.write("long", whole + "x");
  EXPECT_NE(error_of<DataError>(run).find("more bytes"), std::string::npos);
  std::string labels;
  append_word(labels, 0x801);
  append_word(labels, 2);
  o.mnist = folder_.write("labels", labels + "ab");
  error_of<DataError>(run);
  o = options();
  o.picture_size = 11;
  EXPECT_NE(error_of<ConfigError>(run).find("simulate.picture_size"), std::string::npos);
  o = options();
  o.nights = 2;
  EXPECT_NE(error_of<ConfigError>(run).find("simulate.nights"), std::string::npos);
  o = options();
  o.pictures = "off";
  EXPECT_NE(error_of<ConfigError>(run).find("simulate.pictures"), std::string::npos);
}

TEST(MnistFiles, TheRealFiguresCanBeRead) {
  const std::string digits = testing::shared_file("mnist");
  if (!std::filesystem::exists(digits)) GTEST_SKIP() << "no MNIST in ../shared/data";
  SimulateOptions o = simulation_preset("mnist");
  o.participants = 50;
  o.mnist = digits;
  o.fashion = testing::shared_file("fashion_mnist");
  const Simulation s = simulate("mnist", o, 1);
  EXPECT_EQ(s.blocks[0].shape, (std::vector<std::size_t>{40, 40, 3}));
  for (const SimulatedBlocks& blocks : s.blocks) {
    double sum = 0;
    for (const float v : picture(blocks, 0)) sum += v;
    EXPECT_GT(sum, 0);
  }
}

}  // namespace
}  // namespace polycause
