// Held-out losses of `select`: how well so many numbers of one modality predict the others.
#pragma once

#include <cstdint>
#include <vector>

#include "methods/select_features.h"
#include "polycause/select.h"
#include "train/checkpoint.h"
#include "train/optimise.h"
#include "train/watch.h"

namespace polycause {

/// One modality against all others.
struct Side {
  Rows x;  ///< (n, d) its components, white
  Rows y;  ///< (n, D) those of all others together, what the conditions leave of them, white
};

/// The rows of all folds but one, ascending.
std::vector<std::uint32_t> others(const std::vector<std::vector<std::uint32_t>>& folds,
                                  std::size_t split);

Schedule schedule_of(const SelectOptions& options);

/// Loss of every row of `held_out`, nat: y by `latents` numbers of x, learned from `train`. Read
/// from the checkpoint when it is there.
std::vector<float> losses_of(const Side& side, const std::vector<std::uint32_t>& train,
                             const std::vector<std::uint32_t>& held_out, std::int64_t latents,
                             const SelectOptions& options, const Unit& unit,
                             const Checkpoint& checkpoint, Watch& watch);

/// What each further pair of canonical directions adds on held-out participants, nat.
std::vector<double> linear_gains(const Side& side,
                                 const std::vector<std::vector<std::uint32_t>>& folds);

}  // namespace polycause
