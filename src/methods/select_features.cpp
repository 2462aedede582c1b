#include "methods/select_features.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/correlation.h"
#include "model/condition_basis.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;

constexpr double kVariance = 0.995;      // share of the variance that the components keep
constexpr double kLeast = 1e-6;          // variance of a component beside the largest
constexpr std::size_t kPoolTo = 400;     // values of a picture or recording after pooling
constexpr std::size_t kBlockRows = 256;  // blocks held at once

/// Mean (1, p) and covariance over `rows`.
Matrix covariance_of(const Matrix& x, Eigen::RowVectorXd& mean) {
  mean = x.colwise().mean();
  const Matrix centred = x.rowwise() - mean;
  return centred.transpose() * centred / static_cast<double>(x.rows());
}

Matrix taken(const std::vector<float>& values, std::size_t width,
             const std::vector<std::uint32_t>& rows) {
  Matrix x(static_cast<Index>(rows.size()), static_cast<Index>(width));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j)
      x(static_cast<Index>(i), static_cast<Index>(j)) =
          static_cast<double>(values[rows[i] * width + j]);
  }
  return x;
}

/// White components of all rows of `values`, scaled over `rows`.
Rows whitened(const std::vector<float>& values, std::size_t width,
              const std::vector<std::uint32_t>& rows, std::size_t most) {
  Eigen::RowVectorXd mean;
  const Matrix covariance = covariance_of(taken(values, width, rows), mean);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
  const Eigen::VectorXd variances = solver.eigenvalues().reverse();  // largest first
  const double total = std::max(1e-300, variances.cwiseMax(0).sum());
  Index kept = 0;
  double sum = 0;
  while (kept < variances.size() && kept < static_cast<Index>(most) && sum < kVariance * total &&
         variances(kept) > kLeast * variances(0)) {
    sum += variances(kept++);
  }
  Rows out;
  out.width = static_cast<int>(kept);
  if (kept == 0) return out;
  const Matrix map = solver.eigenvectors().rowwise().reverse().leftCols(kept) *
                     variances.head(kept).cwiseSqrt().cwiseInverse().asDiagonal();
  const std::size_t n = values.size() / width;
  out.values.resize(n * static_cast<std::size_t>(kept));
  Eigen::RowVectorXd row(static_cast<Index>(width));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < width; ++j)
      row(static_cast<Index>(j)) = static_cast<double>(values[i * width + j]);
    const Eigen::RowVectorXd u = (row - mean) * map;
    for (Index k = 0; k < kept; ++k)
      out.values[i * static_cast<std::size_t>(kept) + static_cast<std::size_t>(k)] =
          static_cast<float>(u(k));
  }
  return out;
}

/// Every column by its ranks over `rows`, as a normal variable: what single participants far out do
/// to a component, and components that only they have, do not count. 0 for all others.
void make_normal(const std::vector<std::uint32_t>& rows, Rows& x) {
  const auto width = static_cast<std::size_t>(x.width);
  std::vector<double> column(rows.size());
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      column[i] = static_cast<double>(x.values[rows[i] * width + k]);
    const std::vector<double> normal = rank_normal(column);
    for (std::size_t i = k; i < x.values.size(); i += width) x.values[i] = 0.0f;
    for (std::size_t i = 0; i < rows.size(); ++i)
      x.values[rows[i] * width + k] = static_cast<float>(normal[i]);
  }
}

