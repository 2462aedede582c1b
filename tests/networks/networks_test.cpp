// The networks of pictures and series, through the interface that the methods use.
#include "networks/networks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "base/random.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kPeople = 400;

/// A spot on a dark picture: its column follows `where`, its brightness `bright`.
std::vector<float> spots(std::size_t side, const std::vector<double>& where,
                         const std::vector<double>& bright, std::size_t channels) {
  std::vector<float> blocks(where.size() * channels * side * side);
  for (std::size_t i = 0; i < where.size(); ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
          const double dx = static_cast<double>(x) - where[i] * static_cast<double>(side - 1);
          const double dy = static_cast<double>(y) - 0.5 * static_cast<double>(side - 1);
          blocks[((i * channels + c) * side + y) * side + x] =
              static_cast<float>(bright[i] * std::exp(-(dx * dx + dy * dy) / 4));
        }
      }
    }
  }
  return blocks;
}

NetworkInput input_of(const std::string& name, const BlockShape& shape,
                      const std::vector<float>& blocks, int latents, const std::string& network) {
  NetworkInput input;
  input.name = name;
  input.shape = shape;
  input.latents = latents;
  input.network = network;
  const std::size_t size = shape.size();
  input.read = [&blocks, size](const std::uint32_t* rows, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(out + i * size, blocks.data() + rows[i] * size, size * sizeof(float));
  };
  return input;
}

struct Rows {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> held_out;
};

Rows split(std::size_t people) {
  Rows rows;
  for (std::uint32_t i = 0; i < people; ++i) (i % 5 == 0 ? rows.held_out : rows.train).push_back(i);
  return rows;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  const double ma = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mb = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return ab / std::sqrt(aa * bb);
}

class NetworksTest : public testing::Test {
 protected:
  void SetUp() override {
    if (networks_status().rfind("absent", 0) == 0) GTEST_SKIP() << networks_status();
    Random random(7, "networks test");
    for (std::size_t i = 0; i < kPeople; ++i) {
      shared.push_back(random.uniform());
      own_a.push_back(random.uniform(0.4, 1.0));
      own_b.push_back(random.uniform(0.4, 1.0));
      child.push_back(std::clamp(shared.back() + 0.1 * random.normal(), 0.0, 1.0));
    }
    options.epochs = 30;
    options.batch = 32;
    options.seed = 3;
  }
  std::vector<double> shared;
  std::vector<double> child;
  std::vector<double> own_a;
  std::vector<double> own_b;
  NetworkOptions options;
};

TEST_F(NetworksTest, FindsWhatTwoPicturesShare) {
  const BlockShape shape{"image", 1, 12, 12, 0, {}};
  const std::vector<float> a = spots(12, shared, own_a, 1);
  const std::vector<float> b = spots(12, child, own_b, 1);
  const Rows rows = split(kPeople);
  const auto trained =
      networks().fit({input_of("a", shape, a, 1, "auto"), input_of("b", shape, b, 1, "auto")},
                     rows.train, rows.held_out, options);
  ASSERT_EQ(trained.size(), 2U);
  std::vector<float> u(kPeople);
  trained[0]->encode(a.data(), kPeople, u.data());
  const std::vector<double> estimate(u.begin(), u.end());
  EXPECT_GT(std::fabs(correlation(estimate, shared)), 0.93);
  EXPECT_LT(std::fabs(correlation(estimate, own_a)), 0.25);  // private, though it fills the picture
  EXPECT_GT(trained[0]->information().at(0), 0.7);
  EXPECT_GT(trained[0]->explained(), 0.3);
  EXPECT_LT(trained[0]->explained(), 1.0);
}

TEST_F(NetworksTest, OutputsAreWhiteOverTheTrainingParticipants) {
  const BlockShape shape{"image", 3, 11, 14, 0, {}};  // neither square nor even
  std::vector<float> a;
  std::vector<float> b;
  Random random(5, "white");
  for (std::size_t i = 0; i < kPeople * shape.size(); ++i) {
    a.push_back(static_cast<float>(random.uniform()));
    b.push_back(static_cast<float>(random.uniform()));
  }
  options.epochs = 2;
  const Rows rows = split(kPeople);
  const auto trained =
      networks().fit({input_of("a", shape, a, 2, "small"), input_of("b", shape, b, 2, "small")},
                     rows.train, rows.held_out, options);
  std::vector<float> u(kPeople * 2);
  trained[0]->encode(a.data(), kPeople, u.data());
  double moments[5] = {0, 0, 0, 0, 0};
  for (const std::uint32_t row : rows.train) {
    const auto x = static_cast<double>(u[2 * row]);
    const auto y = static_cast<double>(u[2 * row + 1]);
    const double add[5] = {x, y, x * x, y * y, x * y};
    for (int k = 0; k < 5; ++k) moments[k] += add[k] / static_cast<double>(rows.train.size());
  }
  const double expected[5] = {0, 0, 1, 1, 0};
  for (int k = 0; k < 5; ++k) EXPECT_NEAR(moments[k], expected[k], 2e-3) << k;
}

