#include "methods/standards.h"

#include <algorithm>
#include <cmath>

#include "base/spread.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr std::size_t kSignRows = 5000;

}  // namespace

std::vector<Standard> standards(const std::vector<float>& values, std::size_t width) {
  const std::size_t n = values.size() / width;
  std::vector<Standard> out(width);
  for (std::size_t j = 0; j < width; ++j) {
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(values[i * width + j])) continue;
      sum += static_cast<double>(values[i * width + j]);
      ++known;
    }
    const double mean = sum / static_cast<double>(std::max<std::size_t>(1, known));
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(values[i * width + j])) continue;
      const double d = static_cast<double>(values[i * width + j]) - mean;
      squares += d * d;
    }
    out[j].mean = mean;
    out[j].sd =
        std::sqrt(std::max(1e-12, squares / static_cast<double>(std::max<std::size_t>(1, known))));
  }
  return out;
}

double readable_sign(const std::vector<float>& z, std::size_t width, std::size_t at,
                     const std::vector<const Table*>& shown_by) {
  std::vector<std::size_t> known;  // a modality may have been measured in few of many
  for (std::size_t i = 0; i < z.size() / width; ++i) {
    if (!std::isnan(z[i * width + at])) known.push_back(i);
  }
  const std::vector<std::size_t> rows = spread(known, kSignRows);
  std::vector<double> x;
  for (const std::size_t row : rows) x.push_back(static_cast<double>(z[row * width + at]));
  double strongest = 0;
  for (const Table* table : shown_by) {
    for (const Column& column : table->columns) {
      if (column.type == ColumnType::kCategorical) continue;  // its codes have no direction
      std::vector<double> y;
      for (const std::size_t row : rows) y.push_back(column.values[row]);
      const double r = spearman(x, y);
      if (std::isfinite(r) && std::fabs(r) > std::fabs(strongest)) strongest = r;
    }
  }
  return strongest < 0 ? -1 : 1;
}

}  // namespace polycause
