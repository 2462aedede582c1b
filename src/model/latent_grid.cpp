#include "model/latent_grid.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::RowVectorXf;
using Eigen::VectorXd;
using Eigen::VectorXf;

constexpr int kSteps = 3;        // of ascent per round
constexpr double kLeast = 1e-4;  // variance of clusters in every direction
constexpr double kFirstSpread = 0.3;
constexpr double kFirstNoise = 0.05;
constexpr double kLooser = 2;  // times the noise, for a grid that was turned

}  // namespace

/// What an ascent needs of participants: sums over them, by cluster.
struct LatentGridModel::Sums {
  VectorXd counts;   // (K,)
  MatrixXd first;    // (K, l)
  MatrixXd squares;  // (K, l (l + 1) / 2)
};

LatentGridModel::LatentGridModel(std::vector<int> outcomes, MatrixXf x)
    : nodes_(static_cast<Index>(outcomes.size())), latents_(x.cols()), x_(std::move(x)) {
  factors_.emplace_back();
  for (Index i = 0; i < nodes_; ++i) factors_.push_back({i});
  for (Index i = 0; i < nodes_; ++i) {
    for (Index j = 0; j <= i; ++j) factors_.push_back({i, j});
  }
  for (Index i = 0; i < nodes_; ++i) {  // three points always lie on a parabola
    if (outcomes[static_cast<std::size_t>(i)] > 3) factors_.push_back({i, i, i});
  }
  for (const int c : outcomes) joint_ *= c;
  positions_.resize(joint_, nodes_);
  own_.resize(joint_, nodes_);
  for (const int c : outcomes) outcomes_ += c;
  for (Index c = 0; c < joint_; ++c) {
    Index rest = c;
    Index first = outcomes_;
    for (Index j = nodes_ - 1; j >= 0; --j) {
      const int own = outcomes[static_cast<std::size_t>(j)];
      first -= own;
      positions_(c, j) = 2.0 * static_cast<double>(rest % own) / (own - 1) - 1;
      own_(c, j) = static_cast<int>(first + rest % own);
      rest /= own;
    }
    at_.push_back(terms(positions_.row(c).transpose()));
  }
  squares_.resize(x_.rows(), latents_ * (latents_ + 1) / 2);
  Index at = 0;
  for (Index a = 0; a < latents_; ++a) {
    for (Index b = 0; b <= a; ++b) squares_.col(at++) = x_.col(a).cwiseProduct(x_.col(b));
  }
  const MatrixXd exact = x_.cast<double>();
  const MatrixXd centred = exact.rowwise() - exact.colwise().mean();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> parts(centred.transpose() * centred /
                                                      static_cast<double>(exact.rows()));
  widest_ = MatrixXd::Zero(latents_, nodes_);
  for (Index k = 0; k < std::min(latents_, nodes_); ++k) {
    const Index from = latents_ - 1 - k;
    widest_.col(k) =
        parts.eigenvectors().col(from) * std::sqrt(std::max(0.0, parts.eigenvalues()(from)));
  }
}

LatentGridModel::Terms LatentGridModel::terms(const VectorXd& t) const {
  const auto size = static_cast<Index>(factors_.size());
  Terms out{VectorXd::Ones(size), MatrixXd::Zero(size, nodes_)};
  for (Index p = 0; p < size; ++p) {
    const std::vector<Index>& factors = factors_[static_cast<std::size_t>(p)];
    for (const Index j : factors) out.value(p) *= t(j);
    for (std::size_t a = 0; a < factors.size(); ++a) {
      double others = 1;
      for (std::size_t b = 0; b < factors.size(); ++b) others *= b == a ? 1 : t(factors[b]);
      out.gradient(p, factors[a]) += others;
    }
  }
  return out;
}

LatentGrid LatentGridModel::straight(const MatrixXd& directions, double whole, bool even) const {
  MatrixXd axes = widest_;
  if (even) {
    for (Index k = 0; k < nodes_; ++k) axes.col(k) /= std::max(1e-9, axes.col(k).norm());
  }
  LatentGrid grid;
  grid.shape = MatrixXd::Zero(static_cast<Index>(factors_.size()), latents_);
  grid.shape.block(1, 0, nodes_, latents_) = whole * (axes * directions).transpose();
  grid.log_spread = VectorXd::Constant(outcomes_, std::log(kFirstSpread));
  grid.log_noise = VectorXd::Constant(latents_, std::log(kFirstNoise));
  grid.log_joint = VectorXd::Constant(joint_, -std::log(static_cast<double>(joint_)));
  return grid;
}

