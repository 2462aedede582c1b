#include "model/shared_content.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/condition_basis.h"
#include "model/kernels.h"

namespace polycause {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;

constexpr std::size_t kRows = 64;  // samples per pass
constexpr int kRowsInt = static_cast<int>(kRows);
constexpr double kRidge = 1e-3;
constexpr double kLeast = 1e-8;
constexpr double kLeastCode = 0.05;  // of a white code what is known leaves less: nothing

std::size_t area(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// (d, d) symmetric map that makes the columns of centred x white, but for directions in which they
/// vary less than `least`.
Matrix white_map(const Matrix& x, double least) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(x.transpose() * x /
                                                     static_cast<double>(x.rows()));
  const Eigen::VectorXd scale = solver.eigenvalues().cwiseMax(least).cwiseSqrt().cwiseInverse();
  return solver.eigenvectors() * scale.asDiagonal() * solver.eigenvectors().transpose();
}

}  // namespace

void regress_out(const Conditions& conditions, const std::vector<std::uint32_t>& rows, int d,
                 std::vector<double>& x) {
  Eigen::Map<RowMatrix> values(x.data(), static_cast<Index>(rows.size()), d);
  values.rowwise() -= values.colwise().mean().eval();
  if (conditions.count == 0) return;
  Matrix f = condition_basis(conditions, rows);
  f.rowwise() -= f.colwise().mean().eval();
  Matrix gram = f.transpose() * f;
  gram.diagonal().array() += kRidge * static_cast<double>(rows.size());
  const Matrix fitted = f * gram.ldlt().solve(f.transpose() * values);
  values -= fitted;
}

SharedContent::SharedContent(std::vector<int> widths, int latents, int hidden)
    : widths_(std::move(widths)), latents_(latents), hidden_(hidden) {
  std::size_t end = 0;
  for (const int width : widths_) {
    encoders_.emplace_back(width, hidden, latents, end);
    end += encoders_.back().size();
    linear_.push_back(end);
    end += area(width, padded(latents));
    end = (end + kPad - 1) / kPad * kPad;
  }
  theta_.assign(end, 0.0f);
  const auto k = static_cast<std::size_t>(latents);
  whitening_.assign(k + k * k, 0.0);
  for (std::size_t i = 0; i < k; ++i) whitening_[k + i * k + i] = 1;
}

void SharedContent::initialise(const Input& input, const std::vector<std::uint32_t>& rows,
                               const Conditions& known, Random& random) {
  Index total = 0;
  for (const int width : widths_) total += width;
  const auto n = static_cast<Index>(rows.size());
  Matrix all(n, total);  // every member's code, white
  std::vector<Matrix> maps;
  Index at = 0;
  for (std::size_t v = 0; v < members(); ++v) {
    const int width = widths_[v];
    std::vector<double> values;
    for (const std::uint32_t row : rows) {
      const float* from = input.u[v] + row * static_cast<std::size_t>(width);
      values.insert(values.end(), from, from + width);
    }
    regress_out(known, rows, width, values);
    const Matrix x = Eigen::Map<const RowMatrix>(values.data(), n, width);
    maps.push_back(white_map(x, kLeastCode));
    all.middleCols(at, width) = x * maps.back();
    at += width;
  }
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(all.transpose() * all /
                                                     static_cast<double>(n));
  at = 0;
  for (std::size_t v = 0; v < members(); ++v) {
    encoders_[v].initialise(theta_.data(), random, 0.1);
    const int width = widths_[v];
    // Largest eigenvalues last. A direction that all V members have in common has eigenvalue V.
    const Matrix top =
        solver.eigenvectors().block(at, total - latents_, width, latents_).rowwise().reverse();
    const Matrix w = maps[v] * top * std::sqrt(static_cast<double>(members()));
    for (int i = 0; i < width; ++i) {
      for (int j = 0; j < latents_; ++j)
        theta_[linear_[v] + area(i, padded(latents_)) + static_cast<std::size_t>(j)] =
            static_cast<float>(w(i, j));
    }
    at += width;
  }
}

void SharedContent::encode(std::size_t member, const float* u, const std::uint32_t* rows,
                           std::size_t count, float* out) const {
  const auto width = static_cast<std::size_t>(widths_[member]);
  const int k_p = padded(latents_);
  const auto k = static_cast<std::size_t>(latents_);
  std::vector<float> in(kRows * width);
  std::vector<float> code(area(kRowsInt, k_p));
  std::vector<float> memory(encoders_[member].memory(kRowsInt));
  for (std::size_t first = 0; first < count; first += kRows) {
    const std::size_t some = std::min(kRows, count - first);
    for (std::size_t t = 0; t < kRows; ++t)
      std::memcpy(&in[t * width], u + rows[first + (t < some ? t : 0)] * width,
                  width * sizeof(float));
    encoders_[member].forward(theta_.data(), kRowsInt, in.data(), widths_[member], 1, memory.data(),
                              code.data());
    kernels().gemm(kRowsInt, widths_[member], k_p, in.data(), widths_[member], 1,
                   theta_.data() + linear_[member], k_p, code.data(), k_p, true, nullptr);
    for (std::size_t t = 0; t < some; ++t)
      std::copy_n(&code[t * static_cast<std::size_t>(k_p)], k, out + (first + t) * k);
  }
}

std::vector<double> SharedContent::means(const Input& input,
                                         const std::vector<std::uint32_t>& rows) const {
  const auto k = static_cast<std::size_t>(latents_);
  std::vector<double> mean(rows.size() * k, 0.0);
  std::vector<double> there(rows.size(), 0.0);
  std::vector<float> out(rows.size() * k);
  for (std::size_t v = 0; v < members(); ++v) {
    encode(v, input.u[v], rows.data(), rows.size(), out.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!input.has(rows[i], v)) continue;
      for (std::size_t j = 0; j < k; ++j) mean[i * k + j] += static_cast<double>(out[i * k + j]);
      ++there[i];
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < k; ++j) mean[i * k + j] /= std::max(1.0, there[i]);
  }
  return mean;
}

