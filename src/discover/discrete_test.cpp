#include "discover/discrete_test.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "discover/strata.h"

namespace polycause {
namespace {

/// The statistic as a test of one degree of freedom would have it: each further one adds 1 where
/// there is no dependence.
double above_chance(double statistic, double freedom) {
  return std::max(0.0, statistic - std::max(0.0, freedom - 1));
}

class DiscreteTest : public IndependenceTest {
 public:
  DiscreteTest(std::shared_ptr<const LevelCodes> codes, DiscreteStatistic statistic)
      : codes_(std::move(codes)), statistic_(statistic) {}

  std::size_t size() const override { return codes_->levels.size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<DiscreteTest>(codes_, statistic_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override;

 private:
  void add_stratum(const std::int32_t* table, std::size_t rows, std::size_t columns,
                   double* statistic, double* freedom);

  std::shared_ptr<const LevelCodes> codes_;
  DiscreteStatistic statistic_;
  Strata strata_;
  std::vector<std::int32_t> counts_;  // (strata, rows, columns)
  std::vector<double> row_;
  std::vector<double> column_;
};

TestResult DiscreteTest::evaluate(std::size_t x, std::size_t y, const NodeSet& given) {
  strata_.assign(*codes_, given);
  const std::size_t rows = codes_->levels[x];
  const std::size_t columns = codes_->levels[y];
  counts_.assign(strata_.count() * rows * columns, 0);
  const std::int32_t* stratum = strata_.stratum().data();
  const std::int32_t* cx = codes_->code[x].data();
  const std::int32_t* cy = codes_->code[y].data();
  std::size_t used = 0;
  for (std::size_t r = 0; r < codes_->rows; ++r) {
    if ((stratum[r] | cx[r] | cy[r]) < 0) continue;
    ++used;
    ++counts_[(static_cast<std::size_t>(stratum[r]) * rows + static_cast<std::size_t>(cx[r])) *
                  columns +
              static_cast<std::size_t>(cy[r])];
  }
  if (used == 0) return {};
  double statistic = 0;
  double freedom = 0;
  for (std::size_t s = 0; s < strata_.count(); ++s) {
    add_stratum(counts_.data() + s * rows * columns, rows, columns, &statistic, &freedom);
  }
  if (statistic_ == DiscreteStatistic::kGSquareUnadjusted) {
    freedom = static_cast<double>((rows - 1) * (columns - 1));
    for (const std::size_t node : given) freedom *= static_cast<double>(codes_->levels[node]);
  }
  const auto n = static_cast<double>(used);
  const double above = above_chance(statistic, freedom);
  const double strength = statistic_ == DiscreteStatistic::kChiSquare
                              ? std::sqrt(above / (above + n))
                              : likelihood_strength(statistic, freedom, n);
  return {chi_square_p(statistic, freedom), strength, n, statistic, freedom};
}

void DiscreteTest::add_stratum(const std::int32_t* table, std::size_t rows, std::size_t columns,
                               double* statistic, double* freedom) {
  row_.assign(rows, 0);
  column_.assign(columns, 0);
  double total = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double count = table[i * columns + j];
      row_[i] += count;
      column_[j] += count;
      total += count;
    }
  }
  if (total == 0) return;
  const auto filled = [](const std::vector<double>& margin) {
    return static_cast<double>(
        std::count_if(margin.begin(), margin.end(), [](double m) { return m > 0; }));
  };
  *freedom += (filled(row_) - 1) * (filled(column_) - 1);
  for (std::size_t i = 0; i < rows; ++i) {
    if (row_[i] == 0) continue;
    for (std::size_t j = 0; j < columns; ++j) {
      if (column_[j] == 0) continue;
      const double expected = row_[i] * column_[j] / total;
      const double count = table[i * columns + j];
      if (statistic_ == DiscreteStatistic::kChiSquare) {
        *statistic += (count - expected) * (count - expected) / expected;
      } else if (count > 0) {
        *statistic += 2 * count * std::log(count / expected);
      }
    }
  }
}

}  // namespace

double chi_square_p(double statistic, double freedom) {
  if (!(freedom > 0)) return 1;
  if (std::isnan(statistic)) return std::nan("");
  if (std::isinf(statistic)) return 0;
  return boost::math::gamma_q(freedom / 2, std::max(statistic, 0.0) / 2);
}

double likelihood_strength(double statistic, double freedom, double n) {
  return std::sqrt(std::max(0.0, -std::expm1(-above_chance(statistic, freedom) / n)));
}

std::unique_ptr<IndependenceTest> make_discrete_test(const Dataset& data,
                                                     DiscreteStatistic statistic) {
  return std::make_unique<DiscreteTest>(make_codes(data), statistic);
}

}  // namespace polycause