LatentGrid LatentGridModel::turned(const LatentGrid& grid, const MatrixXd& turn) const {
  // h(turn t) has the same terms: their coefficients from enough points.
  const auto size = static_cast<Index>(factors_.size());
  const Index points = 4 * size;
  MatrixXd from(points, size);
  MatrixXd to(points, latents_);
  for (Index i = 0; i < points; ++i) {
    VectorXd t(nodes_);
    for (Index j = 0; j < nodes_; ++j)  // spread over the cube, alike on every machine
      t(j) = 2 * std::fmod(0.5 + static_cast<double>(i + 1) *
                                     std::sqrt(2.0 + 3.0 * static_cast<double>(j)),
                           1.0) -
             1;
    from.row(i) = terms(t).value.transpose();
    to.row(i) = (grid.shape.transpose() * terms(turn * t).value).transpose();
  }
  LatentGrid out = grid;
  out.shape = from.colPivHouseholderQr().solve(to);
  out.log_spread.setConstant(std::log(kFirstSpread));
  out.log_noise.array() += std::log(kLooser);
  out.log_joint.setConstant(-std::log(static_cast<double>(joint_)));
  return out;
}

MatrixXd LatentGridModel::spreads(const LatentGrid& grid) const {
  MatrixXd out(joint_, nodes_);
  for (Index c = 0; c < joint_; ++c) {
    for (Index j = 0; j < nodes_; ++j) out(c, j) = std::exp(grid.log_spread(own_(c, j)));
  }
  return out;
}

std::vector<LatentGridModel::Cluster> LatentGridModel::clusters(const LatentGrid& grid) const {
  const MatrixXd spread = spreads(grid);
  const VectorXd noise = grid.log_noise.array().exp() + kLeast;
  std::vector<Cluster> all(static_cast<std::size_t>(joint_));
  for (std::size_t c = 0; c < all.size(); ++c) {
    Cluster& own = all[c];
    own.mean = grid.shape.transpose() * at_[c].value;
    own.jacobian = grid.shape.transpose() * at_[c].gradient;
    own.spread = spread.row(static_cast<Index>(c)).transpose().cwiseAbs2();
    MatrixXd covariance = own.jacobian * own.spread.asDiagonal() * own.jacobian.transpose();
    covariance.diagonal() += noise;
    const Eigen::LLT<MatrixXd> root(covariance);
    own.root = root.matrixL().solve(MatrixXd::Identity(latents_, latents_));
    own.log_scale = -own.root.diagonal().array().log().sum();
  }
  return all;
}

double LatentGridModel::responsibilities(const LatentGrid& grid, Index rows,
                                         MatrixXf& gamma) const {
  const std::vector<Cluster> all = clusters(grid);
  gamma.resize(rows, joint_);
  for (Index c = 0; c < joint_; ++c) {
    const Cluster& own = all[static_cast<std::size_t>(c)];
    const MatrixXf root = own.root.cast<float>();
    const RowVectorXf centre = (own.root * own.mean).cast<float>().transpose();
    gamma.col(c) =
        (-0.5F * ((x_.topRows(rows) * root.transpose()).rowwise() - centre).rowwise().squaredNorm())
            .array() +
        static_cast<float>(grid.log_joint(c) - own.log_scale);
  }
  const VectorXf top = gamma.rowwise().maxCoeff();
  gamma.colwise() -= top;
  gamma.array() = gamma.array().exp();
  const VectorXf sum = gamma.rowwise().sum();
  gamma.array().colwise() /= sum.array();
  return (top.array() + sum.array().log()).cast<double>().mean() -
         0.5 * static_cast<double>(latents_) * std::log(2 * std::acos(-1.0));
}

