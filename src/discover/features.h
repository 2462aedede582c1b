// Rows of a table as matrices for the kernel tests.
#pragma once

#include <Eigen/Dense>
#include <memory>
#include <vector>

#include "discover/dataset.h"
#include "discover/mark_matrix.h"

namespace polycause {

/// Rows where every one of `nodes` is present.
std::vector<std::size_t> rows_with(const Dataset& data, const NodeSet& nodes);

/// Columns with mean 0 and variance 1 over `rows`: a numeric variable gives one, a discrete one an
/// indicator per level but the first. Constant columns become 0.
Eigen::MatrixXd standardised(const Dataset& data, const NodeSet& nodes,
                             const std::vector<std::size_t>& rows);

}  // namespace polycause
