// What pictures and series are held against (docs/methods/blocks.md): the latents of the tables,
// learned from the tables alone. A code is curved in its latents; a canonical correlation with it
// takes those curves for latents of the blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "methods/coders.h"
#include "methods/staged.h"

namespace polycause {

/// Per modality, (n, code) of tables: normal scores of z and eta by the first steps of `staged` on
/// the tables alone, 0 where absent. With a single table, its code.
std::vector<std::vector<float>> what_tables_say(const StagedProblem& problem,
                                                const std::vector<Coder>& coders,
                                                const FitOptions& options, std::uint64_t seed,
                                                const std::string& name, std::size_t threads,
                                                const Checkpoint& checkpoint, Watch& watch);

/// Optimiser steps of that, in the unit that Watch counts.
double table_latents_work(const StagedProblem& problem, const FitOptions& options);

}  // namespace polycause
