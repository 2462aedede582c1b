// Every kernel of every instruction set that the processor has, against plain loops in double
// precision.
#include "model/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace polycause {

extern const Kernels kernels_sse2;
#if defined(__x86_64__)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

namespace {

using Floats = std::vector<float>;

std::vector<const Kernels*> available() {
  std::vector<const Kernels*> tables = {&kernels_sse2};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0)
    tables.push_back(&kernels_avx2);
  if (tables.size() == 2 && __builtin_cpu_supports("avx512f") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0) {
    tables.push_back(&kernels_avx512);
  }
#endif
  return tables;
}

Floats normals(std::size_t count, const char* name, double scale = 1) {
  Random random(11, name);
  Floats values(count);
  for (float& v : values) v = static_cast<float>(scale * random.normal());
  return values;
}

double at(const Floats& values, std::size_t index) { return static_cast<double>(values[index]); }

class KernelTable : public testing::TestWithParam<const Kernels*> {};

TEST_P(KernelTable, ProductOfAllShapesAndStrides) {
  const Kernels& kernel = *GetParam();
  for (const int rows : {1, 3, 4, 6, 11, 12, 13, 64}) {
    for (const int inner : {1, 5, 32}) {
      for (const int columns : {16, 32, 48}) {
        for (const bool transposed : {false, true}) {
          const auto r_count = static_cast<std::size_t>(rows);
          const auto k_count = static_cast<std::size_t>(inner);
          const auto c_count = static_cast<std::size_t>(columns);
          const std::size_t ldc = c_count + 16;
          const Floats a = normals(r_count * k_count, "a");
          const Floats b = normals(k_count * c_count, "b");
          const Floats bias = normals(c_count, "bias");
          const Floats before = normals(r_count * ldc, "c");
          const bool add = transposed;  // both signs of either flag appear
          Floats c = before;
          kernel.gemm(rows, inner, columns, a.data(), transposed ? 1 : inner, transposed ? rows : 1,
                      b.data(), columns, c.data(), static_cast<int>(ldc), add,
                      add ? nullptr : bias.data());
          for (std::size_t r = 0; r < r_count; ++r) {
            for (std::size_t j = 0; j < ldc; ++j) {
              double expected = at(before, r * ldc + j);
              if (j < c_count) {
                if (!add) expected = at(bias, j);
                for (std::size_t k = 0; k < k_count; ++k) {
                  expected += at(a, transposed ? k * r_count + r : r * k_count + k) *
                              at(b, k * c_count + j);
                }
              }
              ASSERT_NEAR(at(c, r * ldc + j), expected, 2e-5)
                  << rows << "x" << inner << "x" << columns << " at " << r << ", " << j;
            }
          }
        }
      }
    }
  }
}

TEST_P(KernelTable, SmallLinearAlgebra) {
  const Kernels& kernel = *GetParam();
  const Floats x = normals(96, "x");
  const Floats y = normals(96, "y");
  Floats sum = y;
  kernel.axpy(-0.7f, x.data(), sum.data(), sum.size());
  double dot = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(at(sum, i), at(y, i) - 0.7 * at(x, i), 1e-6);
    dot += at(x, i) * at(y, i);
  }
  EXPECT_NEAR(static_cast<double>(kernel.dot(x.data(), y.data(), x.size())), dot, 1e-4);

  const Floats wide = normals(32 * 48, "wide");
  Floats turned(48 * 32);
  kernel.transpose(wide.data(), 48, 32, 48, turned.data(), 32);
  for (std::size_t r = 0; r < 32; ++r) {
    for (std::size_t c = 0; c < 48; ++c) ASSERT_EQ(turned[c * 32 + r], wide[r * 48 + c]);
  }
  Floats sums = normals(32, "sums");
  const Floats sums_before = sums;
  kernel.add_column_sums(x.data(), 3, 32, sums.data());
  for (std::size_t c = 0; c < 32; ++c) {
    EXPECT_NEAR(at(sums, c), at(sums_before, c) + at(x, c) + at(x, 32 + c) + at(x, 64 + c), 1e-5);
  }
  Floats rectified = x;
  kernel.leaky_relu(rectified.data(), rectified.size());
  Floats slope = y;
  kernel.leaky_relu_backward(rectified.data(), slope.data(), slope.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_FLOAT_EQ(rectified[i], x[i] > 0 ? x[i] : kLeak * x[i]);
    EXPECT_FLOAT_EQ(slope[i], x[i] > 0 ? y[i] : kLeak * y[i]);
  }
}