TEST_F(NetworksTest, SameSeedSameBytesAlsoBesideAnotherFit) {
  const BlockShape shape{"image", 1, 12, 12, 0, {}};
  const std::vector<float> a = spots(12, shared, own_a, 1);
  const std::vector<float> b = spots(12, shared, own_b, 1);
  const Rows rows = split(kPeople);
  options.epochs = 2;
  const std::vector<NetworkInput> inputs{input_of("a", shape, a, 1, "small"),
                                         input_of("b", shape, b, 1, "small")};
  const auto values = [&](std::uint64_t seed) {
    NetworkOptions own = options;
    own.seed = seed;
    return networks().fit(inputs, rows.train, rows.held_out, own)[0]->values();
  };
  const std::vector<float> alone = values(3);
  std::vector<float> beside;
  std::vector<float> other;
  std::thread first([&] { beside = values(3); });
  std::thread second([&] { other = values(4); });
  first.join();
  second.join();
  EXPECT_EQ(alone, beside);
  EXPECT_NE(alone, other);
}

TEST_F(NetworksTest, RestoreGivesTheSameOutputs) {
  struct Case {
    BlockShape shape;
    std::string network;
    int latents;
  };
  const std::vector<Case> cases{{{"image", 3, 17, 23, 0, {}}, "small", 2},
                                {{"image", 1, 20, 20, 0, {}}, "resnet18", 1},
                                {{"image", 3, 24, 24, 0, {}}, "streams", 2},
                                {{"image", 1, 3, 3, 0, {}}, "small", 1},
                                {{"series", 2, 1, 101, 1, {"x", "y"}}, "tcn", 2},
                                {{"series", 1, 1, 5, 1, {"x"}}, "tcn", 1},
                                {{"series", 2, 1, 30, 1, {"x", "y"}}, "lstm", 2}};
  constexpr std::size_t kFew = 40;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.network + " " + std::to_string(c.shape.width));
    Random random(11, "restore");
    std::vector<float> blocks(kFew * c.shape.size());
    for (float& value : blocks) value = static_cast<float>(random.normal());
    if (c.shape.kind == "series") blocks[3] = std::numeric_limits<float>::quiet_NaN();
    const Rows rows = split(kFew);
    options.epochs = 1;
    options.batch = 16;
    const NetworkInput input = input_of("a", c.shape, blocks, c.latents, c.network);
    const auto trained = networks().fit({input, input}, rows.train, rows.held_out, options);
    std::vector<float> u(kFew * static_cast<std::size_t>(c.latents));
    std::vector<float> again(u.size());
    trained[0]->encode(blocks.data(), kFew, u.data());
    const auto restored = networks().restore(c.shape, c.network, c.latents, trained[0]->values());
    restored->encode(blocks.data(), kFew, again.data());
    EXPECT_EQ(u, again);
    for (const float value : u) EXPECT_TRUE(std::isfinite(value));
    std::vector<float> decoded(blocks.size());
    restored->decode(u.data(), kFew, decoded.data());
    for (const float value : decoded) ASSERT_TRUE(std::isfinite(value));
    for (std::size_t p = 0; p < restored->information().size(); ++p)
      EXPECT_NEAR(restored->information()[p], trained[0]->information()[p], 1e-6);
    std::vector<float> cut = trained[0]->values();
    cut.pop_back();
    EXPECT_ANY_THROW(networks().restore(c.shape, c.network, c.latents, cut));
  }
}

