// Sums of products of numeric columns, cell by cell, and what regressions leave.
#pragma once

#include <cstddef>
#include <vector>

namespace polycause {

/// Count, sums and products of k columns for each of several cells.
class Moments {
 public:
  void reset(std::size_t cells, std::size_t columns) {
    columns_ = columns;
    width_ = 1 + columns + columns * (columns + 1) / 2;
    sums_.assign(cells * width_, 0.0);
  }
  /// One row of `columns` values.
  void add(std::size_t cell, const double* values) {
    double* to = sums_.data() + cell * width_;
    *to++ += 1;
    for (std::size_t i = 0; i < columns_; ++i) *to++ += values[i];
    for (std::size_t i = 0; i < columns_; ++i) {
      for (std::size_t j = 0; j <= i; ++j) *to++ += values[i] * values[j];
    }
  }
  void add_cell(std::size_t cell, const Moments& other, std::size_t from) {
    for (std::size_t i = 0; i < width_; ++i) {
      sums_[cell * width_ + i] += other.sums_[from * width_ + i];
    }
  }
  double rows(std::size_t cell) const { return sums_[cell * width_]; }
  /// Lower Cholesky factor (k, k) row-major of the centred products; a column that those before it
  /// determine gets a diagonal of 0.
  void factor(std::size_t cell, std::vector<double>& lower) const;
  /// Of the covariance, drawn a little towards the unit matrix so that it is never singular.
  double log_determinant(std::size_t cell, std::vector<double>& scratch) const;

 private:
  std::size_t columns_ = 0;
  std::size_t width_ = 0;
  std::vector<double> sums_;
};

}  // namespace polycause
