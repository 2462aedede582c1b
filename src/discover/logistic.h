// Multinomial logistic regression by Newton's method, and the test of one more factor in it.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace polycause {

/// Rao's score statistic of the factor `group` (n,) with values 0 .. groups-1 in predicting the
/// classes 0 .. classes-1 of `outcome` (n,) beside `design` (n, k), which holds the intercept.
/// Chi-square with (classes - 1)(groups - 1) degrees of freedom when the factor is of no use. Only
/// the model without the factor is fitted; a weak ridge keeps it finite when the design separates
/// the classes.
double logistic_score(const Eigen::MatrixXd& design, const std::vector<int>& outcome, int classes,
                      const std::vector<int>& group, int groups);

}  // namespace polycause
