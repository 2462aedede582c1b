// From the name of a test to the test over the columns of a table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// Names of the tests, for settings and messages.
const std::vector<std::string>& test_names();

/// The columns as `test` sees them; "auto" is replaced by the test that fits the types of the
/// columns.
Dataset dataset_for(const Table& table, std::string& test);

/// Throws DataError naming numeric columns that are copies or linear combinations of others.
void check_dependent_columns(const Dataset& data, const std::string& test, std::size_t threads);

std::unique_ptr<IndependenceTest> make_test(const Dataset& data, const std::string& test,
                                            std::size_t threads);

}  // namespace polycause
