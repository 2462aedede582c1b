// The `staged` method: frozen codes, then heads and prior, several starts with a rotation search in
// between, gated branches, selection on held-out participants, pruning (docs/methods/staged.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "methods/coders.h"
#include "methods/latent_layout.h"
#include "model/autoencoder.h"
#include "model/density.h"
#include "polycause/model.h"
#include "train/checkpoint.h"
#include "train/optimise.h"
#include "train/watch.h"

namespace polycause {

/// What the method is given. A modality gives one unit to the density, or several where its network
/// learns its outputs in parts (`streams`). Blocks of shared latents are modalities without data,
/// listed last.
struct StagedProblem {
  std::size_t participants = 0;
  std::vector<std::string> names;                     ///< (M,)
  std::vector<Cells> cells;                           ///< (M,) encoded; empty for blocks
  std::vector<std::shared_ptr<const Blocks>> blocks;  ///< (M,) pictures or series; null for tables
  std::vector<std::string> networks;                  ///< (M,) resolved; "" for tables
  std::vector<std::uint64_t> block_digests;           ///< (M,) of what is measured in the blocks
  std::vector<std::size_t> modality_of_unit;          ///< (U,)
  std::vector<int> latents;                           ///< (U,) without copies of shared ones
  std::vector<int> privates;                          ///< (U,)
  std::vector<SharedUnit> shared;                     ///< blocks of shared latents
  Conditions conditions;                              ///< known common causes of all latents
  std::vector<float> labels;                          ///< (n, D) NaN = unknown; empty: none
  Split split;                                        ///< everybody
  std::vector<std::uint8_t> present;                  ///< (n, M) as Codes::present
  Split complete;                                     ///< of `split`, those who have every modality
  std::vector<std::size_t> groups;                    ///< (n,) rows of one are not independent
  bool order_given = true;                            ///< modalities are listed causes first

  /// Of `split`, those who have the modality.
  Split with(std::size_t modality) const;
  std::size_t first_unit(std::size_t modality) const;
  int modality_latents(std::size_t modality) const;
  /// The block of shared latents that the modality is; null: it has data.
  const SharedUnit* shared_block(std::size_t modality) const;
  LatentLayout layout() const { return {latents, shared}; }
};

/// A fitted solution that is kept.
struct Candidate {
  std::string name;
  Density density;
  Decomposition parts;          ///< of all participants
  double nll = 0;               ///< of complete held-out participants
  double objective = 0;         ///< nll + edge_price * edges
  std::vector<bool> edges;      ///< per pair, after pruning
  std::vector<double> margins;  ///< per pair, orientation_margins; empty when the order was given
};

struct StagedResult {
  std::vector<Coder> coders;           ///< (M,)
  std::vector<std::size_t> order;      ///< rank of every unit, causes first
  std::vector<Candidate> candidates;   ///< best first
  std::vector<double> code_canonical;  ///< smallest canonical correlation kept, per unit
};

Schedule autoencoder_schedule(const FitOptions& options);

/// Presence per modality (n, M) -> per unit (n, U); empty stays empty.
std::vector<std::uint8_t> unit_presence(const std::vector<std::uint8_t>& present,
                                        const std::vector<std::size_t>& modality_of_unit);

/// Optimiser steps that `fit_staged` will make, in the unit that Watch counts.
double staged_work(const StagedProblem& problem, const FitOptions& options);

StagedResult fit_staged(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                        const std::string& name, std::size_t threads, const Checkpoint& checkpoint,
                        Watch& watch);

/// The latents of all participants after steps 1 and 2 alone, by the start that is best held out;
/// and optimiser steps of that.
Decomposition staged_codes(const StagedProblem& problem, const FitOptions& options,
                           std::uint64_t seed, const std::string& name, std::size_t threads,
                           const Checkpoint& checkpoint, Watch& watch);
double staged_codes_work(const StagedProblem& problem, const FitOptions& options);

}  // namespace polycause
