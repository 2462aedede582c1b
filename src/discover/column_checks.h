// Columns that no search can use, named before the search begins.
#pragma once

#include <cstddef>
#include <string>

#include "discover/dataset.h"
#include "polycause/observer.h"

namespace polycause {

/// Throws DataError: equal names, constant columns, infinite cells, fewer rows than a test needs.
void check_columns(const Dataset& data);

/// Throws DataError naming numeric columns that are copies or linear combinations of others, and
/// discrete ones that are copies up to the names of their levels.
void check_dependent_columns(const Dataset& data, const std::string& test, std::size_t threads);

/// Warns of levels that few rows have, and of discrete columns that another one determines.
void warn_of_levels(const Dataset& data, Observer& observer);

}  // namespace polycause
