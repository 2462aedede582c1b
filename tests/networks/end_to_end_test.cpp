// The end-to-end methods through the interface that `train` uses.
#include "networks/end_to_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "networks/networks.h"
#include "polycause/error.h"

namespace polycause {
namespace {

bool absent() {
  try {
    networks();
    return false;
  } catch (const ConfigError&) {
    return true;
  }
}

constexpr int kWidth = 4;

/// `modalities` tables of kWidth columns, a bent linear map of one latent and one private part;
/// the latent of each follows that of the one before.
struct Tables {
  std::size_t n;
  std::vector<std::vector<float>> cells;
  std::vector<std::vector<double>> z;  // (M, n)
  std::vector<EndToEndInput> inputs;
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> held_out;

  explicit Tables(std::size_t participants, std::size_t modalities = 2, int privates = 1)
      : n(participants) {
    Random random(11, "tables");
    for (std::size_t m = 0; m < modalities; ++m) {
      std::vector<double> map(2 * kWidth);
      for (double& v : map) v = random.normal();
      cells.emplace_back();
      z.emplace_back();
      for (std::size_t i = 0; i < n; ++i) {
        const double noise = random.laplace();
        z[m].push_back(m == 0 ? noise : 0.9 * std::tanh(1.5 * z[m - 1][i]) + 0.5 * noise);
        const double eta = random.normal();
        for (std::size_t j = 0; j < kWidth; ++j) {
          const double v = map[2 * j] * z[m][i] + 0.5 * map[2 * j + 1] * eta;
          cells[m].push_back(static_cast<float>(v > 0 ? v : 0.5 * v));
        }
      }
    }
    for (std::size_t m = 0; m < modalities; ++m) {
      EndToEndInput input;
      input.name = "m" + std::to_string(m);
      input.cells = cells[m].data();
      input.width = kWidth;
      input.latents = 1;
      input.privates = privates;
      inputs.push_back(input);
    }
    for (std::uint32_t i = 0; i < n; ++i) (i % 5 == 4 ? held_out : train).push_back(i);
  }

  EndToEndOptions options(const std::string& method) const {
    EndToEndOptions options;
    options.method = method;
    options.width = 16;
    options.epochs = 25;
    options.batch = 128;
    options.rate = 5e-3;
    options.participants = n;
    options.seed = 5;
    return options;
  }
};

std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<double>(i);
  return ranks;
}

/// Spearman's, without ties.
double rank_correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const std::vector<double> a = ranks_of(x);
  const std::vector<double> b = ranks_of(y);
  const double middle = (static_cast<double>(a.size()) - 1) / 2;
  double products = 0;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    products += (a[i] - middle) * (b[i] - middle);
    squares += (a[i] - middle) * (a[i] - middle);
  }
  return products / squares;
}

double found(const std::vector<float>& z, std::size_t stride, std::size_t at,
             const std::vector<double>& truth) {
  std::vector<double> own;
  for (std::size_t i = 0; i < truth.size(); ++i)
    own.push_back(static_cast<double>(z[i * stride + at]));
  return std::fabs(rank_correlation(own, truth));
}

class EveryMethod : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  }
};

std::vector<float> known(std::vector<float> values) {
  for (float& v : values) {
    if (std::isnan(v)) v = -12345.0f;
  }
  return values;
}

TEST_P(EveryMethod, IsDeterministicAndComesBackFromItsNumbers) {
  const std::string method = GetParam();
  const bool all = method == "beta_vae" || method == "causal_vae";
  Tables data(400, 2, method == "joint" ? 1 : 0);
  if (all) {
    for (EndToEndInput& input : data.inputs) input.latents = 2;
  }
  EndToEndOptions options = data.options(method);
  options.epochs = 3;
  const auto first = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  const auto second = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  EXPECT_EQ(known(first->values()), known(second->values()));
  options.seed = 6;
  const auto other = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  EXPECT_NE(known(first->values()), known(other->values()));

  const auto back = networks().restore_end_to_end(data.inputs, options, first->values());
  const EndToEndCodes a = first->encode(data.inputs, data.n);
  const EndToEndCodes b = back->encode(data.inputs, data.n);
  EXPECT_EQ(a.z, b.z);
  EXPECT_EQ(a.eta, b.eta);
  EXPECT_EQ(known(a.eps), known(b.eps));
  EXPECT_EQ(known(back->values()), known(first->values()));
  EXPECT_EQ(first->loss(), second->loss());
  for (const float v : a.z) ASSERT_TRUE(std::isfinite(v));
  const std::vector<float> z(static_cast<std::size_t>(2 * data.inputs[0].latents), 0.3f);
  const std::vector<float> eta(2 * static_cast<std::size_t>(data.inputs[0].privates), 0.0f);
  EXPECT_EQ(first->decode(0, z, eta), back->decode(0, z, eta));
  std::vector<float> shorter = first->values();
  shorter.pop_back();
  EXPECT_THROW(networks().restore_end_to_end(data.inputs, options, shorter), std::invalid_argument);
  shorter.resize(5);
  EXPECT_THROW(networks().restore_end_to_end(data.inputs, options, shorter), std::invalid_argument);
}

