// What the staged method is given: a study in numbers.
#pragma once

#include <cstdint>
#include <string>

#include "methods/model_impl.h"
#include "methods/staged.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause {

/// Encodes the tables (scales from the participants who are not held out) and leaves modalities,
/// encodings and names of the conditions in `model`. Throws ConfigError and DataError.
StagedProblem problem_of(const Study& study, Model::Impl& model);

/// Parts of that which other methods need too: who is fitted and who is held out, at least `least`
/// and one, else DataError; a modality's description, blocks with the network that they get; what
/// the values of blocks are known by, for the identity of a computation.
Split split_of(const Study& study, std::size_t least);
Modality without_rows(const Modality& modality);
std::string blocks_identity(const Modality& modality);

/// Identity of the computation: cells, split, sizes and every setting that changes numbers.
std::uint64_t fingerprint_of(const StagedProblem& problem, const FitOptions& options);

}  // namespace polycause
