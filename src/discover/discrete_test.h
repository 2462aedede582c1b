// Chi-square and G-square tests of independence between discrete variables.
#pragma once

#include <memory>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

enum class DiscreteStatistic {
  kChiSquare,  ///< Pearson's; degrees of freedom without empty rows and columns, stratum by stratum
  kGSquare,    ///< likelihood ratio; degrees of freedom likewise
  kGSquareUnadjusted  ///< likelihood ratio; (levels - 1)(levels - 1) * all strata, empty or not
};

/// Upper tail of chi-square; 1 when there are no degrees of freedom.
double chi_square_p(double statistic, double freedom);

/// The |correlation| that a likelihood ratio of n rows amounts to: sqrt(1 - exp(-statistic / n)),
/// with the statistic less its degrees of freedom beyond one, which is what chance adds.
double likelihood_strength(double statistic, double freedom, double n);

/// Every variable must have levels. Rows where a variable of the test is missing are left out.
std::unique_ptr<IndependenceTest> make_discrete_test(const Dataset& data,
                                                     DiscreteStatistic statistic);

}  // namespace polycause
