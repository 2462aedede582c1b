// What the staged method is given: a study in numbers.
#pragma once

#include <cstdint>

#include "methods/model_impl.h"
#include "methods/staged.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause {

/// Encodes the tables (scales from the participants who are not held out) and leaves modalities,
/// encodings and names of the conditions in `model`. Throws ConfigError and DataError.
StagedProblem problem_of(const Study& study, Model::Impl& model);

/// Identity of the computation: cells, split, sizes and every setting that changes numbers.
std::uint64_t fingerprint_of(const StagedProblem& problem, const FitOptions& options);

}  // namespace polycause
