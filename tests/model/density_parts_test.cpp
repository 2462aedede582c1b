// What a density does besides its gradient: inversion, maps put into its heads, gates, penalties.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "model/density.h"
#include "model/density_workspace.h"
#include "model/subspace.h"
#include "polycause/error.h"

namespace polycause {
namespace {

DensityShape small_shape(bool gated) {
  DensityShape shape;
  shape.latents = {2, 1, 3};
  shape.privates = {1, 0, 2};
  shape.hidden = 16;
  shape.pairs = {{0, 2}, {1, 2}, {2, 4}, {1, 5}};
  shape.gated = gated;
  return shape;
}

/// A density whose every trained parameter is away from its start.
Density shaken(const DensityShape& shape, double size) {
  Density density(shape);
  Random random(21, "shaken");
  density.initialise(random);
  for (float& p : density.parameters()) {
    if (p != 0.0f) p += static_cast<float>(size * random.normal());
  }
  return density;
}

Codes codes_for(const DensityShape& shape, std::size_t n) {
  Codes codes;
  codes.participants = n;
  Random random(22, "codes");
  for (std::size_t m = 0; m < shape.latents.size(); ++m) {
    codes.width.push_back(shape.latents[m] + shape.privates[m]);
    std::vector<float> u(n * static_cast<std::size_t>(codes.width.back()));
    for (float& x : u) x = static_cast<float>(1.2 * random.normal());
    codes.u.push_back(u);
  }
  return codes;
}

/// Columns [first, first + count) of values (n, width).
std::vector<float> columns(const std::vector<float>& values, std::size_t width, std::size_t first,
                           std::size_t count) {
  std::vector<float> out;
  for (std::size_t row = 0; row < values.size() / width; ++row) {
    for (std::size_t j = 0; j < count; ++j) out.push_back(values[row * width + first + j]);
  }
  return out;
}

// 130 rows: two tiles and a rest. Far values come back too, where the flow is nearly affine; digits
// are lost in relation to the row's largest value.
TEST(Inverse, GivesTheCodesBack) {
  const DensityShape shape = small_shape(false);
  Density density = shaken(shape, 0.15);
  density.append_rotation(0, {0.3, -0.4}, {0.5, -1.2, 0.8, 0.9});
  Codes codes = codes_for(shape, 130);
  codes.u[0][0] = 40;
  codes.u[2][2] = -25;
  const Decomposition parts = density.decompose(codes, {});
  std::size_t first_z = 0;
  std::size_t first_eta = 0;
  for (std::size_t m = 0; m < shape.latents.size(); ++m) {
    const auto latents = static_cast<std::size_t>(shape.latents[m]);
    const auto privates = static_cast<std::size_t>(shape.privates[m]);
    const std::vector<float> back = density.invert(m, columns(parts.z, 6, first_z, latents),
                                                   columns(parts.eta, 3, first_eta, privates));
    ASSERT_EQ(back.size(), codes.u[m].size());
    const std::size_t width = latents + privates;
    for (std::size_t i = 0; i < back.size(); ++i) {
      const auto row = codes.u[m].begin() + static_cast<std::ptrdiff_t>(i / width * width);
      float largest = 1;
      for (std::size_t j = 0; j < width; ++j)
        largest = std::max(largest, std::fabs(row[static_cast<std::ptrdiff_t>(j)]));
      EXPECT_NEAR(back[i], codes.u[m][i], 3e-4f * largest) << "modality " << m << " entry " << i;
    }
    first_z += latents;
    first_eta += privates;
  }
}

TEST(Inverse, OfValuesNeverSeenIsTheirPreimage) {
  const DensityShape shape = small_shape(false);
  const Density density = shaken(shape, 0.15);
  const std::vector<float> z = {5, -6, 0, 0, -3, 4};
  const std::vector<float> eta = {-4, 0, 3};
  Codes codes = codes_for(shape, 3);
  codes.u[0] = density.invert(0, z, eta);
  const Decomposition parts = density.decompose(codes, {});
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_NEAR(parts.z[row * 6], z[row * 2], 1e-3f);
    EXPECT_NEAR(parts.z[row * 6 + 1], z[row * 2 + 1], 1e-3f);
    EXPECT_NEAR(parts.eta[row * 3], eta[row], 1e-3f);
  }
}

// log p(u) of the density integrates to one: the log-determinants belong to the map.
TEST(Density, OneDimensionalModalitiesIntegrateToOne) {
  DensityShape shape;
  shape.latents = {1, 1};
  shape.privates = {0, 0};
  shape.hidden = 16;
  shape.pairs = {{0, 1}};
  const Density density = shaken(shape, 0.2);
  constexpr std::size_t kGrid = 300;
  constexpr double kStep = 24.0 / kGrid;
  Codes codes;
  codes.participants = kGrid * kGrid;
  codes.width = {1, 1};
  codes.u.resize(2);
  for (std::size_t i = 0; i < kGrid; ++i) {
    for (std::size_t j = 0; j < kGrid; ++j) {
      codes.u[0].push_back(static_cast<float>((static_cast<double>(i) + 0.5) * kStep - 12));
      codes.u[1].push_back(static_cast<float>((static_cast<double>(j) + 0.5) * kStep - 12));
    }
  }
  double total = 0;
  for (const float v : density.decompose(codes, {}).log_p)
    total += std::exp(static_cast<double>(v)) * kStep * kStep;
  EXPECT_NEAR(total, 1, 0.01);
}

TEST(Density, DecomposesChosenRowsInTheirOrder) {
  const DensityShape shape = small_shape(true);
  const Density density = shaken(shape, 0.1);
  const Codes codes = codes_for(shape, 100);
  const Decomposition all = density.decompose(codes, {});
  const std::vector<std::uint32_t> rows = {99, 3, 3, 64};
  const Decomposition some = density.decompose(codes, rows);
  ASSERT_EQ(some.log_p.size(), 4u);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(some.log_p[i], all.log_p[rows[i]]);
    for (std::size_t j = 0; j < 6; ++j) EXPECT_EQ(some.z[i * 6 + j], all.z[rows[i] * 6 + j]);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(some.eta[i * 3 + j], all.eta[rows[i] * 3 + j]);
  }
}

