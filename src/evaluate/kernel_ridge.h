// Kernel ridge regression with a Gaussian kernel, chosen by cross-validation.
#pragma once

#include <Eigen/Dense>

namespace polycause {

struct KernelRidgeFit {
  Eigen::VectorXd r2;      ///< (targets,) on the scored rows
  Eigen::VectorXd fitted;  ///< (targets,) on the rows fitted
  double gamma = 0;        ///< k(x, y) = exp(-gamma |x - y|^2)
  double ridge = 0;
  double validation = 0;  ///< mean R2 over folds and targets of the pair chosen
};

/// gamma in {.1, .3, 1, 3} / d and ridge in {1e-4 .. 1e-1} by 3-fold cross-validation (consecutive
/// folds) on `train_x` (n, d) and `train_y` (n, targets), scored on other rows. Targets are centred
/// by the mean of the rows fitted. Cost: 12 factorisations of (2n/3)^2 and their ridges, on
/// `threads`.
KernelRidgeFit kernel_ridge_r2(const Eigen::MatrixXd& train_x, const Eigen::MatrixXd& train_y,
                               const Eigen::MatrixXd& test_x, const Eigen::MatrixXd& test_y,
                               std::size_t threads);

}  // namespace polycause
