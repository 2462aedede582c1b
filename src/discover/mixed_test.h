// Likelihood-ratio test of independence between numeric and discrete variables given both kinds.
#pragma once

#include <memory>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// Conditional-Gaussian likelihood ratio: a numeric variable is regressed on the numeric ones in
/// every combination of the discrete ones. Two discrete variables given a numeric one: multinomial
/// logistic regression. Strata too small to fit are left out together with their degrees of
/// freedom.
std::unique_ptr<IndependenceTest> make_mixed_test(const Dataset& data);

}  // namespace polycause