std::vector<float> SharedContent::targets(const Input& input,
                                          const std::vector<std::uint32_t>& rows,
                                          const Conditions& known) const {
  std::vector<double> mean = means(input, rows);
  regress_out(known, rows, latents_, mean);
  const auto n = static_cast<Index>(rows.size());
  const Matrix x = Eigen::Map<const RowMatrix>(mean.data(), n, latents_);
  const RowMatrix white = x * white_map(x, kLeast);
  std::vector<float> out(mean.size());
  std::copy(white.data(), white.data() + white.size(), out.begin());
  return out;
}

double SharedContent::gradient(std::size_t member, const float* u, const std::uint32_t* rows,
                               const float* target, std::size_t count,
                               std::vector<float>& gradient) const {
  const Mlp& net = encoders_[member];
  const int width = widths_[member];
  const int k_p = padded(latents_);
  const auto k = static_cast<std::size_t>(latents_);
  const auto stride = static_cast<std::size_t>(width);
  std::vector<float> in(kRows * stride);
  std::vector<float> out(area(kRowsInt, k_p));
  std::vector<float> memory(net.memory(kRowsInt));
  std::vector<float> scratch(net.scratch(kRowsInt));
  std::vector<float> transposed(net.transposed_size());
  net.transpose(theta_.data(), transposed.data());
  const float scale = 2.0f / static_cast<float>(count * k);
  double total = 0;
  for (std::size_t first = 0; first < count; first += kRows) {
    const std::size_t some = std::min(kRows, count - first);
    for (std::size_t t = 0; t < kRows; ++t)
      std::memcpy(&in[t * stride], u + rows[first + (t < some ? t : 0)] * stride,
                  stride * sizeof(float));
    net.forward(theta_.data(), kRowsInt, in.data(), width, 1, memory.data(), out.data());
    kernels().gemm(kRowsInt, width, k_p, in.data(), width, 1, theta_.data() + linear_[member], k_p,
                   out.data(), k_p, true, nullptr);
    for (std::size_t t = 0; t < kRows; ++t) {
      float* at = &out[t * static_cast<std::size_t>(k_p)];
      for (std::size_t j = 0; j < static_cast<std::size_t>(k_p); ++j) {
        const float error = t < some && j < k ? at[j] - target[(first + t) * k + j] : 0.0f;
        total += static_cast<double>(error * error);
        at[j] = scale * error;
      }
    }
    net.backward(transposed.data(), kRowsInt, in.data(), width, 1, memory.data(), out.data(),
                 scratch.data(), gradient.data(), nullptr);
    kernels().gemm(width, kRowsInt, k_p, in.data(), 1, width, out.data(), k_p,
                   gradient.data() + linear_[member], k_p, true, nullptr);
  }
  return total / static_cast<double>(count * k);
}

void SharedContent::whiten(const Input& input, const std::vector<std::uint32_t>& rows) {
  const std::vector<double> mean = means(input, rows);
  Matrix x = Eigen::Map<const RowMatrix>(mean.data(), static_cast<Index>(rows.size()), latents_);
  const Eigen::RowVectorXd centre = x.colwise().mean();
  x.rowwise() -= centre;
  const RowMatrix map = white_map(x, kLeast);
  whitening_.assign(centre.data(), centre.data() + centre.size());
  whitening_.insert(whitening_.end(), map.data(), map.data() + map.size());
}

std::vector<float> SharedContent::estimate(const Input& input) const {
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < input.participants; ++i) {
    for (std::size_t v = 0; v < members(); ++v) {
      if (!input.has(i, v)) continue;
      rows.push_back(static_cast<std::uint32_t>(i));
      break;
    }
  }
  const std::vector<double> mean = means(input, rows);
  const auto k = static_cast<std::size_t>(latents_);
  std::vector<float> out(input.participants * k, 0.0f);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      double value = 0;
      for (std::size_t a = 0; a < k; ++a)
        value += (mean[i * k + a] - whitening_[a]) * whitening_[k + a * k + j];
      out[rows[i] * k + j] = static_cast<float>(value);
    }
  }
  return out;
}

double SharedContent::agreement(const Input& input, const std::vector<std::uint32_t>& rows) const {
  const auto k = static_cast<std::size_t>(latents_);
  double total = 0;
  double pairs = 0;
  for (std::size_t a = 0; a < members(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      std::vector<std::uint32_t> both;
      for (const std::uint32_t row : rows) {
        if (input.has(row, a) && input.has(row, b)) both.push_back(row);
      }
      if (both.size() < 3) continue;
      std::vector<float> x(both.size() * k);
      std::vector<float> y(both.size() * k);
      encode(a, input.u[a], both.data(), both.size(), x.data());
      encode(b, input.u[b], both.data(), both.size(), y.data());
      for (std::size_t j = 0; j < k; ++j) {
        Eigen::VectorXd p(static_cast<Index>(both.size()));
        Eigen::VectorXd q(p.size());
        for (std::size_t i = 0; i < both.size(); ++i) {
          p(static_cast<Index>(i)) = static_cast<double>(x[i * k + j]);
          q(static_cast<Index>(i)) = static_cast<double>(y[i * k + j]);
        }
        p.array() -= p.mean();
        q.array() -= q.mean();
        const double r = p.dot(q) / std::max(1e-12, p.norm() * q.norm());
        total += r > 0 ? r * r : 0;
        ++pairs;
      }
    }
  }
  return pairs > 0 ? total / pairs : 0;
}

}  // namespace polycause
