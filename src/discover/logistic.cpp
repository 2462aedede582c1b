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

}  // namespace

double logistic_likelihood(const Eigen::MatrixXd& design, const std::vector<int>& outcome,
                           int classes) {
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
  return likelihood;
}

}  // namespace polycause
