// The latents of the density, unit after unit. A unit has those of its modality and, behind them,
// copies of the shared latents that the modality shows: its head takes them out of the code, so
// that the others hold nothing of them, and each copy has the shared latents it copies as its only
// causes. Copies are not reported.
#pragma once

#include <cstddef>
#include <vector>

#include "model/density_shape.h"

namespace polycause {

/// A block of shared latents, a unit of its own, and the units that show them.
struct SharedUnit {
  std::size_t unit = 0;
  std::vector<std::size_t> members;
};

class LatentLayout {
 public:
  /// `own` latents per unit. Without shared blocks every latent is somebody's own.
  LatentLayout(std::vector<int> own, const std::vector<SharedUnit>& shared = {});  // NOLINT

  std::size_t units() const { return sizes_.size(); }
  /// Latents per unit with the copies, (U,).
  const std::vector<int>& sizes() const { return sizes_; }
  std::size_t total() const { return unit_of_.size(); }
  /// Indices of the latents that are reported.
  const std::vector<std::size_t>& reported() const { return reported_; }
  /// Place among those.
  int place(int latent) const { return place_[static_cast<std::size_t>(latent)]; }
  bool is_copy(std::size_t latent) const { return original_[latent] != kOwn; }

  /// Pairs from earlier to later units, rank[u] the place of unit u, that may be edges: none
  /// between a shared block and its members, whose code holds both, so that the data cannot tell.
  /// Copies have theirs whatever the ranks.
  std::vector<LatentPair> pairs(const std::vector<std::size_t>& rank) const;

  /// Pairs inside the units, from earlier to later latents or the other way, without the copies.
  std::vector<LatentPair> within(bool ascending) const;

  /// Without the copies.
  Decomposition visible(const Decomposition& parts) const;
  /// The reverse for z (n, reported): copies are 0.
  std::vector<float> with_copies(const std::vector<float>& z) const;

 private:
  std::vector<float> visible(const std::vector<float>& values) const;

  static constexpr std::size_t kOwn = static_cast<std::size_t>(-1);
  std::vector<int> sizes_;
  std::vector<std::size_t> unit_of_;
  std::vector<std::size_t> original_;  // (D,) of a copy the unit of the shared block, else kOwn
  std::vector<std::size_t> reported_;
  std::vector<int> place_;                // (D,) -1 for copies
  std::vector<std::vector<bool>> apart_;  // (U, U) show a common modality
};

/// Latents of the widest unit, as a multiple of the three up to which budgets and prices hold as
/// they are set; 1 where no unit has more. Beyond, there are more planes to turn in, and what a
/// latent's parents say of it together is shared by more of them.
double breadth(const std::vector<int>& latents);

/// Place of every unit, causes first, where the study lists its modalities so: a shared block
/// stands before the first of its members.
std::vector<std::size_t> listed_ranks(std::size_t units, const std::vector<SharedUnit>& shared);

}  // namespace polycause
