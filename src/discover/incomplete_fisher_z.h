// Fisher's z test where cells are missing.
#pragma once

#include <memory>
#include <vector>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// Each test uses the rows where all its variables are present.
std::unique_ptr<IndependenceTest> make_incomplete_fisher_z(const Dataset& data, bool ranks);

/// The causes of missing cells: causes[v] lists what the absence of v depends on given any of it,
/// by tests at `alpha`. Whatever is missing in the same rows as v cannot be seen to be one.
std::vector<NodeSet> causes_of_absence(const Dataset& data, double alpha);

/// Test-wise deletion, corrected for cells missing at random (MVPC: Tu, Zhang, Ackermann, Mohan,
/// Kjellstrom, Zhang 2019). Rows kept because their causes of absence W took some values are no
/// fair sample: the regression of the test's variables on W, fitted to those rows, is joined with
/// the covariance of W over all rows that show W. That is the limit of the paper's resampling, and
/// draws no random numbers.
std::unique_ptr<IndependenceTest> make_corrected_fisher_z(const Dataset& data, double alpha);

}  // namespace polycause
