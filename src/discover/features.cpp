#include "discover/features.h"

#include <algorithm>
#include <cmath>

namespace polycause {

std::vector<std::size_t> rows_with(const Dataset& data, const NodeSet& nodes) {
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < data.rows; ++r) {
    const bool present = std::none_of(nodes.begin(), nodes.end(), [&](std::size_t node) {
      return std::isnan(data.variables[node].values[r]);
    });
    if (present) rows.push_back(r);
  }
  return rows;
}

Eigen::MatrixXd standardised(const Dataset& data, const NodeSet& nodes,
                             const std::vector<std::size_t>& rows) {
  Eigen::Index width = 0;
  for (const std::size_t node : nodes) {
    const std::size_t levels = data.variables[node].levels;
    width += levels == 0 ? 1 : static_cast<Eigen::Index>(levels) - 1;
  }
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd result(n, width);
  Eigen::Index c = 0;
  for (const std::size_t node : nodes) {
    const Variable& variable = data.variables[node];
    const std::size_t columns = variable.levels == 0 ? 1 : variable.levels - 1;
    for (std::size_t level = 1; level <= columns; ++level, ++c) {
      for (Eigen::Index r = 0; r < n; ++r) {
        const double value = variable.values[rows[static_cast<std::size_t>(r)]];
        result(r, c) = variable.levels == 0                       ? value
                       : static_cast<std::size_t>(value) == level ? 1.0
                                                                  : 0.0;
      }
      result.col(c).array() -= result.col(c).mean();
      const double sd = std::sqrt(result.col(c).squaredNorm() / static_cast<double>(n - 1));
      if (sd > 0) result.col(c) /= sd;
    }
  }
  return result;
}

}  // namespace polycause