TEST(Density, AppendedRotationsCompose) {
  const DensityShape shape = small_shape(false);
  Density density = shaken(shape, 0.1);
  const Codes codes = codes_for(shape, 70);
  const Decomposition before = density.decompose(codes, {});
  Random random(23, "turn");
  const std::vector<double> turn = {0.5, -1.2, 0.8, 0.9};
  const std::vector<double> again = random_rotation(2, random);
  density.append_rotation(0, {0.3, -0.4}, turn);
  density.append_rotation(0, {-1, 2}, again);
  const Decomposition after = density.decompose(codes, {});
  for (std::size_t row = 0; row < 70; ++row) {
    Eigen::RowVector2d z(before.z[row * 6], before.z[row * 6 + 1]);
    z = (z - Eigen::RowVector2d(0.3, -0.4)) *
        Eigen::Map<const Eigen::Matrix<double, 2, 2, Eigen::RowMajor>>(turn.data());
    z = (z - Eigen::RowVector2d(-1, 2)) *
        Eigen::Map<const Eigen::Matrix<double, 2, 2, Eigen::RowMajor>>(again.data());
    EXPECT_NEAR(static_cast<double>(after.z[row * 6]), z(0), 1e-4);
    EXPECT_NEAR(static_cast<double>(after.z[row * 6 + 1]), z(1), 1e-4);
    EXPECT_EQ(after.z[row * 6 + 3], before.z[row * 6 + 3]);  // another modality
    EXPECT_EQ(after.eta[row * 3], before.eta[row * 3]);
  }
}

TEST(Density, TakesHeadsAndPriorFromAnother) {
  const DensityShape shape = small_shape(false);
  const Density source = shaken(shape, 0.2);
  DensityShape gated_shape = shape;
  gated_shape.gated = true;
  Density target(gated_shape);
  Random random(24, "init");
  target.initialise(random);
  target.set_gates(0.5);
  const Codes codes = codes_for(shape, 64);
  target.copy_heads(source);
  EXPECT_EQ(target.decompose(codes, {}).z, source.decompose(codes, {}).z);
  EXPECT_NE(target.decompose(codes, {}).log_p, source.decompose(codes, {}).log_p);
  target.copy_prior(source);
  target.set_gates(0.999);  // the deterministic gate of these odds is 1
  EXPECT_EQ(target.decompose(codes, {}).log_p, source.decompose(codes, {}).log_p);

  // Other pairs: those that both have are taken, new ones stay without effect.
  DensityShape other_shape = shape;
  other_shape.pairs = {{1, 5}, {3, 5, 0.3}, {0, 2}, {1, 2}, {2, 4}};
  Density other(other_shape);
  other.initialise(random);
  other.copy_heads(source);
  other.copy_prior(source);
  const std::vector<float> expected = source.decompose(codes, {}).log_p;
  const std::vector<float> found = other.decompose(codes, {}).log_p;
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4f);

  DensityShape general_shape = shape;
  general_shape.prior = PriorKind::kGeneral;
  Density general(general_shape);
  general.initialise(random);
  const std::vector<float> before = general.parameters();
  general.copy_prior(source);
  EXPECT_EQ(general.parameters(), before);
}