TEST_P(EveryMethod, AParticipantWhoLacksAModalityKeepsTheOthers) {
  const std::string method = GetParam();
  Tables data(400, 2, method == "joint" ? 1 : 0);
  EndToEndOptions options = data.options(method);
  options.epochs = 2;
  std::vector<std::uint8_t> present(data.n, 1);
  for (std::size_t i = 0; i < 60; ++i) {
    present[i] = 0;
    std::fill_n(data.cells[1].data() + i * kWidth, kWidth, 1e6f);  // never to be looked at
  }
  data.inputs[1].present = present;
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  const EndToEndCodes codes = model->encode(data.inputs, data.n);
  for (std::size_t i = 0; i < data.n; ++i) {
    EXPECT_TRUE(std::isfinite(codes.z[2 * i])) << i;
    EXPECT_EQ(std::isfinite(codes.z[2 * i + 1]), present[i] != 0) << i;
  }
  EXPECT_TRUE(std::isfinite(model->loss()));
  EXPECT_LT(model->loss(), 1e4);
}

TEST_P(EveryMethod, RecordingsAreSeenInUnitsOfTheirSpread) {
  Tables data(300, 2, 0);
  constexpr std::size_t kSamples = 16;
  EndToEndInput& night = data.inputs[0];
  night.width = 0;
  night.cells = nullptr;
  night.network = "tcn";
  night.shape.kind = "series";
  night.shape.width = kSamples;
  night.read = [&](const std::uint32_t* rows, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t t = 0; t < kSamples; ++t)
        *out++ = static_cast<float>(5000 + 40 * data.z[0][rows[i]] + static_cast<double>(t));
    }
  };
  EndToEndOptions options = data.options(GetParam());
  options.epochs = 4;
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  const EndToEndCodes codes = model->encode(data.inputs, data.n);
  for (const float v : codes.z) ASSERT_LT(std::fabs(v), 100.0f);
  const std::vector<float> middle = model->decode(0, {0.0f}, {});
  if (middle.empty()) return;  // the method has no decoder
  EXPECT_NEAR(middle[3], 5003, 100);
  EXPECT_LT(model->explained()[0], 0.999) << "of the spread about the mean, not about zero";
}

/// The bytes of participants first .. first + count, encoded without the others.
void expect_alike(const EndToEndModel& model, std::vector<EndToEndInput> inputs,
                  const EndToEndCodes& all, std::size_t n, std::size_t first, std::size_t count) {
  for (EndToEndInput& input : inputs) {
    if (input.cells != nullptr) input.cells += first * static_cast<std::size_t>(input.width);
    if (!input.present.empty()) {
      input.present = {input.present.begin() + static_cast<std::ptrdiff_t>(first),
                       input.present.begin() + static_cast<std::ptrdiff_t>(first + count)};
    }
    if (!input.read) continue;
    input.read = [read = input.read, first](const std::uint32_t* rows, std::size_t size,
                                            float* out) {
      std::vector<std::uint32_t> moved(rows, rows + size);
      for (std::uint32_t& row : moved) row += static_cast<std::uint32_t>(first);
      read(moved.data(), size, out);
    };
  }
  const EndToEndCodes some = model.encode(inputs, count);
  const auto part = [&](const std::vector<float>& of) {
    const auto width = static_cast<std::ptrdiff_t>(of.size() / n);
    const auto begin = of.begin() + static_cast<std::ptrdiff_t>(first) * width;
    return known({begin, begin + static_cast<std::ptrdiff_t>(count) * width});
  };
  EXPECT_EQ(known(some.z), part(all.z)) << first << ' ' << count;
  EXPECT_EQ(known(some.eta), part(all.eta)) << first << ' ' << count;
  EXPECT_EQ(known(some.eps), part(all.eps)) << first << ' ' << count;
}