/// Means over patches of the blocks, (n, channels * patches); missing values leave their patch.
std::vector<float> pooled(const Blocks& blocks, std::size_t& width) {
  const BlockShape& shape = blocks.shape();
  const std::size_t most = std::max<std::size_t>(1, kPoolTo / shape.channels);
  std::size_t side = 1;  // of a patch; a recording has height 1
  const auto patches = [&](std::size_t length) { return (length + side - 1) / side; };
  while (patches(shape.height) * patches(shape.width) > most) ++side;
  const std::size_t high = patches(shape.height);
  const std::size_t wide = patches(shape.width);
  width = shape.channels * high * wide;
  std::vector<float> out(blocks.participants() * width, 0.0f);
  std::vector<float> raw(kBlockRows * shape.size());
  std::vector<std::uint32_t> rows;
  std::vector<double> sums(width);
  std::vector<double> counts(width);
  const auto flush = [&] {
    if (rows.empty()) return;
    blocks.read(rows.data(), rows.size(), raw.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::fill(sums.begin(), sums.end(), 0.0);
      std::fill(counts.begin(), counts.end(), 0.0);
      const float* value = raw.data() + i * shape.size();
      for (std::size_t c = 0; c < shape.channels; ++c) {
        for (std::size_t h = 0; h < shape.height; ++h) {
          for (std::size_t w = 0; w < shape.width; ++w, ++value) {
            if (std::isnan(*value)) continue;
            const std::size_t at = (c * high + h / side) * wide + w / side;
            sums[at] += static_cast<double>(*value);
            counts[at] += 1;
          }
        }
      }
      for (std::size_t j = 0; j < width; ++j)
        out[rows[i] * width + j] = static_cast<float>(counts[j] > 0 ? sums[j] / counts[j] : 0.0);
    }
    rows.clear();
  };
  for (std::size_t i = 0; i < blocks.participants(); ++i) {
    if (!blocks.present(i)) continue;
    rows.push_back(static_cast<std::uint32_t>(i));
    if (rows.size() == kBlockRows) flush();
  }
  flush();
  return out;
}

}  // namespace

Rows principal_components(const StagedProblem& problem, std::size_t m,
                          const std::vector<std::uint32_t>& rows, std::size_t most) {
  Rows x;
  if (problem.blocks[m]) {
    std::size_t width = 0;
    const std::vector<float> values = pooled(*problem.blocks[m], width);
    x = whitened(values, width, rows, most);
  } else {
    const Cells& cells = problem.cells[m];
    x = whitened(cells.x, static_cast<std::size_t>(cells.width), rows, most);
  }
  make_normal(rows, x);
  return joint_components({&x}, rows);
}

Rows joint_components(const std::vector<const Rows*>& parts,
                      const std::vector<std::uint32_t>& rows) {
  std::size_t width = 0;
  for (const Rows* part : parts) width += static_cast<std::size_t>(part->width);
  std::size_t n = 0;
  for (const Rows* part : parts) {
    if (part->width > 0) n = part->values.size() / static_cast<std::size_t>(part->width);
  }
  if (width == 0) return {};
  std::vector<float> values(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    float* to = values.data() + i * width;
    for (const Rows* part : parts) {
      const auto own = static_cast<std::size_t>(part->width);
      std::copy_n(part->values.data() + i * own, own, to);
      to += own;
    }
  }
  return whitened(values, width, rows, width);
}

void partial_out(const Conditions& conditions, const std::vector<std::uint32_t>& rows, Rows& y) {
  if (conditions.count == 0 || y.width == 0) return;
  const auto width = static_cast<std::size_t>(y.width);
  const auto functions = [&](const std::vector<std::uint32_t>& of) {
    const Matrix basis = condition_basis(conditions, of);
    Matrix f(basis.rows(), basis.cols() + 1);
    f << Eigen::VectorXd::Ones(f.rows()), basis;
    return f;
  };
  const Matrix f = functions(rows);
  Matrix gram = f.transpose() * f;
  gram.diagonal().array() += 1e-3 * static_cast<double>(rows.size());
  const Matrix beta = gram.ldlt().solve(f.transpose() * taken(y.values, width, rows));
  std::vector<std::uint32_t> all(y.values.size() / width);
  std::iota(all.begin(), all.end(), 0u);
  const Matrix fitted = functions(all) * beta;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < width; ++j)
      y.values[i * width + j] -=
          static_cast<float>(fitted(static_cast<Index>(i), static_cast<Index>(j)));
  }
}

}  // namespace polycause
