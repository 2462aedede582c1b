#include "discover/correlation.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr Eigen::Index kBlock = 64;  // columns of one unit of work

std::string enumerate(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 5) return text + fmt::format(" and {} more", names.size() - i);
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  return text;
}

}  // namespace

std::vector<double> correlation_matrix(const Dataset& data, std::size_t threads) {
  const std::vector<std::size_t> rows = complete_rows(data);
  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto d = static_cast<Eigen::Index>(data.variables.size());
  Eigen::MatrixXd centred(n, d);  // (n, d), columns of norm 1
  parallel_for(data.variables.size(), threads, [&](std::size_t i) {
    const auto column = static_cast<Eigen::Index>(i);
    for (Eigen::Index r = 0; r < n; ++r) {
      centred(r, column) = data.variables[i].values[rows[static_cast<std::size_t>(r)]];
    }
    if (n == 0) return;
    centred.col(column).array() -= centred.col(column).mean();
    const double norm = centred.col(column).norm();
    if (norm > 0) centred.col(column) /= norm;
  });
  std::vector<double> result(data.variables.size() * data.variables.size(), 0.0);
  Eigen::Map<RowMatrix> correlation(result.data(), d, d);
  const Eigen::Index blocks = (d + kBlock - 1) / kBlock;
  parallel_for(static_cast<std::size_t>(blocks), threads, [&](std::size_t b) {
    const Eigen::Index first = static_cast<Eigen::Index>(b) * kBlock;
    const Eigen::Index width = std::min(kBlock, d - first);
    correlation.block(first, 0, width, first + width).noalias() =
        centred.middleCols(first, width).transpose() * centred.leftCols(first + width);
    for (Eigen::Index i = first; i < first + width; ++i) {
      for (Eigen::Index j = first; j < i; ++j) correlation(j, i) = correlation(i, j);
      correlation(i, i) = 1.0;
    }
    correlation.block(0, first, first, width) =
        correlation.block(first, 0, width, first).transpose();
  });
  return result;
}

double gaussian_from_ranks(double r) { return 2 * std::sin(M_PI / 6 * r); }

double partial_correlation(const double* correlation, std::size_t d, std::size_t x, std::size_t y,
                           const NodeSet& given, std::vector<double>& scratch) {
  // Lower Cholesky factor of the sub-matrix ordered (given, x, y): its last two rows hold what is
  // left of x and y, and their correlation is L_yx / |(L_yx, L_yy)|.
  const std::size_t k = given.size() + 2;
  scratch.resize(k * k);
  const auto node = [&](std::size_t i) { return i < k - 2 ? given[i] : i == k - 2 ? x : y; };
  for (std::size_t i = 0; i < k; ++i) {
    const double* row = correlation + node(i) * d;
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = row[node(j)];
      for (std::size_t m = 0; m < j; ++m) sum -= scratch[i * k + m] * scratch[j * k + m];
      if (j < i) {
        scratch[i * k + j] = sum / scratch[j * k + j];
      } else if (i + 1 < k) {
        if (!(sum > kCollinear)) return std::nan("");
        scratch[i * k + i] = std::sqrt(sum);
      } else {
        const double left = scratch[i * k + i - 1];
        const double variance = left * left + std::max(sum, 0.0);
        if (!(variance > kCollinear)) return std::nan("");
        return left / std::sqrt(variance);
      }
    }
  }
  return std::nan("");
}

void check_collinear(const std::vector<double>& correlation, double n,
                     const std::vector<std::string>& names, const std::string& where) {
  const std::size_t d = names.size();
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double r = correlation[i * d + j];
      if (1 - r * r < kCollinear) {
        throw DataError(
            where, 0, names[i],
            fmt::format("is a copy of '{}' up to scale (correlation {}); expected distinct "
                        "columns; leave one of the two out",
                        names[j], r > 0 ? 1 : -1));
      }
    }
  }
  if (n <= static_cast<double>(d) + 1) return;  // every matrix of so few rows is singular
  RowMatrix factor = RowMatrix::Zero(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(d));
  for (Eigen::Index i = 0; i < factor.rows(); ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      const double sum =
          correlation[static_cast<std::size_t>(i) * d + static_cast<std::size_t>(j)] -
          factor.row(i).head(j).dot(factor.row(j).head(j));
      factor(i, j) = sum / factor(j, j);
    }
    const double left = 1 - factor.row(i).head(i).squaredNorm();
    if (left > kCollinear) {
      factor(i, i) = std::sqrt(left);
      continue;
    }
    const Eigen::VectorXd weights =
        factor.topLeftCorner(i, i).transpose().triangularView<Eigen::Upper>().solve(
            factor.row(i).head(i).transpose());
    std::vector<std::string> culprits;
    for (Eigen::Index j = 0; j < i; ++j) {
      if (std::fabs(weights(j)) > 1e-6) culprits.push_back(names[static_cast<std::size_t>(j)]);
    }
    throw DataError(where, 0, names[static_cast<std::size_t>(i)],
                    fmt::format("is a linear combination of {}; expected columns that are not "
                                "determined by others; leave one of them out",
                                enumerate(culprits)));
  }
}

}  // namespace polycause
