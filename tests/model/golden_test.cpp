// Against PyTorch's automatic differentiation; tests/golden/model.py made the values. ctest runs
// these under every instruction set that the processor has.
#include "model/golden.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "model/adam.h"
#include "model/autoencoder.h"
#include "model/density.h"
#include "model/density_workspace.h"
#include "model/kernels.h"

namespace polycause {
namespace {

using nlohmann::json;

constexpr double kTolerance = 2e-4;  // of a gradient's norm: single against double precision

void expect_gradient(const json& tensors, const std::vector<float>& gradient) {
  for (const json& t : tensors) {
    const double bound = kTolerance * std::max(1.0, t["norm"].get<double>());
    for (std::uint32_t salt = 1; salt <= 2; ++salt) {
      EXPECT_NEAR(golden_projection(t, gradient, salt), t["gradient"][salt - 1].get<double>(),
                  bound)
          << t["name"];
    }
  }
}

DensityShape shape_of(const json& one) {
  DensityShape shape;
  shape.latents = one["latents"].get<std::vector<int>>();
  shape.privates = one["privates"].get<std::vector<int>>();
  shape.layers_per_width = one["layers_per_width"];
  shape.hidden = one["hidden"];
  shape.prior = one["prior"] == "additive" ? PriorKind::kAdditive : PriorKind::kGeneral;
  shape.gated = one["gated"];
  for (const json& pair : one["pairs"]) shape.pairs.push_back({pair[0], pair[1]});
  return shape;
}

Codes codes_of(const json& one) {
  Codes codes;
  codes.participants = one["rows"];
  for (std::size_t m = 0; m < one["latents"].size(); ++m) {
    codes.width.push_back(one["latents"][m].get<int>() + one["privates"][m].get<int>());
    std::vector<float> u(codes.participants * static_cast<std::size_t>(codes.width[m]));
    for (std::size_t k = 0; k < u.size(); ++k)
      u[k] = static_cast<float>(1.5 * golden_noise(k, 10 + static_cast<std::uint32_t>(m)));
    codes.u.push_back(u);
  }
  return codes;
}

std::vector<std::uint32_t> first_rows(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::uint32_t>(i);
  return rows;
}

TEST(Golden, DensityGradients) {
  ASSERT_EQ(golden()["densities"].size(), 4u);
  for (const json& one : golden()["densities"]) {
    SCOPED_TRACE(one["prior"].dump() + (one["gated"] ? " gated" : " open"));
    Density density(shape_of(one));
    ASSERT_EQ(density.parameters().size(), one["size"].get<std::size_t>());
    fill_golden(one["tensors"], density.parameters());
    const Codes codes = codes_of(one);
    const std::vector<std::uint32_t> rows = first_rows(codes.participants);
    DensityWorkspace work(density);
    std::vector<float> gradient(density.parameters().size(), 1e9f);  // must be overwritten
    const double loss =
        density.gradient(codes, rows.data(), rows.size(), one["key"], work, gradient.data());
    EXPECT_NEAR(loss, one["loss"].get<double>(), 1e-5 * one["loss"].get<double>());
    expect_gradient(one["tensors"], gradient);
  }
}

TEST(Golden, DensityDecompositions) {
  for (const json& one : golden()["densities"]) {
    SCOPED_TRACE(one["prior"].dump() + (one["gated"] ? " gated" : " open"));
    Density density(shape_of(one));
    fill_golden(one["tensors"], density.parameters());
    const Decomposition parts = density.decompose(codes_of(one), {});
    EXPECT_NEAR(parts.mean_nll(), one["mean_nll"].get<double>(), 1e-4);
    const auto expect_first = [](const std::vector<float>& found, const json& expected) {
      for (std::size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(static_cast<double>(found[k]), expected[k].get<double>(), 1e-4) << k;
    };
    expect_first(parts.z, one["z"]);
    expect_first(parts.eta, one["eta"]);
    expect_first(parts.eps, one["eps"]);
    expect_first(parts.log_p, one["log_p"]);
  }
}

TEST(Golden, AutoencoderGradients) {
  ASSERT_EQ(golden()["autoencoders"].size(), 2u);
  for (const json& one : golden()["autoencoders"]) {
    SCOPED_TRACE(one["masked"] ? "masked" : "complete");
    Autoencoder autoencoder(one["width"], one["masked"], one["code"], one["hidden"]);
    ASSERT_EQ(autoencoder.parameters().size(), one["size"].get<std::size_t>());
    fill_golden(one["tensors"], autoencoder.parameters());
    Cells cells;
    cells.participants = one["rows"];
    cells.width = one["width"];
    const std::size_t count = cells.participants * static_cast<std::size_t>(cells.width);
    for (std::size_t k = 0; k < count; ++k) {
      const bool present = !one["masked"] || golden_noise(k, 21) > -0.6;
      cells.x.push_back(present ? static_cast<float>(golden_noise(k, 20)) : 0.0f);
      if (one["masked"]) cells.present.push_back(present ? 1 : 0);
    }
    const std::vector<std::uint32_t> rows = first_rows(cells.participants);
    std::vector<float> gradient(autoencoder.parameters().size(), 1e9f);
    const double loss = autoencoder.gradient(cells, rows.data(), rows.size(), gradient);
    EXPECT_NEAR(loss, one["loss"].get<double>(), 1e-5);
    EXPECT_NEAR(autoencoder.loss(cells, rows), one["loss"].get<double>(), 1e-5);
    expect_gradient(one["tensors"], gradient);
  }
}

TEST(Golden, AdamTrajectory) {
  const json& one = golden()["adam"];
  std::vector<float> parameters(32);
  for (std::size_t k = 0; k < 32; ++k) parameters[k] = static_cast<float>(golden_noise(k, 30));
  Adam adam(32);
  for (std::size_t step = 0; step < one["steps"]; ++step) {
    std::vector<float> gradient(32);
    for (std::size_t k = 0; k < 32; ++k) {
      gradient[k] = static_cast<float>(golden_noise(32 * step + k, 31) *
                                       std::pow(10.0, static_cast<double>(step % 3) - 1));
    }
    adam.begin_step();
    adam.update(0, 16, one["rate"], gradient, parameters);
    adam.update(16, 32, one["rate"], gradient, parameters);
  }
  for (std::size_t k = 0; k < 32; ++k) {
    EXPECT_NEAR(static_cast<double>(parameters[k]), one["parameters"][k].get<double>(), 2e-6) << k;
  }
}

TEST(Golden, InstructionSetIsTheOneAskedFor) {
  const char* asked = std::getenv("POLYCAUSE_ISA");
  if (asked == nullptr) GTEST_SKIP() << "POLYCAUSE_ISA is not set; ctest sets it in model.isa_*";
#if defined(__x86_64__)
  const std::string name = asked;
  if (name == "avx2" && __builtin_cpu_supports("avx2") == 0)
    GTEST_SKIP() << "this processor has no AVX2";
  if (name == "avx512" && __builtin_cpu_supports("avx512f") == 0)
    GTEST_SKIP() << "this processor has no AVX-512";
  EXPECT_EQ(kernels().instruction_set, name);
#else
  GTEST_SKIP() << "only x86-64 has more than one instruction set";
#endif
}

}  // namespace
}  // namespace polycause
