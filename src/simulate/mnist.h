// Variant MNIST: coloured digits and garments whose places and appearances cause one another.
#pragma once

#include <cstdint>

#include "polycause/simulate.h"

namespace polycause::simulation {

/// Uses participants, noise, mechanism, edge_scale, hidden_order, pictures, picture_size, graph,
/// mnist and fashion of the options. Throws ConfigError for others that differ from the preset, and
/// DataError for figures that cannot be read.
Simulation simulate_mnist(const SimulateOptions& options, std::uint64_t seed);

}  // namespace polycause::simulation
