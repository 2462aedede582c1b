#include "discover/logistic.h"

#include <cmath>

namespace polycause {
namespace {

constexpr double kRidge = 1e-6;
constexpr int kMostSteps = 30;

// Probabilities of the classes 1 .. m (columns) and the log-likelihood; class 0 is the reference.
double evaluate(const Eigen::MatrixXd& design, const std::vector<int>& outcome,
                const Eigen::MatrixXd& weights, Eigen::MatrixXd& probability) {
  probability.noalias() = design * weights;
  double sum = 0;
  for (Eigen::Index r = 0; r < probability.rows(); ++r) {
    auto row = probability.row(r);
    const double top = std::max(0.0, row.maxCoeff());
    const int c = outcome[static_cast<std::size_t>(r)];
    const double own = c == 0 ? 0.0 : row(c - 1);
    double total = std::exp(-top);
    for (Eigen::Index j = 0; j < row.size(); ++j) {
      row(j) = std::exp(row(j) - top);
      total += row(j);
    }
    row /= total;
    sum += own - top - std::log(total);
  }
  return sum;
}

// Probabilities (n, classes - 1) under the best weights.
Eigen::MatrixXd fit(const Eigen::MatrixXd& design, const std::vector<int>& outcome, int classes) {
  const Eigen::Index n = design.rows();
  const Eigen::Index k = design.cols();
  const Eigen::Index m = classes - 1;
  Eigen::MatrixXd weights = Eigen::MatrixXd::Zero(k, m);
  Eigen::MatrixXd probability(n, m);
  double likelihood = evaluate(design, outcome, weights, probability);
  double penalised = likelihood;
  Eigen::MatrixXd hessian(k * m, k * m);
  Eigen::MatrixXd weighted(n, k);
  for (int step = 0; step < kMostSteps; ++step) {
    Eigen::MatrixXd residual = -probability;
    for (Eigen::Index r = 0; r < n; ++r) {
      const int c = outcome[static_cast<std::size_t>(r)];
      if (c > 0) residual(r, c - 1) += 1;
    }
    const Eigen::MatrixXd gradient = design.transpose() * residual - kRidge * weights;
    for (Eigen::Index a = 0; a < m; ++a) {
      for (Eigen::Index b = 0; b <= a; ++b) {
        const Eigen::ArrayXd w =
            probability.col(a).array() * ((a == b ? 1.0 : 0.0) - probability.col(b).array());
        weighted = design.array().colwise() * w;
        const Eigen::MatrixXd block = design.transpose() * weighted;
        hessian.block(a * k, b * k, k, k) = block;
        if (a != b) hessian.block(b * k, a * k, k, k) = block.transpose();
      }
    }
    hessian.diagonal().array() += kRidge;
    const Eigen::Map<const Eigen::VectorXd> flat(gradient.data(), k * m);
    const Eigen::VectorXd direction = hessian.ldlt().solve(flat);
    const Eigen::Map<const Eigen::MatrixXd> move(direction.data(), k, m);
    double scale = 1;
    double next = penalised;
    Eigen::MatrixXd candidate;
    for (int half = 0; half < 20; ++half, scale /= 2) {
      candidate = weights + scale * move;
      likelihood = evaluate(design, outcome, candidate, probability);
      next = likelihood - 0.5 * kRidge * candidate.squaredNorm();
      if (next >= penalised - 1e-12 * std::fabs(penalised)) break;
    }
    weights = candidate;
    const bool done = std::fabs(next - penalised) < 1e-9 * (1 + std::fabs(next));
    penalised = next;
    if (done) break;
  }
  return probability;
}

}  // namespace

double logistic_score(const Eigen::MatrixXd& design, const std::vector<int>& outcome, int classes,
                      const std::vector<int>& group, int groups) {
  const Eigen::Index k = design.cols();
  const Eigen::Index m = classes - 1;
  const Eigen::Index factor = groups - 1;
  const Eigen::MatrixXd probability = fit(design, outcome, classes);
  // Score and information, ordered (class, member): of the factor's levels and of the design.
  Eigen::VectorXd score = Eigen::VectorXd::Zero(m * factor);
  Eigen::MatrixXd own = Eigen::MatrixXd::Zero(m * factor, m * factor);
  Eigen::MatrixXd cross = Eigen::MatrixXd::Zero(m * factor, m * k);
  Eigen::MatrixXd given = Eigen::MatrixXd::Zero(m * k, m * k);
  for (Eigen::Index r = 0; r < design.rows(); ++r) {
    const Eigen::Index level = group[static_cast<std::size_t>(r)] - 1;
    const Eigen::Index observed = outcome[static_cast<std::size_t>(r)] - 1;
    for (Eigen::Index a = 0; a < m; ++a) {
      const double pa = probability(r, a);
      if (level >= 0) score(a * factor + level) += (a == observed ? 1.0 : 0.0) - pa;
      for (Eigen::Index b = 0; b < m; ++b) {
        const double w = pa * ((a == b ? 1.0 : 0.0) - probability(r, b));
        if (level >= 0) {
          own(a * factor + level, b * factor + level) += w;
          cross.row(a * factor + level).segment(b * k, k) += w * design.row(r);
        }
        for (Eigen::Index i = 0; i < k; ++i) {
          given.row(a * k + i).segment(b * k, k) += w * design(r, i) * design.row(r);
        }
      }
    }
  }
  given.diagonal().array() += kRidge;
  Eigen::MatrixXd variance = own - cross * given.ldlt().solve(cross.transpose());
  variance.diagonal().array() += kRidge;
  return std::max(0.0, score.dot(variance.ldlt().solve(score)));
}

}  // namespace polycause
