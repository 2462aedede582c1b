// Known causes as the regressors that all parts of a model share.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "model/density_shape.h"

namespace polycause {

/// The kBasis fixed functions of every condition at the participants `rows`, (rows, C kBasis).
Eigen::MatrixXd condition_basis(const Conditions& conditions,
                                const std::vector<std::uint32_t>& rows);

}  // namespace polycause
