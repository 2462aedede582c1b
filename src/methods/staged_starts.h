// The first steps of `staged`: codes, starts in the canonical subspace with a rotation search each,
// the order of the modalities where it is not given, finalists (docs/methods/staged.md, 1 to 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "methods/staged.h"

namespace polycause {

inline constexpr std::size_t kFinalists = 4;

/// What every step after the codes works with.
struct StepContext {
  const Codes& codes;
  const StagedProblem& problem;
  const FitOptions& options;
  std::uint64_t seed;
  std::size_t threads;
  const Checkpoint& checkpoint;
  Watch& watch;
};

struct Start {
  Density density;
  double objective = 0;  ///< held-out nat, with the price of its links
  std::vector<float> z;  ///< (probes, D) of complete participants spread over the study
};

struct Begun {
  std::vector<Coder> coders;
  Codes codes;
  std::vector<double> canonical;   ///< smallest correlation kept, per unit
  std::vector<std::size_t> order;  ///< rank of every unit
  std::vector<Start> starts;
};

Schedule start_schedule(const FitOptions& options);
/// Optimiser steps of one start.
double start_steps(const StagedProblem& problem, const FitOptions& options);

/// Steps 1 and 2.
Begun begin_staged(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                   const std::string& name, std::size_t threads, const Checkpoint& checkpoint,
                   Watch& watch);

/// Step 2 for codes that are there, in the listed order of the modalities.
std::vector<Start> listed_starts(const StepContext& context, const std::string& name);

/// Step 3: the best kFinalists go on and are searched again.
std::vector<Start> finalists(std::vector<Start> starts, const StepContext& context,
                             const std::string& name);

/// Optimiser steps that `refine` makes at most.
double refine_work(const StagedProblem& problem, const FitOptions& options);

/// Where a modality has more than three latents: those of `chosen` go on and are searched again for
/// as long as their held-out objective falls, and stay as they were at its lowest. Best first.
void refine(std::vector<Start>& starts, std::vector<std::size_t>& chosen,
            const StepContext& context, const std::string& name);

/// Indices of at most `keep` starts, best first, without those that agree with a better one by more
/// than `limit` (matched |Spearman|, mean over the latents).
std::vector<std::size_t> distinct_best(const std::vector<Start>& starts,
                                       const StagedProblem& problem, std::size_t keep,
                                       double limit);

}  // namespace polycause
