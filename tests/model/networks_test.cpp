// Mlp, linear maps of a tile, Adam's bookkeeping.
#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "model/adam.h"
#include "model/kernels.h"
#include "model/mlp.h"
#include "model/tile_linear.h"
#include "polycause/error.h"

namespace polycause {
namespace {

std::vector<float> normals(std::size_t count, const char* name, double scale = 1) {
  Random random(12, name);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(scale * random.normal());
  return values;
}

struct Network {
  static constexpr int kInputs = 3;
  static constexpr int kHidden = 20;  // padded to 32
  static constexpr int kOutputs = 5;  // padded to 16
  static constexpr std::size_t kOffset = 16;
  Mlp mlp{kInputs, kHidden, kOutputs, kOffset};
  std::vector<float> theta;

  Network() : theta(kOffset + mlp.size(), 7.0f) {
    Random random(4, "mlp");
    mlp.initialise(theta.data(), random, 0.5);
    const std::size_t hidden = static_cast<std::size_t>(mlp.hidden());
    const std::size_t b1 = kOffset + kInputs * hidden;
    for (std::size_t i = 0; i < kHidden; ++i) {
      theta[b1 + i] = static_cast<float>(0.3 * random.normal());
      theta[b1 + hidden + hidden * hidden + i] = static_cast<float>(0.3 * random.normal());
    }
    for (std::size_t i = 0; i < kOutputs; ++i)
      theta[mlp.output_bias() + i] = static_cast<float>(0.3 * random.normal());
  }

  /// The network in plain loops, for one sample.
  std::vector<double> reference(const std::vector<double>& x) const {
    std::size_t at = kOffset;
    std::vector<double> in = x;
    const std::size_t widths[] = {static_cast<std::size_t>(mlp.hidden()),
                                  static_cast<std::size_t>(mlp.hidden()),
                                  static_cast<std::size_t>(mlp.outputs())};
    for (int layer = 0; layer < 3; ++layer) {
      const std::size_t width = widths[layer];
      std::vector<double> out(width);
      for (std::size_t j = 0; j < width; ++j) {
        double s = static_cast<double>(theta[at + in.size() * width + j]);
        for (std::size_t k = 0; k < in.size(); ++k)
          s += in[k] * static_cast<double>(theta[at + k * width + j]);
        out[j] = layer < 2 && s < 0 ? 0.2 * s : s;
      }
      at += in.size() * width + width;
      in = out;
    }
    return in;
  }
};

TEST(Mlp, ForwardInBothLayoutsIsTheNetwork) {
  const Network network;
  EXPECT_EQ(network.theta[Network::kOffset - 1], 7.0f) << "writes before its own parameters";
  const std::vector<float> x = normals(64 * Network::kInputs, "x");
  std::vector<float> lanes(x.size());
  for (std::size_t t = 0; t < 64; ++t) {
    for (std::size_t k = 0; k < Network::kInputs; ++k)
      lanes[k * 64 + t] = x[t * Network::kInputs + k];
  }
  std::vector<float> memory(network.mlp.memory(64));
  std::vector<float> out(64 * static_cast<std::size_t>(network.mlp.outputs()));
  std::vector<float> again(out.size());
  network.mlp.forward(network.theta.data(), 64, x.data(), Network::kInputs, 1, memory.data(),
                      out.data());
  network.mlp.forward(network.theta.data(), 64, lanes.data(), 1, 64, memory.data(), again.data());
  EXPECT_EQ(out, again);
  for (std::size_t t = 0; t < 64; ++t) {
    const std::vector<double> expected = network.reference(
        std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(t * Network::kInputs),
                            x.begin() + static_cast<std::ptrdiff_t>((t + 1) * Network::kInputs)));
    for (std::size_t j = 0; j < expected.size(); ++j) {
      EXPECT_NEAR(static_cast<double>(out[t * expected.size() + j]), expected[j], 1e-5);
      if (j >= Network::kOutputs) {
        EXPECT_EQ(out[t * expected.size() + j], 0.0f);
      }
    }
  }
}

TEST(Mlp, BackwardIsTheDerivativeOfTheReference) {
  Network network;
  const auto outputs = static_cast<std::size_t>(network.mlp.outputs());
  const std::vector<float> x = normals(64 * Network::kInputs, "x");
  std::vector<float> g_out = normals(64 * outputs, "g");
  for (std::size_t i = 0; i < g_out.size(); ++i) {
    if (i % outputs >= Network::kOutputs) g_out[i] = 0;
  }
  const auto loss = [&](const std::vector<float>& in) {
    double total = 0;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::vector<double> y = network.reference(std::vector<double>(
          in.begin() + static_cast<std::ptrdiff_t>(t * Network::kInputs),
          in.begin() + static_cast<std::ptrdiff_t>((t + 1) * Network::kInputs)));
      for (std::size_t j = 0; j < outputs; ++j)
        total += y[j] * static_cast<double>(g_out[t * outputs + j]);
    }
    return total;
  };
  std::vector<float> memory(network.mlp.memory(64));
  std::vector<float> out(g_out.size());
  std::vector<float> transposed(network.mlp.transposed_size());
  std::vector<float> scratch(network.mlp.scratch(64));
  std::vector<float> gradient(network.theta.size(), 0.0f);
  std::vector<float> g_x(64 * static_cast<std::size_t>(padded(Network::kInputs)));
  network.mlp.transpose(network.theta.data(), transposed.data());
  network.mlp.forward(network.theta.data(), 64, x.data(), Network::kInputs, 1, memory.data(),
                      out.data());
  network.mlp.backward(transposed.data(), 64, x.data(), Network::kInputs, 1, memory.data(),
                       g_out.data(), scratch.data(), gradient.data(), g_x.data());
  Random random(5, "which");
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t i = Network::kOffset + random.below(network.mlp.size());
    const float base = network.theta[i];
    if (base == 0.0f) {
      EXPECT_EQ(gradient[i], 0.0f) << "padding moves";
      continue;
    }
    network.theta[i] = base + 1e-3f;
    const double above = loss(x);
    network.theta[i] = base - 1e-3f;
    const double below = loss(x);
    network.theta[i] = base;
    EXPECT_NEAR(static_cast<double>(gradient[i]), (above - below) / 2e-3,
                0.02 + 0.01 * std::fabs(static_cast<double>(gradient[i])));
  }
  for (std::size_t i = 0; i < x.size(); i += 7) {
    std::vector<float> moved = x;
    moved[i] += 1e-3f;
    const double above = loss(moved);
    moved[i] -= 2e-3f;
    const double slope = (above - loss(moved)) / 2e-3;
    const std::size_t at = i / Network::kInputs * static_cast<std::size_t>(padded(3)) + i % 3;
    EXPECT_NEAR(static_cast<double>(g_x[at]), slope, 0.01 + 0.01 * std::fabs(slope));
  }
}

