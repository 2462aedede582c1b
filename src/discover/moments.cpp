#include "discover/moments.h"

#include <cmath>

#include "discover/correlation.h"

namespace polycause {

void Moments::factor(std::size_t cell, std::vector<double>& lower) const {
  lower.assign(columns_ * columns_, 0.0);
  const double* from = sums_.data() + cell * width_;
  const double n = from[0];
  const double* sum = from + 1;
  const double* product = sum + columns_;
  for (std::size_t i = 0; i < columns_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double centred = product[i * (i + 1) / 2 + j] - sum[i] * sum[j] / n;
      double left = centred;
      for (std::size_t m = 0; m < j; ++m) left -= lower[i * columns_ + m] * lower[j * columns_ + m];
      if (i == j) {
        // Columns have variance 1 over all rows: less than 1e-10 a row is rounding.
        lower[i * columns_ + i] = left > kCollinear * n ? std::sqrt(left) : 0.0;
      } else {
        const double diagonal = lower[j * columns_ + j];
        lower[i * columns_ + j] = diagonal > 0 ? left / diagonal : 0.0;
      }
    }
  }
}

double Moments::log_determinant(std::size_t cell, std::vector<double>& lower) const {
  // One more row's worth of the unit covariance keeps small cells from being singular.
  lower.assign(columns_ * columns_, 0.0);
  const double* from = sums_.data() + cell * width_;
  const double n = from[0];
  const double* sum = from + 1;
  const double* product = sum + columns_;
  double value = 0;
  for (std::size_t i = 0; i < columns_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double left = product[i * (i + 1) / 2 + j] - sum[i] * sum[j] / n + (i == j ? 1.0 : 0.0);
      left /= n + 1;
      for (std::size_t m = 0; m < j; ++m) left -= lower[i * columns_ + m] * lower[j * columns_ + m];
      if (i == j) {
        value += std::log(left);
        lower[i * columns_ + i] = std::sqrt(left);
      } else {
        lower[i * columns_ + j] = left / lower[j * columns_ + j];
      }
    }
  }
  return value;
}

}  // namespace polycause
