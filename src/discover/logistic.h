// Multinomial logistic regression by Newton's method.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace polycause {

/// Largest log-likelihood of the classes 0 .. classes-1 of `outcome` (n,) given `design` (n, k),
/// which holds the intercept. A weak ridge keeps it finite when the design separates the classes.
double logistic_likelihood(const Eigen::MatrixXd& design, const std::vector<int>& outcome,
                           int classes);

}  // namespace polycause
