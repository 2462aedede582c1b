#include "discover/logistic.h"

#include <cmath>

namespace polycause {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kRidge = 1e-6;
constexpr int kMostSteps = 30;
// Expected gain of one more step at which to stop; the score is corrected for what is left.
constexpr double kEnough = 1e-5;

// The classes' shares, a little drawn together so that none is 0.
std::vector<double> shares(const std::vector<int>& outcome, int classes) {
  std::vector<double> count(static_cast<std::size_t>(classes), 0.5);
  for (const int c : outcome) count[static_cast<std::size_t>(c)] += 1;
  const double all = static_cast<double>(outcome.size()) + 0.5 * classes;
  for (double& c : count) c /= all;
  return count;
}

// Sum of the logarithms of numbers between 1 and classes: one logarithm for many rows.
double sum_of_logs(const ArrayXd& numbers) {
  constexpr Index kTogether = 32;  // 100 classes: below 1e64
  double sum = 0;
  for (Index first = 0; first < numbers.size(); first += kTogether) {
    const Index count = std::min(kTogether, numbers.size() - first);
    sum += std::log(numbers.segment(first, count).prod());
  }
  return sum;
}

}  // namespace

// Fills probability_ and returns the log-likelihood.
double LogisticModel::evaluate(const MatrixXd& design, const std::vector<int>& outcome,
                               const MatrixXd& weights) {
  const Index n = design.rows();
  const Index m = weights.cols();
  probability_.resize(n, m);
  for (Index j = 0; j < m; ++j) {
    auto column = probability_.col(j);
    column = weights(0, j) * design.col(0);
    for (Index i = 1; i < design.cols(); ++i) column += weights(i, j) * design.col(i);
  }
  if (m == 1) {
    auto p = probability_.col(0).array();
    const ArrayXd size = p.abs();
    const ArrayXd small = (-size).exp();
    const ArrayXd whole = 1 + small;
    double value = -sum_of_logs(whole);
    for (Index r = 0; r < n; ++r) {
      const double eta = p(r);
      const bool observed = outcome[static_cast<std::size_t>(r)] == 1;
      if (observed != (eta > 0)) value -= size(r);
      p(r) = (eta > 0 ? 1 : small(r)) / whole(r);
    }
    return value;
  }
  ArrayXd top = ArrayXd::Zero(n);
  for (Index j = 0; j < m; ++j) top = top.max(probability_.col(j).array());
  double own = 0;
  for (Index r = 0; r < n; ++r) {
    const int c = outcome[static_cast<std::size_t>(r)];
    if (c > 0) own += probability_(r, c - 1);
  }
  ArrayXd total = (-top).exp();
  for (Index j = 0; j < m; ++j) {
    probability_.col(j) = (probability_.col(j).array() - top).exp();
    total += probability_.col(j).array();
  }
  const double likelihood = own - top.sum() - sum_of_logs(total);
  total = total.inverse();
  for (Index j = 0; j < m; ++j) probability_.col(j).array() *= total;
  return likelihood;
}

LogisticModel::LogisticModel(const MatrixXd& design, const std::vector<int>& outcome, int classes) {
  const Index n = design.rows();
  const Index k = design.cols();
  const Index m = classes - 1;
  MatrixXd products(n, k * (k + 1) / 2);  // of two columns of the design
  for (Index i = 0, at = 0; i < k; ++i) {
    for (Index j = 0; j <= i; ++j, ++at)
      products.col(at) = design.col(i).cwiseProduct(design.col(j));
  }
  // Begins at the shares, where no exponential is needed.
  const std::vector<double> share = shares(outcome, classes);
  MatrixXd weights = MatrixXd::Zero(k, m);
  probability_.resize(n, m);
  for (Index j = 0; j < m; ++j) {
    probability_.col(j).setConstant(share[static_cast<std::size_t>(j) + 1]);
    weights(0, j) = std::log(share[static_cast<std::size_t>(j) + 1] / share[0]);
  }
  double value = -0.5 * kRidge * weights.squaredNorm();
  std::vector<double> log_share;
  for (const double one : share) log_share.push_back(std::log(one));
  for (const int c : outcome) value += log_share[static_cast<std::size_t>(c)];
  MatrixXd hessian(k * m, k * m);
  VectorXd w(n);
  gradient_.resize(k * m);
  for (int step = 0;; ++step) {
    for (Index a = 0; a < m; ++a) {
      w = -probability_.col(a);
      for (Index r = 0; r < n; ++r) {
        if (outcome[static_cast<std::size_t>(r)] == a + 1) w(r) += 1;
      }
      gradient_.segment(a * k, k) = design.transpose() * w - kRidge * weights.col(a);
      for (Index b = 0; b <= a; ++b) {
        w = probability_.col(a).array() * ((a == b ? 1.0 : 0.0) - probability_.col(b).array());
        for (Index i = 0, at = 0; i < k; ++i) {
          for (Index j = 0; j <= i; ++j, ++at) {
            const double sum = w.dot(products.col(at));
            hessian(a * k + i, b * k + j) = hessian(a * k + j, b * k + i) = sum;
            hessian(b * k + j, a * k + i) = hessian(b * k + i, a * k + j) = sum;
          }
        }
      }
    }
    hessian.diagonal().array() += kRidge;
    information_.compute(hessian);
    const VectorXd direction = information_.solve(gradient_);
    if (step == kMostSteps || !(gradient_.dot(direction) > kEnough)) return;
    const Eigen::Map<const MatrixXd> move(direction.data(), k, m);
    double scale = 1;
    for (int half = 0; half < 20; ++half, scale /= 2) {
      const MatrixXd candidate = weights + scale * move;
      const double next =
          evaluate(design, outcome, candidate) - 0.5 * kRidge * candidate.squaredNorm();
      if (next < value - 1e-12 * std::fabs(value) && half < 19) continue;
      weights = candidate;
      value = next;
      break;
    }
  }
}

double LogisticModel::score(const MatrixXd& design, const std::vector<int>& outcome,
                            const std::vector<int>& group, int groups) const {
  const Index k = design.cols();
  const Index m = probability_.cols();
  const Index factor = groups - 1;
  // Ordered (class, member): of the factor's levels and of the design.
  VectorXd score = VectorXd::Zero(m * factor);
  MatrixXd own = MatrixXd::Zero(m * factor, m * factor);
  MatrixXd cross = MatrixXd::Zero(m * k, m * factor);
  for (Index r = 0; r < design.rows(); ++r) {
    const Index level = group[static_cast<std::size_t>(r)] - 1;
    if (level < 0) continue;
    const Index observed = outcome[static_cast<std::size_t>(r)] - 1;
    for (Index a = 0; a < m; ++a) {
      const double pa = probability_(r, a);
      const Index at = a * factor + level;
      score(at) += (a == observed ? 1.0 : 0.0) - pa;
      for (Index b = 0; b < m; ++b) {
        const double w = pa * ((a == b ? 1.0 : 0.0) - probability_(r, b));
        own(b * factor + level, at) += w;
        double* to = &cross(b * k, at);
        for (Index i = 0; i < k; ++i) to[i] += w * design(r, i);
      }
    }
  }
  // What the design's own weights still lack is projected out (Neyman's C(alpha)).
  const MatrixXd solved = information_.solve(cross);
  score -= solved.transpose() * gradient_;
  own -= cross.transpose() * solved;
  own.diagonal().array() += kRidge;
  return std::max(0.0, score.dot(own.ldlt().solve(score)));
}

}  // namespace polycause
