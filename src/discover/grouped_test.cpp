#include "discover/grouped_test.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "discover/discrete_test.h"
#include "discover/fisher_z.h"

namespace polycause {
namespace {

constexpr double kRidge = 1e-9;

/// Columns of numbers with what their rows have in common within groups.
struct GroupMoments {
  std::vector<std::vector<Eigen::Index>> columns;  // of every variable: one, or levels - 1
  Eigen::MatrixXd all;                             // (k, k) correlations over rows
  Eigen::MatrixXd between;                         // (k, k) over pairs of different rows of a group
  double others = 0;                               // rows beside a row in its group, mean over rows
};

/// Mean 0 and variance 1 over the rows present, 0 where missing.
Eigen::VectorXd standardised(Eigen::VectorXd values) {
  const auto present = values.array().isFinite();
  const double n = std::max<double>(1, static_cast<double>(present.count()));
  const double mean = present.select(values.array(), 0.0).sum() / n;
  values = present.select(values.array() - mean, 0.0).matrix().eval();
  const double deviation = std::sqrt(values.squaredNorm() / n);
  if (deviation > 0) values /= deviation;
  return values;
}

GroupMoments moments_of(const Dataset& data) {
  GroupMoments moments;
  std::vector<Eigen::VectorXd> columns;
  const auto rows = static_cast<Eigen::Index>(data.rows);
  for (const Variable& variable : data.variables) {
    moments.columns.emplace_back();
    const Eigen::VectorXd values = Eigen::Map<const Eigen::VectorXd>(variable.values.data(), rows);
    const std::size_t count = std::max<std::size_t>(variable.levels, 2) - 1;
    for (std::size_t level = 0; level < count; ++level) {
      moments.columns.back().push_back(static_cast<Eigen::Index>(columns.size()));
      Eigen::VectorXd column = values;
      if (variable.levels > 0) {  // an indicator; what is missing stays so
        const auto code = static_cast<double>(level);
        column =
            column.unaryExpr([&](double v) { return std::isnan(v) ? v : (v == code ? 1.0 : 0.0); });
      }
      columns.push_back(standardised(std::move(column)));
    }
  }
  const auto k = static_cast<Eigen::Index>(columns.size());
  std::map<std::size_t, std::vector<Eigen::Index>> members;
  for (std::size_t r = 0; r < data.rows; ++r)
    members[data.group[r]].push_back(static_cast<Eigen::Index>(r));
  Eigen::MatrixXd values(rows, k);
  for (Eigen::Index c = 0; c < k; ++c) values.col(c) = columns[static_cast<std::size_t>(c)];
  moments.all = values.transpose() * values / static_cast<double>(rows);
  // Sum over pairs of different rows = product of the group's sums, less each row with itself.
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(members.size()), k);
  double pairs = 0;
  Eigen::Index g = 0;
  for (const auto& item : members) {
    for (const Eigen::Index r : item.second) sums.row(g) += values.row(r);
    const auto size = static_cast<double>(item.second.size());
    pairs += size * (size - 1);
    ++g;
  }
  moments.others = pairs / static_cast<double>(rows);
  moments.between = (sums.transpose() * sums - values.transpose() * values) / std::max(pairs, 1.0);
  return moments;
}

class GroupedTest : public IndependenceTest {
 public:
  GroupedTest(std::unique_ptr<IndependenceTest> test, std::shared_ptr<const GroupMoments> moments)
      : test_(std::move(test)), moments_(std::move(moments)) {}

  std::size_t size() const override { return test_->size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<GroupedTest>(test_->clone(), moments_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    TestResult result = test_->test(x, y, given);
    if (std::isnan(result.p)) return result;
    sweep(given);
    const Eigen::MatrixXd effects =  // of every pair of directions
        ((moments_->others * within(x)) * within(y).transpose()).array() + 1;
    const double mean = effects.mean();
    if (!std::isnan(result.statistic)) {
      const double spread = 1 + (effects.array() / mean - 1).square().mean();
      result.statistic /= mean * spread;
      result.freedom /= spread;
      result.p = chi_square_p(result.statistic, result.freedom);
    } else {
      const double least = static_cast<double>(given.size()) + 4;
      const double rows = std::max(result.n / mean, std::min(result.n, least));
      result.p = fisher_z_p(result.strength, rows, given.size());
    }
    return result;
  }

 private:
  using Indices = std::vector<Eigen::Index>;

  static Eigen::MatrixXd part(const Eigen::MatrixXd& of, const Indices& rows,
                              const Indices& columns) {
    Eigen::MatrixXd out(static_cast<Eigen::Index>(rows.size()),
                        static_cast<Eigen::Index>(columns.size()));
    for (Eigen::Index i = 0; i < out.rows(); ++i) {
      for (Eigen::Index j = 0; j < out.cols(); ++j)
        out(i, j) = of(rows[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(j)]);
    }
    return out;
  }

  void sweep(const NodeSet& given) {
    set_.clear();
    for (const std::size_t node : given) {
      const Indices& columns = moments_->columns[node];
      set_.insert(set_.end(), columns.begin(), columns.end());
    }
    if (set_.empty()) return;
    Eigen::MatrixXd inside = part(moments_->all, set_, set_);
    inside.diagonal().array() += kRidge;
    factor_.compute(inside);
    between_ = part(moments_->between, set_, set_);
  }

  /// Correlations, 0 .. 1, of two rows of a group in what the set leaves of the variable: one, or
  /// of as many independent directions as it has indicators.
  Eigen::VectorXd within(std::size_t node) const {
    const Indices& own = moments_->columns[node];
    Eigen::MatrixXd left = part(moments_->all, own, own);
    Eigen::MatrixXd shared = part(moments_->between, own, own);
    if (!set_.empty()) {
      const Eigen::MatrixXd with = part(moments_->all, set_, own);
      const Eigen::MatrixXd beta = factor_.solve(with);  // (s, own)
      const Eigen::MatrixXd cross = beta.transpose() * part(moments_->between, set_, own);
      left -= with.transpose() * beta;
      shared += beta.transpose() * between_ * beta - cross - cross.transpose();
    }
    left.diagonal().array() += kRidge;
    if (own.size() == 1) {
      return Eigen::VectorXd::Constant(1, std::clamp(shared(0, 0) / left(0, 0), 0.0, 1.0));
    }
    const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(shared, left,
                                                                           Eigen::EigenvaluesOnly);
    return solver.eigenvalues().array().max(0.0).min(1.0);
  }

  std::unique_ptr<IndependenceTest> test_;
  std::shared_ptr<const GroupMoments> moments_;
  Eigen::MatrixXd between_;  // (s, s) of the set
  Indices set_;              // columns of the set that the rest is swept of
  Eigen::LDLT<Eigen::MatrixXd> factor_;
};

}  // namespace

std::unique_ptr<IndependenceTest> make_grouped(std::unique_ptr<IndependenceTest> test,
                                               const Dataset& data) {
  return std::make_unique<GroupedTest>(std::move(test),
                                       std::make_shared<const GroupMoments>(moments_of(data)));
}

}  // namespace polycause
