// Step 1 of the staged method: what turns a modality's data into codes, the autoencoder of a table,
// the network of pictures and series, or what the members of a shared block agree on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/autoencoder.h"
#include "model/density_shape.h"
#include "model/shared_content.h"
#include "networks/networks.h"
#include "polycause/blocks.h"
#include "polycause/model.h"
#include "train/checkpoint.h"
#include "train/watch.h"

namespace polycause {

struct SharedUnit;
struct StagedProblem;

struct Coder {
  Autoencoder autoencoder;                      ///< of a table
  std::shared_ptr<const BlockNetwork> network;  ///< of pictures or series; null for a table
  std::shared_ptr<const SharedContent> shared;  ///< of a shared block; null for data
  int lacking = 0;       ///< of a table: dimensions of the code beyond the rank of its columns
  double explained = 0;  ///< held-out R2 of the reconstruction; of a shared block how well one
                         ///< member says what another does
};

/// Optimiser steps of step 1, in the unit that Watch counts.
double coder_work(const StagedProblem& problem, const FitOptions& options);

/// Whether any modality is pictures or series.
bool has_networks(const StagedProblem& problem);

/// The autoencoders of the tables, side by side; other modalities have empty coders.
std::vector<Coder> train_table_coders(const StagedProblem& problem, const FitOptions& options,
                                      std::uint64_t seed, const std::string& name,
                                      std::size_t threads, const Checkpoint& checkpoint,
                                      Watch& watch);

/// Then all networks together, since they look for what they find in the tables and in each other,
/// and shared blocks. `said[m]` (n, code of table m): what the table says to the networks.
void train_other_coders(const StagedProblem& problem, const FitOptions& options, std::uint64_t seed,
                        const std::string& name, const std::vector<std::vector<float>>& said,
                        const Checkpoint& checkpoint, Watch& watch, std::vector<Coder>& coders);

/// The code of a shared block, from those of its members, behind them.
void append_shared(const SharedContent& content, const SharedUnit& block, Codes& codes);

/// Codes of all participants, per unit of the density.
Codes codes_of(const std::vector<Coder>& coders, const StagedProblem& problem);

/// Outputs (n, outputs) of a network for all blocks; 0 for participants without.
std::vector<float> network_outputs(const BlockNetwork& network, const Blocks& blocks);

/// Appends the codes of one modality to `codes`, one unit per part. `values` (n, sum of widths).
void append_units(const std::vector<float>& values, const std::vector<int>& widths, Codes& codes);

}  // namespace polycause
