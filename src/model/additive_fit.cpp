#include "model/additive_fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/spread.h"
#include "model/kernels.h"
#include "model/moments.h"

namespace polycause {
namespace {

constexpr int kIterations = 12;
constexpr double kRidge = 1e-3;  // per row
constexpr double kHalfLogTwoPi = 0.91893853320467274178;

struct Noise {
  std::array<double, kMixture> weight{};
  std::array<double, kMixture> mean{};
  std::array<double, kMixture> variance{};
};

double density_of(const Noise& noise, double e, std::array<double, kMixture>& share) {
  double total = 0;
  for (std::size_t k = 0; k < kMixture; ++k) {
    const double d = e - noise.mean[k];
    share[k] = noise.weight[k] * std::exp(-0.5 * d * d / noise.variance[k] -
                                          0.5 * std::log(noise.variance[k]) - kHalfLogTwoPi);
    total += share[k];
  }
  total = std::max(total, 1e-300);
  for (double& s : share) s /= total;
  return total;
}

}  // namespace

AdditiveScores::AdditiveScores(const std::vector<float>& z, std::size_t latents,
                               const std::vector<std::uint32_t>& train,
                               const std::vector<std::uint32_t>& validation, std::size_t most,
                               const Conditions& conditions)
    : latents_(latents), columns_(latents + conditions.count), held_out_(spread(validation, most)) {
  std::vector<std::uint32_t> rows = spread(train, most);
  train_ = rows.size();
  rows.insert(rows.end(), held_out_.begin(), held_out_.end());
  z_.resize(rows.size() * columns_);
  basis_.resize(rows.size() * columns_ * kBasis);
  for (std::size_t j = 0; j < latents; ++j) add_column(z, latents, j, rows, j);
  for (std::size_t c = 0; c < conditions.count; ++c)
    add_column(conditions.values, conditions.count, c, rows, latents + c);
}

void AdditiveScores::add_column(const std::vector<float>& values, std::size_t stride,
                                std::size_t at, const std::vector<std::uint32_t>& rows,
                                std::size_t j) {
  const auto [mean, sd] = moments_of(values, stride, at, rows, train_);
  std::array<double, kBasis> centre{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double v = (static_cast<double>(values[rows[i] * stride + at]) - mean) / sd;
    z_[i * columns_ + j] = v;
    double* f = basis_.data() + (i * columns_ + j) * kBasis;
    f[0] = 0.5 * v;
    for (int k = 1; k < kBasis; ++k) f[k] = std::tanh(1.25 * (v - 0.7 * (k - 4)));
    if (i < train_) {
      for (std::size_t k = 0; k < kBasis; ++k) centre[k] += f[k];
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double* f = basis_.data() + (i * columns_ + j) * kBasis;
    for (std::size_t k = 0; k < kBasis; ++k) f[k] -= centre[k] / static_cast<double>(train_);
  }
}

const AdditiveScores::Score& AdditiveScores::score(std::size_t target,
                                                   std::vector<std::size_t>& parents) {
  std::sort(parents.begin(), parents.end());
  const auto key = std::make_pair(target, parents);
  if (const auto found = cache_.find(key); found != cache_.end()) return found->second;
  std::vector<std::size_t> inputs = parents;
  for (std::size_t c = latents_; c < columns_; ++c) inputs.push_back(c);
  const auto columns = static_cast<Eigen::Index>(inputs.size() * kBasis + 1);
  const auto n = static_cast<Eigen::Index>(train_ + held_out_.size());
  Eigen::MatrixXd x(n, columns);
  Eigen::VectorXd y(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    y(i) = z_[static_cast<std::size_t>(i) * columns_ + target];
    x(i, 0) = 1;
    for (std::size_t p = 0; p < inputs.size(); ++p) {
      const double* f =
          basis_.data() + (static_cast<std::size_t>(i) * columns_ + inputs[p]) * kBasis;
      for (int k = 0; k < kBasis; ++k) x(i, static_cast<Eigen::Index>(p * kBasis) + k + 1) = f[k];
    }
  }
  const auto rows = static_cast<Eigen::Index>(train_);
  const auto train_x = x.topRows(rows);
  const auto train_y = y.head(rows);
  const double ridge = kRidge * static_cast<double>(train_);
  Eigen::MatrixXd gram = train_x.transpose() * train_x;
  gram.diagonal().array() += ridge;
  Eigen::VectorXd beta = gram.ldlt().solve(train_x.transpose() * train_y);
  // Noise: start from quantiles of the residual, then alternate noise and weighted regression (EM).
  Eigen::VectorXd residual = train_y - train_x * beta;
  const double variance = std::max(1e-8, residual.squaredNorm() / static_cast<double>(train_));
  const double sd = std::sqrt(variance);
  Noise noise;
  const std::array<double, kMixture> start_mean = {-0.9, 0.0, 0.0, 0.9};
  const std::array<double, kMixture> start_sd = {0.8, 0.3, 1.4, 0.8};
  for (std::size_t k = 0; k < kMixture; ++k) {
    noise.weight[k] = 1.0 / kMixture;
    noise.mean[k] = start_mean[k] * sd;
    noise.variance[k] = variance * start_sd[k] * start_sd[k];
  }
  std::array<double, kMixture> share{};
  Eigen::VectorXd weight(rows);
  Eigen::VectorXd pseudo(rows);
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    std::array<double, kMixture> count{};
    std::array<double, kMixture> sum{};
    std::array<double, kMixture> squares{};
    for (Eigen::Index i = 0; i < rows; ++i) {
      density_of(noise, residual(i), share);
      double w = 0;
      double t = 0;
      for (std::size_t k = 0; k < kMixture; ++k) {
        count[k] += share[k];
        sum[k] += share[k] * residual(i);
        squares[k] += share[k] * residual(i) * residual(i);
        w += share[k] / noise.variance[k];
        t += share[k] * noise.mean[k] / noise.variance[k];
      }
      weight(i) = w;
      pseudo(i) = train_y(i) - t / w;  // residual pulled by the component means
    }
    for (std::size_t k = 0; k < kMixture; ++k) {
      const double c = std::max(count[k], 1e-6);
      noise.weight[k] = c / static_cast<double>(train_);
      noise.mean[k] = sum[k] / c;
      noise.variance[k] = std::max(1e-3 * variance, squares[k] / c - noise.mean[k] * noise.mean[k]);
    }
    // The regression changes little after a few rounds; the noise needs more.
    if (!inputs.empty() && iteration % 3 == 2) {
      const Eigen::MatrixXd weighted = train_x.array().colwise() * weight.array();
      gram = weighted.transpose() * train_x;
      gram.diagonal().array() += ridge / variance;
      beta = gram.ldlt().solve(weighted.transpose() * pseudo);
      residual = train_y - train_x * beta;
    }
  }
  Score result;
  result.each.resize(held_out_.size());
  for (std::size_t i = 0; i < held_out_.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(train_ + i);
    const double e = y(row) - x.row(row) * beta;
    const double nll = -std::log(density_of(noise, e, share));
    result.each[i] = static_cast<float>(nll);
    result.mean += nll / static_cast<double>(held_out_.size());
  }
  return cache_.emplace(key, std::move(result)).first->second;
}

double AdditiveScores::validation_nll(std::size_t target, std::vector<std::size_t> parents) {
  return score(target, parents).mean;
}

std::pair<double, double> AdditiveScores::difference(const std::vector<std::vector<std::size_t>>& a,
                                                     const std::vector<std::vector<std::size_t>>& b,
                                                     const std::vector<std::size_t>& groups) {
  std::vector<double> each(held_out_.size(), 0.0);
  for (std::size_t i = 0; i < latents_; ++i) {
    std::vector<std::size_t> first = a[i];
    std::vector<std::size_t> second = b[i];
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
    if (first == second) continue;
    const std::vector<float>& before = score(i, first).each;
    const std::vector<float>& after = score(i, second).each;
    for (std::size_t row = 0; row < held_out_.size(); ++row) {
      each[row] += static_cast<double>(after[row]) - static_cast<double>(before[row]);
    }
  }
  const auto n = static_cast<double>(each.size());
  const double mean = std::accumulate(each.begin(), each.end(), 0.0) / n;
  std::map<std::size_t, double> sums;  // about the mean; those of other groups are independent
  for (std::size_t i = 0; i < each.size(); ++i)
    sums[groups.empty() ? held_out_[i] : groups[held_out_[i]]] += each[i] - mean;
  double squares = 0;
  for (const auto& [group, sum] : sums) squares += sum * sum;
  return {mean, std::sqrt(squares) / n};
}

}  // namespace polycause
