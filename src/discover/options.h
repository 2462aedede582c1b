// Settings of a search that fit together.
#pragma once

#include "polycause/discover.h"

namespace polycause {

/// Throws ConfigError: unknown names, values out of range, settings that exclude each other.
void check_options(const DiscoverOptions& options);

/// Whether the engine maximises a score instead of testing.
bool uses_score(const DiscoverOptions& options);

}  // namespace polycause