/// Of the expected log density per participant, by shape (P, l), log_spread and log_noise. Given
/// responsibilities it needs no participants, only their sums by cluster.
VectorXd LatentGridModel::gradient(const LatentGrid& grid, const Sums& sums, double ridge) const {
  const std::vector<Cluster> all = clusters(grid);
  MatrixXd by_shape = MatrixXd::Zero(grid.shape.rows(), latents_);
  VectorXd by_spread = VectorXd::Zero(outcomes_);
  VectorXd by_noise = VectorXd::Zero(latents_);
  MatrixXd around(latents_, latents_);
  for (Index c = 0; c < joint_; ++c) {
    const double count = sums.counts(c);
    if (count < 1e-6) continue;
    const Cluster& own = all[static_cast<std::size_t>(c)];
    const Terms& term = at_[static_cast<std::size_t>(c)];
    const MatrixXd precision = own.root.transpose() * own.root;
    const VectorXd sum = sums.first.row(c).transpose();
    Index at = 0;
    for (Index a = 0; a < latents_; ++a) {
      for (Index b = 0; b <= a; ++b) around(a, b) = around(b, a) = sums.squares(c, at++);
    }
    around += -sum * own.mean.transpose() - own.mean * sum.transpose() +
              count * own.mean * own.mean.transpose();
    const VectorXd by_mean = precision * (sum - count * own.mean);
    const MatrixXd by_covariance = 0.5 * (precision * around * precision - count * precision);
    const MatrixXd pulled = by_covariance * own.jacobian;  // (l, L)
    by_shape += term.value * by_mean.transpose() +
                term.gradient * (2 * pulled * own.spread.asDiagonal()).transpose();
    for (Index j = 0; j < nodes_; ++j)
      by_spread(own_(c, j)) += 2 * own.jacobian.col(j).dot(pulled.col(j)) * own.spread(j);
    by_noise += by_covariance.diagonal();
  }
  const double total = sums.counts.sum();
  by_shape /= total;
  for (Index p = 0; p < by_shape.rows(); ++p) {
    const std::size_t order = factors_[static_cast<std::size_t>(p)].size();
    if (order > 1)
      by_shape.row(p) -= 2 * ridge * static_cast<double>(order - 1) * grid.shape.row(p);
  }
  VectorXd out(by_shape.size() + outcomes_ + latents_);
  out << Eigen::Map<const VectorXd>(by_shape.data(), by_shape.size()), by_spread / total,
      by_noise.cwiseProduct(grid.log_noise.array().exp().matrix()) / total;
  return out;
}

double LatentGridModel::price(const LatentGrid& grid, double ridge) const {
  double sum = 0;
  for (Index p = 0; p < grid.shape.rows(); ++p) {
    const std::size_t order = factors_[static_cast<std::size_t>(p)].size();
    if (order > 1) sum += static_cast<double>(order - 1) * grid.shape.row(p).squaredNorm();
  }
  return ridge * sum;
}

void LatentGridModel::improve(LatentGrid& grid, Index rows, int rounds, double rate,
                              double ridge) const {
  rows = std::min(rows, x_.rows());
  const Index terms = grid.shape.size();
  VectorXd mean = VectorXd::Zero(terms + outcomes_ + latents_);
  VectorXd square = mean;
  MatrixXf gamma;
  Sums sums;
  double first_decay = 1;
  double second_decay = 1;
  for (int round = 0; round < rounds; ++round) {
    responsibilities(grid, rows, gamma);
    sums.counts = gamma.colwise().sum().transpose().cast<double>();
    sums.first = (gamma.transpose() * x_.topRows(rows)).cast<double>();
    sums.squares = (gamma.transpose() * squares_.topRows(rows)).cast<double>();
    grid.log_joint = ((sums.counts.array() + 1.0 / static_cast<double>(joint_)) /
                      (static_cast<double>(rows) + 1))
                         .log();
    const double share = 0.5 * (1 + std::cos(std::acos(-1.0) * round / rounds));
    for (int step = 0; step < kSteps; ++step) {  // Adam
      const VectorXd slope = gradient(grid, sums, ridge);
      mean = 0.9 * mean + 0.1 * slope;
      square = 0.99 * square + 0.01 * slope.cwiseAbs2();
      first_decay *= 0.9;
      second_decay *= 0.99;
      const VectorXd move = rate * (0.05 + 0.95 * share) * (mean / (1 - first_decay)).array() /
                            ((square / (1 - second_decay)).array().sqrt() + 1e-8);
      Eigen::Map<VectorXd>(grid.shape.data(), terms) += move.head(terms);
      grid.log_spread += move.segment(terms, outcomes_);
      grid.log_noise += move.tail(latents_);
    }
  }
  grid.objective = responsibilities(grid, rows, gamma) - price(grid, ridge);
}

MatrixXf LatentGridModel::coordinates(const LatentGrid& grid, const MatrixXf& gamma) const {
  const std::vector<Cluster> all = clusters(grid);
  MatrixXf t = MatrixXf::Zero(x_.rows(), nodes_);
  for (Index c = 0; c < joint_; ++c) {
    const Cluster& own = all[static_cast<std::size_t>(c)];
    const MatrixXf gain =
        (own.spread.asDiagonal() * own.jacobian.transpose() * own.root.transpose() * own.root)
            .cast<float>();  // (L, l)
    const MatrixXf away = x_.rowwise() - own.mean.cast<float>().transpose();
    const MatrixXf at = (away * gain.transpose()).rowwise() + positions_.row(c).cast<float>();
    t += (at.array().colwise() * gamma.col(c).array()).matrix();
  }
  return t;
}

MatrixXf LatentGridModel::terms_at(const MatrixXf& t) const {
  MatrixXf out(t.rows(), static_cast<Index>(factors_.size()));
  for (Index i = 0; i < t.rows(); ++i)
    out.row(i) = terms(t.row(i).transpose().cast<double>()).value.transpose().cast<float>();
  return out;
}

}  // namespace polycause
