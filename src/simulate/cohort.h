// The clinical cohort: four tables of a small health study with known causes behind them.
#pragma once

#include <cstdint>

#include "polycause/simulate.h"

namespace polycause::simulation {

/// Uses participants, noise, edge_scale and hidden_order of the options; throws ConfigError for
/// others that differ from the preset, since names and meaning of the columns are fixed.
Simulation simulate_cohort(const SimulateOptions& options, std::uint64_t seed);

}  // namespace polycause::simulation
