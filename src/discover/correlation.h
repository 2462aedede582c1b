// Correlation matrices, partial correlations from them, and the columns that make them singular.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "discover/dataset.h"
#include "discover/mark_matrix.h"

namespace polycause {

/// A residual variance below this share of the column's own counts as none.
inline constexpr double kCollinear = 1e-10;

/// Pearson correlations over the rows where every variable is present. (d, d) row-major.
std::vector<double> correlation_matrix(const Dataset& data, std::size_t threads);

/// Correlation of the Gaussian variables behind ranks with correlation r (nonparanormal).
double gaussian_from_ranks(double r);

/// Partial correlation of x and y given a set, by Cholesky of the sub-matrix; NaN when the set is
/// collinear or determines x or y. `correlation` is (d, d) row-major; `scratch` is reused.
double partial_correlation(const double* correlation, std::size_t d, std::size_t x, std::size_t y,
                           const NodeSet& given, std::vector<double>& scratch);

/// Throws DataError for the first column that equals a linear combination of columns before it.
void check_collinear(const std::vector<double>& correlation, double n,
                     const std::vector<std::string>& names, const std::string& where);

}  // namespace polycause