TEST_P(EveryMethod, ACodeDoesNotDependOnWhoElseIsEncoded) {
  Tables data(600, 2, GetParam() == "joint" ? 1 : 0);
  EndToEndOptions options = data.options(GetParam());
  options.epochs = 2;
  for (const bool pictures : {false, true}) {
    if (pictures) {
      EndToEndInput& eye = data.inputs[0];
      eye.width = 0;
      eye.cells = nullptr;
      eye.network = "small";
      eye.shape.kind = "image";
      eye.shape.height = 9;
      eye.shape.width = 11;
      eye.read = [&](const std::uint32_t* rows, std::size_t count, float* out) {
        for (std::size_t i = 0; i < count; ++i) {
          for (std::size_t t = 0; t < 99; ++t)
            *out++ = static_cast<float>(std::sin(data.z[0][rows[i]] + static_cast<double>(t)));
        }
      };
      eye.present.assign(data.n, 1);
      std::fill_n(eye.present.begin() + 70, 9, std::uint8_t{0});
    }
    const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
    const EndToEndCodes all = model->encode(data.inputs, data.n);
    expect_alike(*model, data.inputs, all, data.n, 0, 1);
    expect_alike(*model, data.inputs, all, data.n, 599, 1);
    expect_alike(*model, data.inputs, all, data.n, 67, 5);
    expect_alike(*model, data.inputs, all, data.n, 111, 258);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod,
                         ::testing::Values("joint", "beta_vae", "causal_vae", "contrastive",
                                           "gcarl"),
                         [](const auto& test) { return test.param; });

TEST(Joint, FindsALatentItsPrivatePartAndTheEdge) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  for (const char* kind : {"sigmoidal", "spline", "threshold"}) {
    const Tables data(2000);
    EndToEndOptions options = data.options("joint");
    options.spline = kind == std::string("spline");
    options.threshold_gates = kind == std::string("threshold");
    options.epochs = 60;
    // Warm: the true latents, noisy; without, one latent and one private part may change places.
    Random random(12, "start");
    for (std::size_t m = 0; m < 2; ++m) {
      options.start.emplace_back();
      for (std::size_t i = 0; i < data.n; ++i) {
        options.start[m].push_back(static_cast<float>(data.z[m][i] + 0.3 * random.normal()));
        options.start[m].push_back(static_cast<float>(random.normal()));
      }
    }
    const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
    const EndToEndCodes codes = model->encode(data.inputs, data.n);
    EXPECT_GT(found(codes.z, 2, 0, data.z[0]), 0.9) << kind;
    EXPECT_GT(found(codes.z, 2, 1, data.z[1]), 0.9) << kind;
    EXPECT_GT(model->explained()[0], 0.9) << kind;
    ASSERT_EQ(model->edges().size(), 1u) << kind;
    EXPECT_EQ(model->edges()[0].source, 0) << kind;
    EXPECT_EQ(model->edges()[0].target, 1) << kind;
    // The child follows its parent as it does in the data.
    const float low = codes.z[0] * 0 - 1.0f;
    const std::vector<float> mean = model->conditional_mean(1, {low, 0, -low, 0});
    std::vector<double> parent;
    std::vector<double> child;
    for (std::size_t i = 0; i < data.n; ++i) {
      parent.push_back(static_cast<double>(codes.z[2 * i]));
      child.push_back(static_cast<double>(codes.z[2 * i + 1]));
    }
    EXPECT_GT(static_cast<double>(mean[1] - mean[0]) * rank_correlation(parent, child), 0.1)
        << kind;
  }
}

TEST(Joint, UnknownOrderGivesNoDirection) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  const Tables data(400);
  EndToEndOptions options = data.options("joint");
  options.epochs = 1;
  options.ordered = false;
  options.alpha_sparsity = 0;
  options.threshold_gates = true;
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  ASSERT_EQ(model->edges().size(), 1u);
  EXPECT_FALSE(model->edges()[0].directed);
}

