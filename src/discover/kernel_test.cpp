#include "discover/kernel_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <map>

#include "base/random.h"
#include "discover/features.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr std::size_t kMostRows = 5000;
constexpr double kRidge =
    1e-3;  // of the regression on the conditioning set, as in the paper's code
constexpr Index kFeatures = 10;  // of x and of y
constexpr Index kGivenFeatures = 100;
constexpr Index kWidthCount = 3;
constexpr double kWidths[kWidthCount] = {1, 0.5, 0.25};  // shares of the median distance

// exp(-|a - b|^2 * scale / 2), centred.
MatrixXd centred_kernel(const MatrixXd& points, double scale) {
  const Eigen::VectorXd norm = points.rowwise().squaredNorm();
  MatrixXd kernel = points * points.transpose();
  kernel *= 2;
  kernel.colwise() -= norm;
  kernel.rowwise() -= norm.transpose();
  kernel = (0.5 * scale * kernel.array().min(0.0)).exp();
  const Eigen::VectorXd mean = kernel.rowwise().mean();
  const double overall = mean.mean();
  kernel.colwise() -= mean;
  kernel.rowwise() -= mean.transpose();
  kernel.array() += overall;
  return kernel;
}

double empirical_scale(std::size_t n, double small, double middle, double large) {
  const double width = n < 200 ? small : n < 1200 ? middle : large;
  return 1 / (width * width);
}

class Kci : public IndependenceTest {
 public:
  explicit Kci(std::shared_ptr<const Dataset> data) : data_(std::move(data)) {}
  std::size_t size() const override { return data_->variables.size(); }
  std::unique_ptr<IndependenceTest> clone() const override { return std::make_unique<Kci>(data_); }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    NodeSet nodes = given;
    nodes.push_back(x);
    nodes.push_back(y);
    const std::vector<std::size_t> rows = rows_with(*data_, nodes);
    if (rows.size() < 10) return {};
    const MatrixXd px = standardised(*data_, {x}, rows);
    const MatrixXd py = standardised(*data_, {y}, rows);
    const auto n = static_cast<double>(rows.size());
    if (given.empty()) {
      const double scale = empirical_scale(rows.size(), 0.8, 0.5, 0.3);
      const MatrixXd kx = centred_kernel(px, scale * static_cast<double>(px.cols()));
      const MatrixXd ky = centred_kernel(py, scale * static_cast<double>(py.cols()));
      const double mean = kx.trace() * ky.trace() / n;
      const double variance = 2 * kx.squaredNorm() * ky.squaredNorm() / (n * n);
      return result(kx, ky, mean, variance, n);
    }
    const MatrixXd pz = standardised(*data_, given, rows);
    MatrixXd pxz(px.rows(), px.cols() + pz.cols());
    pxz << px, 0.5 * pz;
    const double scale =
        empirical_scale(rows.size(), 1.2, 0.7, 0.4) / static_cast<double>(pz.cols());
    // R = eps (Kz + eps I)^-1 takes out what z predicts.
    MatrixXd system = centred_kernel(pz, scale);
    system.diagonal().array() += kRidge;
    const Eigen::LLT<MatrixXd> factor(system);
    if (factor.info() != Eigen::Success) return {};
    const auto take_out = [&](const MatrixXd& kernel) -> MatrixXd {
      const MatrixXd half = kRidge * factor.solve(kernel);
      return kRidge * factor.solve(half.transpose());
    };
    const MatrixXd kx = take_out(centred_kernel(pxz, scale));
    const MatrixXd ky = take_out(centred_kernel(py, scale));
    // Traces of the products of the eigenfunctions, without the eigenfunctions.
    const MatrixXd both = kx.cwiseProduct(ky);
    return result(kx, ky, both.trace(), 2 * both.squaredNorm(), n);
  }

 private:
  static TestResult result(const MatrixXd& kx, const MatrixXd& ky, double mean, double variance,
                           double n) {
    const double statistic = kx.cwiseProduct(ky).sum();
    if (!(variance > 0) || !(mean > 0)) return {};
    const double p =
        boost::math::gamma_q(mean * mean / variance, std::max(statistic, 0.0) * mean / variance);
    const double strength = std::sqrt(std::max(0.0, statistic) / (kx.norm() * ky.norm()));
    return {p, strength, n};
  }

  std::shared_ptr<const Dataset> data_;
};

// Upper tail of a weighted sum of chi-squares from the first three sums of powers of its weights
// (Hall 1983, Buckley and Eagleson 1988).
double weighted_tail(double statistic, double sum, double squares, double cubes) {
  if (!(squares > 0) || !(cubes > 0)) return std::nan("");
  const double variance = 2 * squares;
  const double freedom = 8 * variance * variance * variance / (64 * cubes * cubes);
  const double moved = (statistic - sum) * std::sqrt(2 * freedom / variance) + freedom;
  if (moved <= 0) return 1;
  return boost::math::gamma_q(freedom / 2, moved / 2);
}

