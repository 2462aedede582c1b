// From the name of a test to the test over the columns of a table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "discover/dataset.h"
#include "discover/independence.h"
#include "polycause/discover.h"

namespace polycause {

/// Names of the tests, for settings and messages.
const std::vector<std::string>& test_names();

/// The columns as `test` sees them; "auto" is replaced by the test that fits the types of the
/// columns, or those of the setting that the options choose.
Dataset dataset_for(const Table& table, std::string& test, const DiscoverOptions& options);

/// `options` say whether to correct for missing cells, and at what level.
std::unique_ptr<IndependenceTest> make_test(const Dataset& data, const std::string& test,
                                            const DiscoverOptions& options, std::size_t threads);

/// Whether make_test allows for Dataset::group with this test.
bool knows_groups(const std::string& test);

}  // namespace polycause
