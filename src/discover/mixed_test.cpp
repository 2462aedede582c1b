#include "discover/mixed_test.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "discover/correlation.h"
#include "discover/discrete_test.h"
#include "discover/logistic.h"
#include "discover/moments.h"
#include "discover/row_patterns.h"
#include "discover/strata.h"

namespace polycause {

namespace {

struct Shared {
  std::shared_ptr<const LevelCodes> codes;
  std::vector<std::vector<double>> numeric;  // [d](n,) mean 0, variance 1, NaN = missing
  std::vector<std::size_t> missing_class;    // [d], equal where the same rows are missing
  bool discrete(std::size_t v) const { return codes->levels[v] > 0; }
};

double square(double value) { return value * value; }

// Log-likelihood of n residuals with sum of squares `rss` under the unbiased variance; `k`
// regressors and an intercept.
double gaussian_likelihood(double rss, double n, double k) {
  const double freedom = n - k - 1;
  return -0.5 * n * std::log(2 * M_PI * rss / freedom) - 0.5 * freedom;
}

class MixedTest : public IndependenceTest {
 public:
  explicit MixedTest(std::shared_ptr<const Shared> shared,
                     std::shared_ptr<IndependenceTest> discrete)
      : shared_(std::move(shared)), discrete_(std::move(discrete)) {}

  std::size_t size() const override { return shared_->codes->levels.size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<MixedTest>(shared_, discrete_->clone());
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    groups_.clear();
    numbers_.clear();
    for (const std::size_t node : given)
      (shared_->discrete(node) ? groups_ : numbers_).push_back(node);
    if (shared_->discrete(x) && shared_->discrete(y)) {
      return numbers_.empty() ? discrete_->test(x, y, given) : both_discrete(x, y, given);
    }
    if (shared_->discrete(x)) return one_discrete(x, y);
    if (shared_->discrete(y)) return one_discrete(y, x);
    return both_numeric(x, y);
  }

 private:
  // Rows by the values of groups_. Most sets of a search hold the same few discrete variables.
  struct Grouping {
    std::vector<std::int32_t> stratum;  // (n,), -1 = missing
    std::size_t count = 0;
  };
  const Grouping& grouping() {
    const auto known = groupings_.find(groups_);
    if (known != groupings_.end()) return known->second;
    if (groupings_.size() * shared_->codes->rows > kMostHeld) groupings_.clear();
    strata_.assign(*shared_->codes, groups_);
    return groupings_[groups_] = {strata_.stratum(), strata_.count()};
  }

  void gather(const NodeSet& columns) {
    row_.resize(columns.size());
    columns_.clear();
    for (const std::size_t c : columns) columns_.push_back(shared_->numeric[c].data());
  }
  // False when a value is missing.
  bool read(std::size_t r) {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      row_[c] = columns_[c][r];
      if (std::isnan(row_[c])) return false;
    }
    return true;
  }

  TestResult both_numeric(std::size_t x, std::size_t y) {
    const Grouping& groups = grouping();
    NodeSet columns = numbers_;
    columns.push_back(x);
    columns.push_back(y);
    gather(columns);
    moments_.reset(groups.count, columns.size());
    const std::int32_t* stratum = groups.stratum.data();
    for (std::size_t r = 0; r < shared_->codes->rows; ++r) {
      if (stratum[r] >= 0 && read(r))
        moments_.add(static_cast<std::size_t>(stratum[r]), row_.data());
    }
    const std::size_t k = columns.size();
    const auto given = static_cast<double>(numbers_.size());
    Sum sum;
    for (std::size_t s = 0; s < groups.count; ++s) {
      const double n = moments_.rows(s);
      if (n < given + 4) continue;
      moments_.factor(s, lower_);
      const double* last = lower_.data() + (k - 1) * k;
      const double with = square(last[k - 1]);
      const double without = with + square(last[k - 2]);
      if (lower_[(k - 2) * k + k - 2] <= 0 || without <= kCollinear * n) continue;
      sum.rows += n;
      sum.freedom += 1;
      sum.signed_r += n * last[k - 2] / std::sqrt(without);
      if (with <= kCollinear * n) {
        sum.statistic = INFINITY;
      } else if (groups_.empty()) {
        sum.statistic += n * std::log(without / with);
      } else {
        sum.statistic +=
            2 * (gaussian_likelihood(with, n, given + 1) - gaussian_likelihood(without, n, given));
      }
    }
    TestResult result = sum.result();
    if (sum.signed_r < 0) result.strength = -result.strength;
    return result;
  }

