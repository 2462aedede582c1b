// Kernel tests of independence: any form of dependence, at a price.
#pragma once

#include <memory>

#include "discover/dataset.h"
#include "discover/independence.h"

namespace polycause {

/// KCI (Zhang, Peters, Janzing, Schoelkopf 2011): Gaussian kernels with empirical widths, gamma
/// approximation. Time n^3 and memory n^2 per test; throws DataError above 5000 rows.
std::unique_ptr<IndependenceTest> make_kci(const Dataset& data);

/// RCoT (Strobl, Zhang, Visweswaran 2019): random Fourier features in place of kernel matrices.
/// Time proportional to n. Discrete variables enter as indicators. The features are fixed by
/// `seed`.
std::unique_ptr<IndependenceTest> make_rcit(const Dataset& data, std::uint64_t seed);

}  // namespace polycause
