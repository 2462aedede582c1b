#include "model/autoencoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "polycause/error.h"

namespace polycause {
namespace {

std::vector<std::uint32_t> first_rows(std::size_t n) {
  std::vector<std::uint32_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// `rank` independent factors behind `width` columns.
Cells low_rank(std::size_t n, std::size_t width, std::size_t rank) {
  Random random(31, "cells");
  std::vector<double> mix(rank * width);
  for (double& w : mix) w = random.normal();
  Cells cells;
  cells.participants = n;
  cells.width = static_cast<int>(width);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> row(width, 0.0);
    for (std::size_t r = 0; r < rank; ++r) {
      const double f = random.laplace();
      for (std::size_t j = 0; j < width; ++j) row[j] += f * mix[r * width + j];
    }
    for (const double v : row) cells.x.push_back(static_cast<float>(v));
  }
  return cells;
}

double mean_square(const std::vector<float>& values) {
  double total = 0;
  for (const float v : values) total += static_cast<double>(v * v);
  return total / static_cast<double>(values.size());
}

Autoencoder started(const Cells& cells, bool masked, int code) {
  Autoencoder autoencoder(cells.width, masked, code, 16);
  Random random(32, "start");
  autoencoder.initialise(cells, first_rows(cells.participants), random);
  return autoencoder;
}

TEST(Autoencoder, StartsAtThePrincipalAxes) {
  const Cells cells = low_rank(300, 6, 3);
  const Autoencoder autoencoder = started(cells, false, 3);
  // Rank 3 in 3 numbers: what is lost is the small random networks' part.
  EXPECT_LT(autoencoder.loss(cells, first_rows(300)), 0.1 * mean_square(cells.x));
}

TEST(Autoencoder, CodeIsWhiteAndDecodesToTheReconstruction) {
  const Cells cells = low_rank(500, 6, 3);
  Autoencoder autoencoder = started(cells, false, 3);
  const std::vector<std::uint32_t> rows = first_rows(400);
  autoencoder.whiten(cells, rows);
  const std::vector<float> code = autoencoder.encode(cells);
  ASSERT_EQ(code.size(), 500u * 3);
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      double mean = 0;
      double product = 0;
      for (const std::uint32_t row : rows) {
        mean += static_cast<double>(code[row * 3 + a]) / 400;
        product += static_cast<double>(code[row * 3 + a] * code[row * 3 + b]) / 400;
      }
      EXPECT_NEAR(mean, 0, 1e-4);
      EXPECT_NEAR(product, a == b ? 1 : 0, 1e-3);
    }
  }
  const std::vector<float> back = autoencoder.decode(code);
  double error = 0;
  for (std::size_t i = 0; i < back.size(); ++i)
    error += static_cast<double>((back[i] - cells.x[i]) * (back[i] - cells.x[i]));
  EXPECT_NEAR(error / static_cast<double>(back.size()), autoencoder.loss(cells, first_rows(500)),
              1e-4 * mean_square(cells.x));
}

TEST(Autoencoder, RefusesACollapsedCode) {
  const Cells cells = low_rank(300, 6, 2);
  Autoencoder autoencoder = started(cells, false, 3);
  for (float& p : autoencoder.parameters()) p = 0;  // every code the same
  try {
    autoencoder.whiten(cells, first_rows(300));
    FAIL() << "whitened a constant";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("fewer independent dimensions"), std::string::npos);
  }
}