  TestResult one_discrete(std::size_t x, std::size_t y) {
    const Grouping& groups = grouping();
    NodeSet columns = numbers_;
    columns.push_back(y);
    gather(columns);
    const std::size_t levels = shared_->codes->levels[x];
    const std::int32_t* code = shared_->codes->code[x].data();
    const std::int32_t* stratum = groups.stratum.data();
    moments_.reset(groups.count * levels, columns.size());
    for (std::size_t r = 0; r < shared_->codes->rows; ++r) {
      if ((stratum[r] | code[r]) < 0 || !read(r)) continue;
      moments_.add(
          static_cast<std::size_t>(stratum[r]) * levels + static_cast<std::size_t>(code[r]),
          row_.data());
    }
    const std::size_t k = columns.size();
    const auto given = static_cast<double>(numbers_.size());
    const auto left = [&](const Moments& moments, std::size_t cell) {
      moments.factor(cell, lower_);
      return square(lower_[k * k - 1]);
    };
    Sum sum;
    for (std::size_t s = 0; s < groups.count; ++s) {
      together_.reset(1, k);
      double used = 0;
      for (std::size_t level = 0; level < levels; ++level) {
        if (moments_.rows(s * levels + level) < given + 2) continue;
        together_.add_cell(0, moments_, s * levels + level);
        used += 1;
      }
      if (used < 2) continue;
      const double n = together_.rows(0);
      const double without = left(together_, 0);
      if (without <= kCollinear * n) continue;  // y is determined with or without x
      double with = 0;
      for (std::size_t level = 0; level < levels; ++level) {
        const double cell_n = moments_.rows(s * levels + level);
        if (cell_n < given + 2) continue;
        const double rss = left(moments_, s * levels + level);
        with += rss <= kCollinear * cell_n ? INFINITY : gaussian_likelihood(rss, cell_n, given);
      }
      sum.rows += n;
      sum.freedom += (used - 1) * (given + 2);
      sum.statistic += 2 * (with - gaussian_likelihood(without, n, given));
    }
    return sum.result();
  }

  // Models of x by the numeric variables, one per stratum. They do not depend on y but for the rows
  // that it lacks, and the same sets are tried with many y.
  using Models = std::vector<std::unique_ptr<LogisticModel>>;
  Models& models_of(std::size_t x, const NodeSet& given, std::size_t missing_class) {
    NodeSet key = given;
    key.push_back(x);
    key.push_back(missing_class);
    const auto known = models_.find(key);
    if (known != models_.end()) return known->second;
    if (held_ > kMostHeld) {
      models_.clear();
      held_ = 0;
    }
    return models_[key];
  }