class Rcit : public IndependenceTest {
 public:
  Rcit(std::shared_ptr<const Dataset> data, std::uint64_t seed)
      : data_(std::move(data)), seed_(seed) {}
  std::size_t size() const override { return data_->variables.size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<Rcit>(data_, seed_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    NodeSet nodes = given;
    nodes.push_back(x);
    nodes.push_back(y);
    const std::vector<std::size_t> rows = rows_with(*data_, nodes);
    MatrixXd fx = features({x}, rows, kFeatures);
    MatrixXd fy = features({y}, rows, kFeatures);
    if (rows.size() < 20) return {};
    const auto n = static_cast<double>(rows.size());
    if (!given.empty()) {
      const MatrixXd fz = features(given, rows, std::min<Index>(kGivenFeatures, fx.rows() / 4));
      MatrixXd system = fz.transpose() * fz;
      system.diagonal().array() += 1e-10 * n;
      const Eigen::LLT<MatrixXd> factor(system);
      fx -= fz * factor.solve(fz.transpose() * fx);
      fy -= fz * factor.solve(fz.transpose() * fy);
    }
    const MatrixXd covariance = fx.transpose() * fy / n;
    const double statistic = n * covariance.squaredNorm();
    MatrixXd products(fx.rows(), fx.cols() * fy.cols());
    for (Index i = 0; i < fx.cols(); ++i) {
      for (Index j = 0; j < fy.cols(); ++j) {
        products.col(i * fy.cols() + j) = fx.col(i).cwiseProduct(fy.col(j));
      }
    }
    const MatrixXd weights = products.transpose() * products / n;
    const MatrixXd squared = weights * weights;
    const double p = weighted_tail(statistic, weights.trace(), squared.trace(),
                                   squared.cwiseProduct(weights).sum());
    const double scale = (fx.transpose() * fx).norm() * (fy.transpose() * fy).norm();
    const double strength =
        scale > 0 ? std::sqrt(std::min(1.0, n * statistic / scale)) : std::nan("");
    return {p, strength, n};
  }

 private:
  // sqrt(2) cos(w'v + b), centred and scaled; a single discrete variable is its own features.
  MatrixXd features(const NodeSet& nodes, const std::vector<std::size_t>& rows, Index count) const {
    const MatrixXd points = standardised(*data_, nodes, rows);
    if (nodes.size() == 1 && data_->variables[nodes[0]].levels > 0) return points;
    std::uint64_t stream = 0;
    for (const std::size_t node : nodes) stream = stream * 1000003 + node + 1;
    Random random(seed_, "discover.rcit", stream);
    MatrixXd frequency(points.cols(), count);
    Eigen::RowVectorXd phase(count);
    const double scale = 1 / median_distance(points);
    for (Index c = 0; c < count; ++c) {
      // Several widths in turn: one alone is blind to what is much finer or much coarser.
      const double width = kWidths[c % kWidthCount];
      for (Index r = 0; r < frequency.rows(); ++r)
        frequency(r, c) = scale / width * random.normal();
      phase(c) = random.uniform(0, 2 * M_PI);
    }
    MatrixXd result = points * frequency;
    result.rowwise() += phase;
    result = result.array().cos();
    for (Index c = 0; c < count; ++c) {
      result.col(c).array() -= result.col(c).mean();
      const double sd = std::sqrt(result.col(c).squaredNorm() / static_cast<double>(rows.size()));
      if (sd > 0) result.col(c) /= sd;
    }
    return result;
  }

  static double median_distance(const MatrixXd& points) {
    const Index count = std::min<Index>(points.rows(), 300);
    const Index step = std::max<Index>(1, points.rows() / count);  // spread over rows in any order
    std::vector<double> distance;
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < i; ++j) {
        const double d = (points.row(i * step) - points.row(j * step)).norm();
        if (d > 0) distance.push_back(d);
      }
    }
    if (distance.empty()) return 1;
    const auto middle = distance.begin() + static_cast<std::ptrdiff_t>(distance.size() / 2);
    std::nth_element(distance.begin(), middle, distance.end());
    return *middle;
  }

  std::shared_ptr<const Dataset> data_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<IndependenceTest> make_kci(const Dataset& data) {
  if (data.rows > kMostRows) {
    throw DataError(
        data.name.empty() ? "discover" : data.name, 0, "",
        fmt::format("{} rows; expected at most {} for test kci, whose time grows with the "
                    "cube of them; take test rcit",
                    data.rows, kMostRows));
  }
  return std::make_unique<Kci>(std::make_shared<const Dataset>(data));
}

std::unique_ptr<IndependenceTest> make_rcit(const Dataset& data, std::uint64_t seed) {
  return std::make_unique<Rcit>(std::make_shared<const Dataset>(data), seed);
}

}  // namespace polycause