TEST_P(KernelTable, FlowLayerIsTheFormulaAndItsDerivative) {
  const Kernels& kernel = *GetParam();
  constexpr std::size_t kSamples = 64;
  const Floats head = normals(kFlowHead * kSamples, "head", 2);
  const Floats x = normals(kSamples, "x", 2);
  const auto formula = [&](std::size_t t, double in) {
    const auto h = [&](std::size_t k) { return at(head, k * kSamples + t); };
    double y = std::exp(1.5 * std::tanh(h(0) / 1.5)) * in + h(1);
    for (std::size_t k = 0; k < kBumps; ++k) {
      const double b = std::exp(std::min(2.0, std::max(-2.0, h(2 + kBumps + k))));
      y += std::log1p(std::exp(h(2 + k))) * std::tanh(b * (in - h(2 + 2 * kBumps + k)));
    }
    return y;
  };
  Floats y = x;
  Floats log_det(kSamples, 0.5f);
  Floats memory(kFlowMemory * kSamples);
  kernel.bumps_forward(kSamples, head.data(), y.data(), log_det.data(), memory.data());
  for (std::size_t t = 0; t < kSamples; ++t) {
    EXPECT_NEAR(at(y, t), formula(t, at(x, t)), 2e-5 * (1 + std::fabs(at(y, t))));
    const double slope = (formula(t, at(x, t) + 1e-5) - formula(t, at(x, t) - 1e-5)) / 2e-5;
    EXPECT_NEAR(at(log_det, t), 0.5 + std::log(slope), 1e-4);
  }
}

TEST_P(KernelTable, ExtremeLogitsAndValuesStayFinite) {
  const Kernels& kernel = *GetParam();
  constexpr std::size_t kSamples = 16;
  Floats p(3 * kMixture, 0.0f);
  p[0] = 80;   // one component takes all
  p[1] = -80;  // one takes none
  p[2 * kMixture] = -50;
  p[2 * kMixture + 1] = 50;  // log sds are held within [-4, 3]
  Floats e(kSamples);
  for (std::size_t t = 0; t < kSamples; ++t) e[t] = static_cast<float>(t) * 100 - 800;
  Floats log_p(kSamples, 0.0f);
  Floats g_e(kSamples);
  Floats g_p(p.size(), 0.0f);
  kernel.mixture_fixed(kSamples, e.data(), p.data(), 1, log_p.data(), g_e.data(), g_p.data());
  for (std::size_t t = 0; t < kSamples; ++t) {
    EXPECT_TRUE(std::isfinite(log_p[t])) << e[t];
    EXPECT_TRUE(std::isfinite(g_e[t])) << e[t];
  }
  for (const float g : g_p) EXPECT_TRUE(std::isfinite(g));
  EXPECT_EQ(g_p[2 * kMixture], 0.0f);
  EXPECT_EQ(g_p[2 * kMixture + 1], 0.0f);
}

TEST_P(KernelTable, MixtureIntegratesToOne) {
  const Kernels& kernel = *GetParam();
  const Floats p = normals(3 * kMixture, "mixture", 0.7);
  constexpr std::size_t kGrid = 4096;
  Floats e(kGrid);
  for (std::size_t t = 0; t < kGrid; ++t)
    e[t] = static_cast<float>(40.0 * (static_cast<double>(t) + 0.5) / kGrid - 20.0);
  Floats log_p(kGrid, 0.0f);
  kernel.mixture_fixed(kGrid, e.data(), p.data(), 1, log_p.data(), nullptr, nullptr);
  double total = 0;
  for (const float v : log_p) total += std::exp(static_cast<double>(v)) * 40.0 / kGrid;
  EXPECT_NEAR(total, 1, 1e-4);
}

// The share of closed, open and soft gates is the hard-concrete distribution's; noise is the same
// whatever the instruction set, else a fit would depend on it from the first step.
TEST_P(KernelTable, GateNoise) {
  const Kernels& kernel = *GetParam();
  constexpr std::size_t kSamples = 65536;
  for (const float a : {-1.0f, 0.0f, 1.5f}) {
    Floats gate(kSamples);
    Floats slope(kSamples);
    kernel.gate_sample(kSamples, a, 5, 1u << 20, gate.data(), slope.data());
    Floats reference(kSamples);
    Floats unused(kSamples);
    kernels_sse2.gate_sample(kSamples, a, 5, 1u << 20, reference.data(), unused.data());
    double closed = 0;
    for (std::size_t t = 0; t < kSamples; ++t) {
      ASSERT_NEAR(gate[t], reference[t], 1e-5f);
      ASSERT_TRUE(gate[t] >= 0.0f && gate[t] <= 1.0f);
      if (gate[t] == 0.0f) closed += 1.0 / kSamples;
      if (gate[t] == 0.0f || gate[t] == 1.0f) {
        ASSERT_EQ(slope[t], 0.0f);
      }
    }
    const double expected =
        1 / (1 + std::exp(static_cast<double>(a) - 2.0 / 3.0 * std::log(0.1 / 1.1)));
    EXPECT_NEAR(closed, expected, 0.01) << a;
    Floats other(kSamples);
    kernel.gate_sample(kSamples, a, 6, 1u << 20, other.data(), slope.data());
    std::size_t equal = 0;
    for (std::size_t t = 0; t < kSamples; ++t) equal += gate[t] == other[t] ? 1 : 0;
    EXPECT_LT(equal, kSamples * 3 / 4) << "another key gives other noise";
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, KernelTable, testing::ValuesIn(available()),
                         [](const auto& one) { return one.param->instruction_set; });

}  // namespace
}  // namespace polycause