  // In each stratum: is y of use beside the numeric variables in predicting x?
  TestResult both_discrete(std::size_t x, std::size_t y, const NodeSet& given) {
    if (shared_->codes->levels[y] < shared_->codes->levels[x]) std::swap(x, y);
    Models& models = models_of(x, given, shared_->missing_class[y]);
    const Grouping& grouped = grouping();
    gather(numbers_);
    std::vector<std::vector<std::size_t>> rows(grouped.count);
    const std::int32_t* cx = shared_->codes->code[x].data();
    const std::int32_t* cy = shared_->codes->code[y].data();
    for (std::size_t r = 0; r < shared_->codes->rows; ++r) {
      const std::int32_t s = grouped.stratum[r];
      if ((s | cx[r] | cy[r]) >= 0 && read(r)) rows[static_cast<std::size_t>(s)].push_back(r);
    }
    Sum sum;
    models.resize(rows.size());
    for (std::size_t s = 0; s < rows.size(); ++s) {
      const std::vector<std::size_t>& stratum = rows[s];
      std::size_t classes = 0;
      std::size_t groups = 0;
      const std::vector<int> outcome = renumber(cx, stratum, shared_->codes->levels[x], &classes);
      const std::vector<int> group = renumber(cy, stratum, shared_->codes->levels[y], &groups);
      const std::size_t k = numbers_.size() + 1;
      if (classes < 2 || groups < 2 || stratum.size() < (classes - 1) * k + groups + 2) continue;
      Eigen::MatrixXd design(static_cast<Eigen::Index>(stratum.size()),
                             static_cast<Eigen::Index>(k));
      for (std::size_t i = 0; i < stratum.size(); ++i) {
        const auto r = static_cast<Eigen::Index>(i);
        design(r, 0) = 1;
        read(stratum[i]);
        for (std::size_t c = 0; c + 1 < k; ++c)
          design(r, static_cast<Eigen::Index>(c) + 1) = row_[c];
      }
      sum.rows += static_cast<double>(stratum.size());
      sum.freedom += static_cast<double>((classes - 1) * (groups - 1));
      std::unique_ptr<LogisticModel>& model = models[s];
      if (!model) {
        model = std::make_unique<LogisticModel>(design, outcome, static_cast<int>(classes));
        held_ += model->numbers_held();
      }
      sum.statistic += model->score(design, outcome, group, static_cast<int>(groups));
    }
    return sum.result();
  }

  static std::vector<int> renumber(const std::int32_t* code, const std::vector<std::size_t>& rows,
                                   std::size_t levels, std::size_t* found) {
    std::vector<int> number(levels, -1);
    for (const std::size_t r : rows) number[static_cast<std::size_t>(code[r])] = 0;
    int next = 0;
    for (int& n : number) {
      if (n == 0) n = next++;
    }
    *found = static_cast<std::size_t>(next);
    std::vector<int> result;
    for (const std::size_t r : rows) result.push_back(number[static_cast<std::size_t>(code[r])]);
    return result;
  }

  // Over the strata that could be tested.
  struct Sum {
    double statistic = 0;
    double freedom = 0;
    double rows = 0;
    double signed_r = 0;
    TestResult result() const {
      if (freedom == 0) return {};
      return {chi_square_p(statistic, freedom), likelihood_strength(statistic, freedom, rows), rows,
              statistic, freedom};
    }
  };

  static constexpr std::size_t kMostHeld = std::size_t{1} << 24;  // numbers: 128 MiB
  std::map<NodeSet, Grouping> groupings_;
  std::map<NodeSet, Models> models_;
  std::size_t held_ = 0;
  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<IndependenceTest> discrete_;
  NodeSet groups_;
  NodeSet numbers_;
  Strata strata_;
  Moments moments_;
  Moments together_;
  std::vector<const double*> columns_;
  std::vector<double> row_;
  std::vector<double> lower_;
};

}  // namespace

std::unique_ptr<IndependenceTest> make_mixed_test(const Dataset& data) {
  auto shared = std::make_shared<Shared>();
  shared->codes = make_codes(data);
  shared->missing_class = RowPatterns::columns_of(data)->missing_class;
  for (const Variable& variable : data.variables) {
    shared->numeric.emplace_back();
    if (variable.levels > 0) continue;
    double n = 0;
    double sum = 0;
    double squares = 0;
    for (const double v : variable.values) {
      if (std::isnan(v)) continue;
      n += 1;
      sum += v;
    }
    for (const double v : variable.values) squares += std::isnan(v) ? 0 : square(v - sum / n);
    const double scale = 1 / std::sqrt(squares / n);
    for (const double v : variable.values) shared->numeric.back().push_back((v - sum / n) * scale);
  }
  return std::make_unique<MixedTest>(
      std::move(shared), make_discrete_test(data, DiscreteStatistic::kGSquareUnadjusted));
}

}  // namespace polycause