TEST_F(NetworksTest, TablesAndAbsentParticipantsTakePart) {
  const BlockShape shape{"series", 1, 1, 40, 1, {"x"}};
  std::vector<float> series(kPeople * 40);
  std::vector<float> code(kPeople * 2);
  NetworkInput table;
  table.name = "table";
  table.code_width = 2;
  Random random(9, "table");
  for (std::size_t i = 0; i < kPeople; ++i) {
    for (std::size_t t = 0; t < 40; ++t) {
      series[i * 40 + t] = static_cast<float>(std::sin((0.3 + shared[i]) * static_cast<double>(t)) +
                                              0.1 * random.normal());
    }
    code[2 * i] = static_cast<float>(3 * shared[i] - 1.5);
    code[2 * i + 1] = static_cast<float>(random.normal());
  }
  table.code = code.data();
  NetworkInput nights = input_of("nights", shape, series, 1, "tcn");
  nights.present.assign(kPeople, 1);
  for (std::size_t i = 0; i < kPeople; i += 7) {
    nights.present[i] = 0;
    for (std::size_t t = 0; t < 40; ++t)
      series[i * 40 + t] = std::numeric_limits<float>::quiet_NaN();
  }
  const Rows rows = split(kPeople);
  const auto trained = networks().fit({table, nights}, rows.train, rows.held_out, options);
  EXPECT_EQ(trained[0], nullptr);
  std::vector<float> u(kPeople);
  trained[1]->encode(series.data(), kPeople, u.data());
  std::vector<double> estimate;
  std::vector<double> truth;
  for (std::size_t i = 0; i < kPeople; ++i) {
    if (nights.present[i] == 0) continue;
    estimate.push_back(static_cast<double>(u[i]));
    truth.push_back(shared[i]);
  }
  EXPECT_GT(std::fabs(correlation(estimate, truth)), 0.9);
}

TEST_F(NetworksTest, OthersKeepTheirCanonicalStartBesideStreams) {
  const BlockShape shape{"image", 1, 16, 16, 0, {}};
  const std::vector<float> a = spots(16, shared, own_a, 1);
  const std::vector<float> b = spots(16, child, own_b, 1);
  NetworkInput table;
  table.name = "table";
  std::vector<float> code;
  for (const double s : shared) code.push_back(static_cast<float>(std::sqrt(12.0) * (s - 0.5)));
  table.code = code.data();
  table.code_width = 1;
  std::map<std::string, std::vector<double>> curves;
  options.metric = [&](const std::string& series, long, double value) {
    curves[series].push_back(value);
  };
  options.epochs = 12;
  const Rows rows = split(kPeople);
  const auto trained = networks().fit(
      {table, input_of("a", shape, a, 1, "small"), input_of("b", shape, b, 2, "streams")},
      rows.train, rows.held_out, options);
  const auto drawn = [&](const std::string& name) { return curves.count(name) > 0; };
  EXPECT_TRUE(drawn("a/canonical/information"));
  EXPECT_FALSE(drawn("b/where/canonical/information"));  // nothing to begin from
  EXPECT_TRUE(drawn("b/where/streams/information"));
  // Short trainings from different weights; the best of them goes on, so that the curve after them
  // begins no lower than where it stood, but for what an epoch at a rising rate may undo.
  double best = -1;
  std::set<double> firsts;
  for (const std::string t : {"try0", "try1", "try2", "try3"}) {
    const std::vector<double>& curve = curves["b/where/" + t + "/information"];
    ASSERT_EQ(curve.size(), 2u) << t;
    firsts.insert(curve[0]);
    best = std::max({best, curve[0], curve[1]});
  }
  EXPECT_EQ(firsts.size(), 4u);
  EXPECT_GT(curves["b/where/streams/information"][0], best - 0.1);
  std::vector<float> u(kPeople);
  trained[1]->encode(a.data(), kPeople, u.data());
  EXPECT_GT(std::fabs(correlation({u.begin(), u.end()}, shared)), 0.93);
  EXPECT_GT(trained[2]->information().at(0), 0.2);
}

TEST_F(NetworksTest, SaysWhatDoesNotFit) {
  const BlockShape picture{"image", 1, 12, 12, 0, {}};
  const std::vector<float> a = spots(12, shared, own_a, 1);
  const Rows rows = split(kPeople);
  const auto text_of = [&](const std::string& network, int latents) -> std::string {
    const NetworkInput input = input_of("a", picture, a, latents, network);
    try {
      networks().fit({input, input}, rows.train, rows.held_out, options);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(text_of("lstm", 1).find("small, resnet18 or streams"), std::string::npos);
  EXPECT_NE(text_of("streams", 3).find("latents = 2"), std::string::npos);
}

TEST_F(NetworksTest, StopsWhenAskedTo) {
  const BlockShape shape{"image", 1, 12, 12, 0, {}};
  const std::vector<float> a = spots(12, shared, own_a, 1);
  const Rows rows = split(kPeople);
  options.metric = [](const std::string&, long, double) { throw Interrupted("stop"); };
  const NetworkInput input = input_of("a", shape, a, 1, "small");
  EXPECT_THROW(networks().fit({input, input}, rows.train, rows.held_out, options), Interrupted);
}

}  // namespace
}  // namespace polycause