TEST(Autoencoder, MaskedCellsLeaveTheLoss) {
  Cells cells = low_rank(130, 5, 3);
  cells.present.assign(cells.x.size(), 1);
  for (std::size_t i = 0; i < cells.x.size(); i += 7) {
    cells.present[i] = 0;
    cells.x[i] = 0;
  }
  Autoencoder autoencoder = started(cells, true, 3);
  const std::vector<std::uint32_t> rows = first_rows(130);
  // By hand: squared errors of the present cells, over their number.
  autoencoder.set_whitening({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1});
  const std::vector<float> out = autoencoder.decode(autoencoder.encode(cells));
  double total = 0;
  double count = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (cells.present[i] == 0) continue;
    total += static_cast<double>((out[i] - cells.x[i]) * (out[i] - cells.x[i]));
    count += 1;
  }
  EXPECT_NEAR(autoencoder.loss(cells, rows), total / count, 1e-6);
  std::vector<float> gradient(autoencoder.parameters().size());
  EXPECT_NEAR(autoencoder.gradient(cells, rows.data(), 130, gradient), total / count, 1e-5);

  // A row without a present cell changes nothing but the mean's row count.
  Cells more = cells;
  more.participants = 131;
  more.x.insert(more.x.end(), 5, 0.0f);
  more.present.insert(more.present.end(), 5, 0);
  const std::vector<std::uint32_t> all = first_rows(131);
  EXPECT_NEAR(autoencoder.loss(more, all), total / count, 1e-6);
  std::vector<float> with_empty(gradient.size());
  autoencoder.gradient(more, all.data(), 131, with_empty);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    ASSERT_NEAR(with_empty[i] * 131, gradient[i] * 130, 1e-4f + 1e-4f * std::fabs(gradient[i]));
}

TEST(Autoencoder, SeesWhichCellsAreMissing) {
  Cells cells = low_rank(64, 4, 2);
  cells.present.assign(cells.x.size(), 1);
  Autoencoder autoencoder = started(cells, true, 2);
  autoencoder.whiten(cells, first_rows(64));
  const std::vector<float> complete = autoencoder.encode(cells);
  cells.x[0] = 0;
  const std::vector<float> zero = autoencoder.encode(cells);
  cells.present[0] = 0;
  const std::vector<float> missing = autoencoder.encode(cells);
  EXPECT_NE(missing[0], zero[0]) << "a missing cell is told from a cell that is zero";
  EXPECT_EQ(missing[2], complete[2]) << "another row does not change";
}

// Columns read from text are of low rank but for the rounding of their digits. A code that is wider
// must not blow that up: who is held out, and a little off, would have codes of thousands.
TEST(Autoencoder, AxesBeyondTheRankStaySmall) {
  Cells cells = low_rank(200, 8, 2);
  for (float& x : cells.x) x = std::round(x * 1e6f) / 1e6f;
  Autoencoder narrow(8, false, 2, 16);
  Autoencoder wide(8, false, 5, 16);
  Random random(31, "wide");
  EXPECT_EQ(narrow.initialise(cells, first_rows(150), random), 2);
  EXPECT_EQ(wide.initialise(cells, first_rows(150), random), 2);
  std::vector<std::uint32_t> held_out;
  for (std::uint32_t i = 150; i < 200; ++i) held_out.push_back(i);
  for (std::size_t i = 150 * 8; i < cells.x.size(); i += 9) cells.x[i] += 0.02f;
  EXPECT_LT(wide.loss(cells, held_out), narrow.loss(cells, held_out) + 0.5);
}

TEST(Autoencoder, RowsBeyondATileCountOnce) {
  const Cells cells = low_rank(100, 4, 2);
  const Autoencoder autoencoder = started(cells, false, 2);
  std::vector<float> gradient(autoencoder.parameters().size());
  std::vector<float> first(gradient.size());
  std::vector<float> rest(gradient.size());
  const std::vector<std::uint32_t> rows = first_rows(100);
  const double whole = autoencoder.gradient(cells, rows.data(), 100, gradient);
  const double a = autoencoder.gradient(cells, rows.data(), 70, first);
  const double b = autoencoder.gradient(cells, rows.data() + 70, 30, rest);
  EXPECT_NEAR(whole, 0.7 * a + 0.3 * b, 1e-5);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    ASSERT_NEAR(gradient[i], 0.7f * first[i] + 0.3f * rest[i], 1e-4f);
}

}  // namespace
}  // namespace polycause
