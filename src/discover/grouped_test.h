// Tests on rows that belong together: visits or windows of a participant, members of a family.
#pragma once

#include <memory>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// `test` with its evidence divided by the design effect of each x, y and set: 1 + k rho_x rho_y,
/// where rho is the correlation, between two rows of a group, of what the set leaves of a variable
/// (its residual in a linear regression), and k the number of other rows in the group of a row, on
/// average over rows (Kloek 1981, Moulton 1986). Correlations are taken to come from n / effect
/// rows, at least the fewest that the test can be done with. A variable with levels has a rho in
/// every direction of its indicators; chi-squares get Rao and Scott's second-order correction
/// (1984) for the effects of all pairs of directions. `data.group` must not be empty.
std::unique_ptr<IndependenceTest> make_grouped(std::unique_ptr<IndependenceTest> test,
                                               const Dataset& data);

}  // namespace polycause
