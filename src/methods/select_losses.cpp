#include "methods/select_losses.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "model/bottleneck.h"

namespace polycause {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;

constexpr double kRidge = 1e-6;    // of the residuals' scatter
constexpr double kFreedom = 5;     // of their t distribution
constexpr int kScatterSteps = 10;  // of its fit by expectation-maximisation

Matrix rows_of(const Rows& from, const std::vector<std::uint32_t>& rows) {
  const auto width = static_cast<std::size_t>(from.width);
  Matrix out(static_cast<Index>(rows.size()), from.width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j)
      out(static_cast<Index>(i), static_cast<Index>(j)) =
          static_cast<double>(from.values[rows[i] * width + j]);
  }
  return out;
}

/// Canonical directions of the training rows: x U is correlated with y V, strongest first.
struct Canonical {
  Matrix u, v;
  Eigen::VectorXd strength;
};

Canonical canonical_of(const Side& side, const std::vector<std::uint32_t>& train) {
  const Matrix cross = rows_of(side.x, train).transpose() * rows_of(side.y, train) /
                       static_cast<double>(train.size());
  const Eigen::JacobiSVD<Matrix> svd(cross, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {svd.matrixU(), svd.matrixV(), svd.singularValues()};
}

std::vector<double> flat(const Matrix& m) {
  const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> r = m;
  return std::vector<double>(r.data(), r.data() + r.size());
}

/// Residuals (rows, D) of the prediction of y by `latents` numbers of x; 0: by its mean.
Matrix residuals(const Bottleneck* bottleneck, const Side& side, const Eigen::RowVectorXd& mean,
                 const std::vector<std::uint32_t>& rows) {
  const Matrix y = rows_of(side.y, rows);
  if (bottleneck == nullptr) return y.rowwise() - mean;
  const std::vector<float> predicted = bottleneck->predict(side.x, rows);
  return y - Eigen::Map<const Eigen::Matrix<float, -1, -1, Eigen::RowMajor>>(predicted.data(),
                                                                             y.rows(), y.cols())
                 .cast<double>();
}

/// q_i = r_i' S^-1 r_i of every row, and log det S / 2.
std::pair<Eigen::RowVectorXd, double> distances(const Matrix& residual, const Matrix& scatter) {
  const Eigen::LLT<Matrix> llt(scatter);
  const Matrix scaled = llt.matrixL().solve(residual.transpose());
  const Matrix lower = llt.matrixL();
  return {scaled.colwise().squaredNorm(), lower.diagonal().array().log().sum()};
}

/// Held-out -log density of y under a t distribution around the prediction, its scatter fitted to
/// the training residuals; without its constant. Heavy tails, since one participant far out would
/// decide a Gaussian's mean. (held out,)
std::vector<float> density_losses(const Matrix& train, const Matrix& held_out) {
  const auto d = static_cast<double>(train.cols());
  const auto n = static_cast<double>(train.rows());
  const auto ridged = [](Matrix scatter) {
    scatter.diagonal().array() += kRidge;
    return scatter;
  };
  Matrix scatter = ridged(train.transpose() * train / n);
  for (int iteration = 0; iteration < kScatterSteps; ++iteration) {
    const Eigen::RowVectorXd q = distances(train, scatter).first;
    const Eigen::VectorXd weights = (kFreedom + d) / (kFreedom + q.array()).transpose();
    scatter = ridged(train.transpose() * weights.asDiagonal() * train / n);
  }
  const auto [q, log_det] = distances(held_out, scatter);
  std::vector<float> losses(static_cast<std::size_t>(held_out.rows()));
  for (std::size_t i = 0; i < losses.size(); ++i)
    losses[i] = static_cast<float>(log_det + 0.5 * (kFreedom + d) *
                                                 std::log1p(q(static_cast<Index>(i)) / kFreedom));
  return losses;
}

}  // namespace

std::vector<std::uint32_t> others(const std::vector<std::vector<std::uint32_t>>& folds,
                                  std::size_t split) {
  std::vector<std::uint32_t> rows;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    if (f != split) rows.insert(rows.end(), folds[f].begin(), folds[f].end());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

Schedule schedule_of(const SelectOptions& options) {
  Schedule schedule;
  schedule.epochs = static_cast<int>(options.epochs);
  schedule.max_steps = 6000;
  schedule.rate = 3e-3;
  schedule.decay = 0.5;
  return schedule;
}

std::vector<float> losses_of(const Side& side, const std::vector<std::uint32_t>& train,
                             const std::vector<std::uint32_t>& held_out, std::int64_t latents,
                             const SelectOptions& options, const Unit& unit,
                             const Checkpoint& checkpoint, Watch& watch) {
  const Schedule schedule = schedule_of(options);
  if (const auto stored = checkpoint.load(unit.name)) {
    watch.advance(unit.name, static_cast<double>(plan_steps(schedule, train.size()).steps));
    return stored->values;
  }
  const Eigen::RowVectorXd mean = rows_of(side.y, train).colwise().mean();
  UnitState state;
  if (latents == 0) {
    state.values = density_losses(residuals(nullptr, side, mean, train),
                                  residuals(nullptr, side, mean, held_out));
  } else {
    const Canonical start = canonical_of(side, train);
    Bottleneck bottleneck(side.x.width, static_cast<int>(latents), side.y.width,
                          static_cast<int>(options.hidden));
    Random random(unit.seed, unit.name + "/init");
    const auto k = static_cast<Index>(latents);
    bottleneck.initialise(
        flat(start.u.leftCols(k)),
        flat(start.strength.head(k).asDiagonal() * start.v.leftCols(k).transpose()), random);
    optimise(bottleneck, side.x, side.y, train, schedule, unit, watch);
    state.values = density_losses(residuals(&bottleneck, side, mean, train),
                                  residuals(&bottleneck, side, mean, held_out));
  }
  state.finished = true;
  checkpoint.save(unit.name, state);
  return state.values;
}

std::vector<double> linear_gains(const Side& side,
                                 const std::vector<std::vector<std::uint32_t>>& folds) {
  std::vector<double> gains;
  for (std::size_t split = 0; split < folds.size(); ++split) {
    const Canonical found = canonical_of(side, others(folds, split));
    const Matrix a = rows_of(side.x, folds[split]) * found.u;
    const Matrix b = rows_of(side.y, folds[split]) * found.v;
    gains.resize(static_cast<std::size_t>(a.cols()), 0.0);
    for (Index k = 0; k < a.cols(); ++k) {
      const Eigen::ArrayXd p = a.col(k).array() - a.col(k).mean();
      const Eigen::ArrayXd q = b.col(k).array() - b.col(k).mean();
      const double r2 =
          (p * q).sum() * (p * q).sum() / std::max(1e-300, p.square().sum() * q.square().sum());
      gains[static_cast<std::size_t>(k)] -=
          0.5 * std::log(std::max(1e-12, 1 - r2)) / static_cast<double>(folds.size());
    }
  }
  return gains;
}

}  // namespace polycause
