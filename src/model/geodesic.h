// Flat coordinates of a bent sheet of points: classical scaling of distances along the sheet
// (Isomap, Tenenbaum, de Silva and Langford 2000) with landmarks (de Silva and Tenenbaum 2004).
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <cstdint>

namespace polycause {

/// points (n, l) -> (n, dimensions), centred, most variance first. Distances run along the nearest
/// neighbours among at most 3,000 points that `seed` chooses, several times, and the coordinates
/// are turned onto each other and averaged; parts without a neighbour in common are joined where
/// they are closest, and `whole` is false: what lies between them, no way tells. The same for any
/// number of threads.
Eigen::MatrixXf geodesic_coordinates(const Eigen::MatrixXf& points, Eigen::Index dimensions,
                                     std::uint64_t seed, std::size_t threads,
                                     bool* whole = nullptr);

}  // namespace polycause
