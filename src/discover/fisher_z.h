// Fisher's z test of a vanishing partial correlation, on complete or incomplete columns.
#pragma once

#include <memory>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// p of a partial correlation r from n rows given a set of `depth` variables; NaN when n is too
/// small.
double fisher_z_p(double r, double n, std::size_t depth);

/// With missing cells, each test uses the rows where all its variables are present.
/// `ranks`: the values are ranks, and 2 sin(pi r / 6) turns their correlation into that of the
/// Gaussian variables behind them (nonparanormal).
std::unique_ptr<IndependenceTest> make_fisher_z(const Dataset& data, std::size_t threads,
                                                bool ranks = false);

/// From a correlation matrix (d, d) row-major of n rows.
std::unique_ptr<IndependenceTest> make_fisher_z(const std::vector<double>& correlation, double n);

}  // namespace polycause
