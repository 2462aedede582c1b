// Mean and standard deviation of one variable over some rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace polycause {

struct ColumnMoments {
  double mean = 0;
  double sd = 1;  ///< at least 1e-6
};

/// Of values (n, stride), column `at`, over the first `count` of `rows`; count > 0.
inline ColumnMoments moments_of(const std::vector<float>& values, std::size_t stride,
                                std::size_t at, const std::vector<std::uint32_t>& rows,
                                std::size_t count) {
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto v = static_cast<double>(values[rows[i] * stride + at]);
    sum += v;
    squares += v * v;
  }
  const double mean = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - mean * mean;
  return {mean, std::sqrt(std::max(1e-12, variance))};
}

}  // namespace polycause
