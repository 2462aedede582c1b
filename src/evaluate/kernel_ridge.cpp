#include "evaluate/kernel_ridge.h"

#include <cmath>
#include <vector>

#include "base/parallel.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

constexpr double kGammas[] = {0.1, 0.3, 1.0, 3.0};
constexpr double kRidges[] = {1e-4, 1e-3, 1e-2, 1e-1};
constexpr std::size_t kFolds = 3;

// (rows of a, rows of b)
MatrixXd gaussian_kernel(const MatrixXd& a, const MatrixXd& b, double gamma) {
  MatrixXd k = -2.0 * a * b.transpose();
  k.colwise() += a.rowwise().squaredNorm();
  k.rowwise() += b.rowwise().squaredNorm().transpose();
  return (-gamma * k.array().max(0.0)).exp();
}

// (targets,)
VectorXd r2_of(const MatrixXd& predicted, const MatrixXd& truth) {
  VectorXd r2(truth.cols());
  for (Index t = 0; t < truth.cols(); ++t) {
    const double total = (truth.col(t).array() - truth.col(t).mean()).square().sum();
    const double rest = (truth.col(t) - predicted.col(t)).squaredNorm();
    r2(t) = total > 0 ? 1.0 - rest / total : 0.0;
  }
  return r2;
}

// Predictions for every ridge from one Gram matrix.
template <typename Use>
void fit_ridges(const MatrixXd& gram, const MatrixXd& across, const MatrixXd& y,
                const std::vector<double>& ridges, const Use& use) {
  const RowVectorXd mean = y.colwise().mean();
  const MatrixXd centred = y.rowwise() - mean;
  MatrixXd system(gram.rows(), gram.cols());
  for (std::size_t k = 0; k < ridges.size(); ++k) {
    system = gram;
    system.diagonal().array() += ridges[k];
    Eigen::LLT<Eigen::Ref<MatrixXd>> factor(system);  // in place
    MatrixXd predicted = across * factor.solve(centred);
    predicted.rowwise() += mean;
    use(k, predicted);
  }
}

}  // namespace

KernelRidgeFit kernel_ridge_r2(const MatrixXd& train_x, const MatrixXd& train_y,
                               const MatrixXd& test_x, const MatrixXd& test_y,
                               std::size_t threads) {
  const double d = static_cast<double>(train_x.cols());
  const Index n = train_x.rows();
  const std::vector<double> ridges(std::begin(kRidges), std::end(kRidges));
  const std::size_t gammas = std::size(kGammas);
  std::vector<std::vector<double>> validation(gammas * kFolds);  // (gamma x fold)[ridge]
  parallel_for(gammas * kFolds, threads, [&](std::size_t unit) {
    const double gamma = kGammas[unit / kFolds] / d;
    const auto fold = static_cast<Index>(unit % kFolds);
    constexpr auto kParts = static_cast<Index>(kFolds);
    const Index begin = fold * (n / kParts) + std::min(fold, n % kParts);
    const Index size = n / kParts + (fold < n % kParts ? 1 : 0);
    MatrixXd x(n - size, train_x.cols());
    MatrixXd y(n - size, train_y.cols());
    x << train_x.topRows(begin), train_x.bottomRows(n - begin - size);
    y << train_y.topRows(begin), train_y.bottomRows(n - begin - size);
    validation[unit].resize(ridges.size());
    fit_ridges(gaussian_kernel(x, x, gamma),
               gaussian_kernel(train_x.middleRows(begin, size), x, gamma), y, ridges,
               [&](std::size_t k, const MatrixXd& predicted) {
                 validation[unit][k] = r2_of(predicted, train_y.middleRows(begin, size)).mean();
               });
  });
  KernelRidgeFit fit;
  fit.validation = -std::numeric_limits<double>::infinity();
  for (std::size_t g = 0; g < gammas; ++g) {
    for (std::size_t k = 0; k < ridges.size(); ++k) {
      double mean = 0;
      for (std::size_t fold = 0; fold < kFolds; ++fold) {
        mean += validation[g * kFolds + fold][k] / static_cast<double>(kFolds);
      }
      if (mean <= fit.validation) continue;
      fit.validation = mean;
      fit.gamma = kGammas[g] / d;
      fit.ridge = ridges[k];
    }
  }
  const MatrixXd gram = gaussian_kernel(train_x, train_x, fit.gamma);
  MatrixXd across(n + test_x.rows(), n);
  across << gram, gaussian_kernel(test_x, train_x, fit.gamma);
  fit_ridges(gram, across, train_y, {fit.ridge}, [&](std::size_t, const MatrixXd& predicted) {
    fit.fitted = r2_of(predicted.topRows(n), train_y);
    fit.r2 = r2_of(predicted.bottomRows(test_x.rows()), test_y);
  });
  return fit;
}

}  // namespace polycause
