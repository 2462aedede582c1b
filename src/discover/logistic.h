// Multinomial logistic regression by Newton's method, and the test of one more factor in it.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace polycause {

/// The model that predicts the classes 0 .. classes-1 of `outcome` (n,) from `design` (n, k), which
/// holds the intercept. A weak ridge keeps it finite where the design separates the classes.
class LogisticModel {
 public:
  LogisticModel(const Eigen::MatrixXd& design, const std::vector<int>& outcome, int classes);

  /// Rao's score statistic of the factor `group` (n,) with values 0 .. groups-1 beside the design,
  /// both of the same rows as in the fit. Chi-square with (classes - 1)(groups - 1) degrees of
  /// freedom when the factor is of no use. No model with the factor is fitted.
  double score(const Eigen::MatrixXd& design, const std::vector<int>& outcome,
               const std::vector<int>& group, int groups) const;

  std::size_t numbers_held() const {
    return static_cast<std::size_t>(probability_.size() +
                                    information_.rows() * information_.cols());
  }

 private:
  double evaluate(const Eigen::MatrixXd& design, const std::vector<int>& outcome,
                  const Eigen::MatrixXd& weights);

  Eigen::MatrixXd probability_;               // (n, m) of the classes 1 .. m; class 0 is the rest
  Eigen::VectorXd gradient_;                  // (m k,), near 0
  Eigen::LDLT<Eigen::MatrixXd> information_;  // (m k, m k), class by class
};

}  // namespace polycause