TEST(TileLinear, LogDeterminantAndItsGradient) {
  const std::vector<float> w = normals(16, "w");
  const TileMatrix m = matrix_of(w.data(), 4);
  EXPECT_EQ(m(1, 2), static_cast<double>(w[6]));
  std::vector<float> gradient(16, 1.0f);
  EXPECT_NEAR(log_determinant(w.data(), 4, gradient.data()), std::log(std::fabs(m.determinant())),
              1e-9);
  for (std::size_t i = 0; i < 16; ++i) {
    std::vector<float> moved = w;
    moved[i] += 1e-3f;
    const double above = log_determinant(moved.data(), 4, nullptr);
    moved[i] -= 2e-3f;
    const double slope = (above - log_determinant(moved.data(), 4, nullptr)) / 2e-3;
    EXPECT_NEAR(static_cast<double>(gradient[i]), 1 - slope, 2e-3 * (1 + std::fabs(slope))) << i;
  }
}

TEST(TileLinear, SingularMapsAreNumericErrors) {
  const std::vector<float> rank_one = {1, 2, 2, 4};
  EXPECT_THROW(log_determinant(rank_one.data(), 2, nullptr), NumericError);
  const std::vector<float> broken = {1, std::nanf(""), 0, 1};
  EXPECT_THROW(log_determinant(broken.data(), 2, nullptr), NumericError);
}

TEST(TileLinear, MapAndBackward) {
  constexpr int kWidth = 3;
  const std::vector<float> w = normals(9, "w");
  const std::vector<float> in = normals(kWidth * kTileSamples, "in");
  const std::vector<float> g_out = normals(in.size(), "g");
  std::vector<float> x = in;
  std::vector<float> copy(in.size());
  apply_linear(w.data(), kWidth, x.data(), copy.data());
  std::vector<float> g = g_out;
  std::vector<float> g_w(9, 0.5f);
  apply_linear_backward(w.data(), kWidth, in.data(), g.data(), copy.data(), g_w.data());
  for (int t = 0; t < kTileSamples; ++t) {
    for (int j = 0; j < kWidth; ++j) {
      double out = 0;
      double back = 0;
      for (int k = 0; k < kWidth; ++k) {
        out += static_cast<double>(w[static_cast<std::size_t>(k * kWidth + j)] *
                                   in[static_cast<std::size_t>(k * kTileSamples + t)]);
        back += static_cast<double>(w[static_cast<std::size_t>(j * kWidth + k)] *
                                    g_out[static_cast<std::size_t>(k * kTileSamples + t)]);
      }
      const auto at = static_cast<std::size_t>(j * kTileSamples + t);
      EXPECT_NEAR(static_cast<double>(x[at]), out, 1e-5);
      EXPECT_NEAR(static_cast<double>(g[at]), back, 1e-5);
    }
  }
  double expected = 0.5;  // of w(0, 1): input 0 against output 1
  for (std::size_t t = 0; t < kTileSamples; ++t)
    expected += static_cast<double>(in[t] * g_out[kTileSamples + t]);
  EXPECT_NEAR(static_cast<double>(g_w[1]), expected, 1e-4);
}

TEST(Adam, StateIsRestoredToTheBit) {
  std::vector<float> a = normals(32, "start");
  std::vector<float> gradient = normals(32, "gradient");
  Adam adam(32);
  for (int i = 0; i < 70000; ++i) adam.begin_step();  // more than fits the low half of the count
  adam.update(0, 32, 0.01, gradient, a);
  Adam copy(32);
  copy.restore(adam.state());
  EXPECT_EQ(copy.state(), adam.state());
  std::vector<float> b = a;
  adam.begin_step();
  adam.update(0, 32, 0.01, gradient, a);
  copy.begin_step();
  copy.update(0, 32, 0.01, gradient, b);
  EXPECT_EQ(a, b);
}

TEST(Adam, ClipsRangesToANorm) {
  std::vector<float> gradient(48, 3.0f);
  EXPECT_NEAR(clip_norm(gradient, 16, 32, 6), 12, 1e-5);
  EXPECT_FLOAT_EQ(gradient[15], 3.0f);
  EXPECT_FLOAT_EQ(gradient[16], 1.5f);
  EXPECT_FLOAT_EQ(gradient[31], 1.5f);
  EXPECT_FLOAT_EQ(gradient[32], 3.0f);
  EXPECT_NEAR(clip_norm(gradient, 16, 32, 6), 6, 1e-5);
  EXPECT_FLOAT_EQ(gradient[16], 1.5f);
}

}  // namespace
}  // namespace polycause