TEST(Density, FirstMapComesFirst) {
  DensityShape shape = small_shape(false);
  Density density(shape);
  Random random(25, "init");
  density.initialise(random);
  const Codes codes = codes_for(shape, 64);
  std::vector<double> exchange = {0, 1, 0, 1, 0, 0, 0, 0, 1};
  Codes exchanged = codes;
  for (std::size_t row = 0; row < 64; ++row)
    std::swap(exchanged.u[0][row * 3], exchanged.u[0][row * 3 + 1]);
  const std::vector<float> expected = density.decompose(exchanged, {}).z;
  density.set_first_map(0, exchange);
  EXPECT_EQ(density.decompose(codes, {}).z, expected);
}

TEST(Gates, ProbabilityOpenAndClosing) {
  Density density(small_shape(true));
  density.set_gates(0.5);
  // Log-odds 0: P(gate > 0) = sigmoid(2/3 log 11).
  EXPECT_NEAR(density.gate_probability()[0], 1 / (1 + std::pow(11.0, -2.0 / 3.0)), 1e-6);
  density.set_gates(0.6);
  EXPECT_EQ(density.gate_open(), std::vector<bool>(4, true));
  density.set_gates(0.4);
  EXPECT_EQ(density.gate_open(), std::vector<bool>(4, false));
  density.set_gates(0.9);
  density.close_gates({true, false, true, true});
  EXPECT_EQ(density.gate_open(), (std::vector<bool>{true, false, true, true}));
}

TEST(Gates, ClosedGatesCutTheLink) {
  const DensityShape shape = small_shape(true);
  Density density = shaken(shape, 0.3);
  const std::size_t coefficients = density.prior_begin();
  for (std::size_t k = 0; k < 4 * kBasis; ++k) density.parameters()[coefficients + k] = 0.7f;
  density.set_gates(0.95);
  density.close_gates({false, false, true, true});
  const Codes codes = codes_for(shape, 64);
  const Decomposition parts = density.decompose(codes, {});
  for (std::size_t row = 0; row < 64; ++row) {
    EXPECT_EQ(parts.eps[row * 6 + 2], parts.z[row * 6 + 2]) << "its two links are shut";
    EXPECT_NE(parts.eps[row * 6 + 4], parts.z[row * 6 + 4]);
  }
}

TEST(Penalties, AreTheDerivativesOfWhatTheySay) {
  DensityShape shape = small_shape(true);
  shape.pairs[2].price = 0.3;
  Density density = shaken(shape, 0.3);
  Random random(26, "penalty");
  for (std::size_t k = 0; k < 4 * kBasis; ++k)
    density.parameters()[density.prior_begin() + k] = static_cast<float>(0.5 * random.normal());
  for (std::size_t e = 0; e < 4; ++e)
    density.parameters()[density.gate_begin() + e] = static_cast<float>(random.normal());
  std::vector<float> gradient(density.parameters().size(), 0.0f);
  density.add_sparsity(0.7, gradient.data());
  density.add_group_lasso(0.4, gradient.data());
  const auto value = [&] {
    double open = 0;
    const std::vector<double> each = density.gate_probability();
    for (std::size_t e = 0; e < 4; ++e) open += shape.pairs[e].price * each[e];
    return 0.7 * open + 0.4 * density.group_norm();
  };
  int moved = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const bool link = i >= density.prior_begin() && i < density.prior_begin() + 4 * kBasis;
    const bool gate = i >= density.gate_begin() && i < density.gate_begin() + 4;
    if (!link && !gate) {
      ASSERT_EQ(gradient[i], 0.0f) << i;
      continue;
    }
    const float base = density.parameters()[i];
    density.parameters()[i] = base + 1e-3f;
    const double above = value();
    density.parameters()[i] = base - 1e-3f;
    const double slope = (above - value()) / 2e-3;
    density.parameters()[i] = base;
    EXPECT_NEAR(static_cast<double>(gradient[i]), slope, 1e-3) << i;
    ++moved;
  }
  EXPECT_EQ(moved, 4 * kBasis + 4);
}

TEST(Density, TensorsCoverAllParametersOnce) {
  for (const int layers : {0, 3}) {
    DensityShape shape = small_shape(true);
    shape.layers_per_width = layers;
    const Density density(shape);
    std::size_t at = 0;
    for (const Density::Tensor& t : density.tensors()) {
      EXPECT_LE(t.offset, at + kPad) << t.name;
      EXPECT_GE(t.offset, at) << t.name;
      at = t.offset + t.rows * t.columns;
    }
    EXPECT_EQ(at, density.parameters().size());
  }
}

}  // namespace
}  // namespace polycause
