// Kernel tests: published values, level and power.
#include "discover/kernel_test.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "discover/golden.h"

namespace polycause {
namespace {

TEST(Golden, KernelPValues) {
  POLYCAUSE_NEEDS_GOLDEN("generated/kci_gaussian_300x4.csv");
  const std::map<std::string, std::pair<double, double>> expected = {
      {"gaussian", {0.5404, 0.5807}}, {"exponential", {0.8513, 0.4076}}};
  for (const auto& [name, p] : expected) {
    const auto test = make_kci(
        numeric_dataset(read_golden_table("generated/kci_" + name + "_300x4.csv", ',', false)));
    EXPECT_NEAR(test->p_value(0, 1, {}), p.first, 6e-5);
    EXPECT_LT(test->p_value(0, 3, {}), 1e-6);
    EXPECT_NEAR(test->p_value(0, 3, {2}), p.second, 6e-5);
  }
}

// x <- z -> y by curves that no correlation sees; w = x * noise depends on x by its variance alone.
Dataset curved(std::size_t rows, std::uint64_t seed) {
  Random random(seed, "curved");
  Dataset data;
  data.rows = rows;
  data.variables = {{"x", 0, {}}, {"y", 0, {}}, {"z", 0, {}}, {"w", 0, {}}, {"b", 2, {}}};
  for (std::size_t r = 0; r < rows; ++r) {
    const double z = random.normal();
    const double x = std::cos(2 * z) + 0.3 * random.normal();
    data.variables[0].values.push_back(x);
    data.variables[1].values.push_back(z * z + 0.3 * random.normal());
    data.variables[2].values.push_back(z);
    data.variables[3].values.push_back(x * random.normal());
    data.variables[4].values.push_back(2 * z + std::log(1 / random.uniform() - 1) > 0 ? 1 : 0);
  }
  return data;
}

TEST(Kernel, LevelAndPower) {
  std::size_t kci_false = 0;
  std::size_t rcit_false = 0;
  std::size_t rcit_binary = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto kci = make_kci(curved(250, seed));
    const auto rcit = make_rcit(curved(1000, seed), seed);
    kci_false += kci->p_value(0, 1, {2}) < 0.05;
    rcit_false += rcit->p_value(0, 1, {2}) < 0.05;
    rcit_binary += rcit->p_value(0, 4, {2}) < 0.05;
    EXPECT_LT(rcit->p_value(0, 1, {}), 1e-3);
    EXPECT_LT(rcit->p_value(0, 3, {}), 0.05);
    EXPECT_LT(kci->p_value(0, 1, {}), 0.01);
  }
  EXPECT_LE(kci_false, 6u);  // 2 expected
  EXPECT_LE(rcit_false, 6u);
  EXPECT_LE(rcit_binary, 6u);
}

}  // namespace
}  // namespace polycause