TEST(Joint, BothDivergencesKeepTheNoiseFromCollapsing) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  for (const bool moments : {false, true}) {
    const Tables data(1000);
    EndToEndOptions options = data.options("joint");
    options.moments = moments;
    options.alpha_reconstruction = 0.01;  // next to nothing but the divergence
    const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
    const EndToEndCodes codes = model->encode(data.inputs, data.n);
    for (std::size_t k = 0; k < 2; ++k) {
      double squares = 0;
      for (std::size_t i = 0; i < data.n; ++i)
        squares += std::pow(static_cast<double>(codes.eps[2 * i + k]), 2);
      // By moments the noise of the codes has variance 1. By posteriors, that of their means may be
      // less where the data say nothing, but the slope keeps it from nothing.
      EXPECT_GT(squares / static_cast<double>(data.n), moments ? 0.7 : 1e-4) << moments;
      EXPECT_LT(squares / static_cast<double>(data.n), 1.6) << moments;
    }
  }
}

TEST(BetaVae, AHigherPriceKeepsLess) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  Tables data(1000, 2, 0);
  for (EndToEndInput& input : data.inputs) input.latents = 2;
  double before = 1;
  for (const double beta : {0.01, 1.0, 100.0}) {
    EndToEndOptions options = data.options("beta_vae");
    options.beta = beta;
    const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
    EXPECT_LT(model->explained()[0], before) << beta;
    before = model->explained()[0];
    EXPECT_TRUE(model->edges().empty());
    if (beta == 0.01) {
      EXPECT_GT(before, 0.8);
    }
    if (beta == 100.0) {
      EXPECT_LT(before, 0.1) << "nothing is worth that much";
    }
  }
}

TEST(CausalVae, LabelsPutEveryConceptInItsPlace) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  Tables data(1500, 2, 0);
  for (EndToEndInput& input : data.inputs) input.latents = 2;
  EndToEndOptions options = data.options("causal_vae");
  options.epochs = 40;
  options.labels.assign(4 * data.n, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < data.n; i += 2) {  // half of them are labelled
    options.labels[4 * i + 1] = static_cast<float>(data.z[0][i]);
    options.labels[4 * i + 2] = static_cast<float>(data.z[1][i]);
  }
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  const EndToEndCodes codes = model->encode(data.inputs, data.n);
  EXPECT_GT(found(codes.z, 4, 1, data.z[0]), 0.95);
  EXPECT_GT(found(codes.z, 4, 2, data.z[1]), 0.97);
}

TEST(Contrastive, FindsWhatIsSharedAndNoMore) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  const Tables data(2000, 2, 0);
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out,
                                               data.options("contrastive"));
  const EndToEndCodes codes = model->encode(data.inputs, data.n);
  EXPECT_GT(found(codes.z, 2, 0, data.z[0]), 0.9);
  EXPECT_GT(found(codes.z, 2, 1, data.z[1]), 0.9);
  EXPECT_TRUE(model->edges().empty());
  EXPECT_TRUE(model->decode(0, {0.5f}, {}).empty());
  const Tables three(400, 3, 0);
  EXPECT_THROW(networks().fit_end_to_end(three.inputs, three.train, three.held_out,
                                         three.options("contrastive")),
               std::invalid_argument);
}

TEST(Gcarl, TellsTheChainFromTheShortcut) {
  if (absent()) GTEST_SKIP() << "this build has no LibTorch";
  const Tables data(4000, 3, 0);
  EndToEndOptions options = data.options("gcarl");
  options.epochs = 40;
  const auto model = networks().fit_end_to_end(data.inputs, data.train, data.held_out, options);
  const EndToEndCodes codes = model->encode(data.inputs, data.n);
  for (std::size_t m = 0; m < 3; ++m) EXPECT_GT(found(codes.z, 3, m, data.z[m]), 0.9) << m;
  const std::vector<double>& w = model->weights();
  const auto pair = [&](std::size_t a, std::size_t b) {
    return std::max(w[a * 3 + b], w[b * 3 + a]);
  };
  EXPECT_GT(pair(0, 1), 2 * pair(0, 2));
  EXPECT_GT(pair(1, 2), 2 * pair(0, 2));
}

}  // namespace
}  // namespace polycause
