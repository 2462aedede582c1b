// What pictures and series are held against: the latents of the tables, not their codes.
#include "methods/staged_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "evaluate/correlation.h"
#include "methods/fixtures.h"
#include "train/optimise.h"

namespace polycause {
namespace {

constexpr std::size_t kPeople = 600;

/// Tables with two columns each that bend their two latents; the chain links the tables.
struct Bent {
  StagedProblem problem;
  std::vector<Coder> coders;
  std::vector<float> z;  // (n, 2 M), normal scores
};

Bent bent_tables(std::size_t tables) {
  Bent bent;
  std::vector<std::size_t> place(tables);
  for (std::size_t m = 0; m < tables; ++m) place[m] = m;
  bent.z = chain_of_latents(kPeople, place);
  for (std::size_t k = 0; k < 2 * tables; ++k) {
    std::vector<double> column;
    for (std::size_t i = k; i < bent.z.size(); i += 2 * tables)
      column.push_back(static_cast<double>(bent.z[i]));
    const std::vector<double> scores = rank_normal(column);
    for (std::size_t i = 0; i < kPeople; ++i)
      bent.z[i * 2 * tables + k] = static_cast<float>(scores[i]);
  }
  StagedProblem& problem = bent.problem;
  problem.participants = kPeople;
  problem.split = split_of(kPeople - 100, 100);
  problem.complete = problem.split;
  problem.blocks.resize(tables);
  for (std::size_t m = 0; m < tables; ++m) {
    problem.names.push_back("table" + std::to_string(m));
    problem.modality_of_unit.push_back(m);
    problem.latents.push_back(2);
    problem.privates.push_back(0);
    Cells cells;
    cells.participants = kPeople;
    cells.width = 2;
    for (std::size_t i = 0; i < kPeople; ++i) {
      const float a = std::sinh(1.2f * bent.z[i * 2 * tables + 2 * m]);
      const float b = std::sinh(1.2f * bent.z[i * 2 * tables + 2 * m + 1]);
      cells.x.push_back(a + 0.7f * b);
      cells.x.push_back(a - 0.7f * b);
    }
    problem.cells.push_back(cells);
  }
  const Checkpoint nowhere("", 0);
  Watch silent(nullptr, 1);
  bent.coders = train_table_coders(problem, quick_options(), 3, "test", 1, nowhere, silent);
  return bent;
}

std::vector<std::vector<float>> said_of(const Bent& bent, std::size_t threads = 1) {
  const Checkpoint nowhere("", 0);
  Watch silent(nullptr, 1);
  return what_tables_say(bent.problem, bent.coders, quick_options(), 3, "test/tables", threads,
                         nowhere, silent);
}

/// Share of the variance of `y` that a straight line through both columns of x (n, 2) explains.
double explained(const std::vector<float>& x, const std::vector<double>& y) {
  double s[3] = {0, 0, 0};
  double c[2] = {0, 0};
  double yy = 0;
  double mean[3] = {0, 0, 0};
  for (std::size_t i = 0; i < y.size(); ++i) {
    mean[0] += static_cast<double>(x[2 * i]) / static_cast<double>(y.size());
    mean[1] += static_cast<double>(x[2 * i + 1]) / static_cast<double>(y.size());
    mean[2] += y[i] / static_cast<double>(y.size());
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double a = static_cast<double>(x[2 * i]) - mean[0];
    const double b = static_cast<double>(x[2 * i + 1]) - mean[1];
    s[0] += a * a;
    s[1] += a * b;
    s[2] += b * b;
    c[0] += a * (y[i] - mean[2]);
    c[1] += b * (y[i] - mean[2]);
    yy += (y[i] - mean[2]) * (y[i] - mean[2]);
  }
  const double det = s[0] * s[2] - s[1] * s[1];
  return (c[0] * (s[2] * c[0] - s[1] * c[1]) + c[1] * (s[0] * c[1] - s[1] * c[0])) / det / yy;
}

double mean_explained(const Bent& bent, const std::vector<std::vector<float>>& said) {
  const std::size_t tables = said.size();
  double total = 0;
  for (std::size_t k = 0; k < 2 * tables; ++k) {
    std::vector<double> truth;
    for (std::size_t i = 0; i < kPeople; ++i)
      truth.push_back(static_cast<double>(bent.z[i * 2 * tables + k]));
    total += explained(said[k / 2], truth);
  }
  return total / static_cast<double>(2 * tables);
}

TEST(StagedTables, SayTheirLatentsStraighterThanTheirCodes) {
  const Bent bent = bent_tables(3);
  std::vector<std::vector<float>> codes;
  for (std::size_t m = 0; m < 3; ++m)
    codes.push_back(bent.coders[m].autoencoder.encode(bent.problem.cells[m]));
  const std::vector<std::vector<float>> said = said_of(bent);
  const double straight = mean_explained(bent, said);
  EXPECT_GT(straight, 0.9);
  EXPECT_GT(straight, mean_explained(bent, codes) + 0.05);
  EXPECT_EQ(said, said_of(bent, 4));
}

TEST(StagedTables, NormalScoresOfWhoIsThere) {
  Bent bent = bent_tables(3);
  StagedProblem& problem = bent.problem;
  problem.present.assign(kPeople * 3, 1);
  for (std::size_t i = 0; i < kPeople; i += 5) problem.present[i * 3 + 1] = 0;
  for (std::vector<std::uint32_t>* rows : {&problem.complete.train, &problem.complete.validation}) {
    rows->erase(
        std::remove_if(rows->begin(), rows->end(), [](std::uint32_t row) { return row % 5 == 0; }),
        rows->end());
  }
  const std::vector<std::vector<float>> said = said_of(bent);
  double most = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kPeople; ++i) {
    const double value = static_cast<double>(said[1][2 * i]);
    if (i % 5 == 0) {
      EXPECT_EQ(value, 0.0);
    }
    most = std::max(most, value);
    squares += value * value;
  }
  EXPECT_NEAR(most, 3.08, 0.01);  // Phi^-1(1 - .5 / 480)
  EXPECT_NEAR(squares / (0.8 * kPeople), 1, 0.02);
}

TEST(StagedTables, ASingleTableSaysItsCode) {
  const Bent bent = bent_tables(1);
  EXPECT_EQ(said_of(bent)[0], bent.coders[0].autoencoder.encode(bent.problem.cells[0]));
}

}  // namespace
}  // namespace polycause
