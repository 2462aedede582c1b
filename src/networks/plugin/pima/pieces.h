// A node of two outcomes that nothing lies between parts the participants into two pieces, each of
// which has a bent grid of the other nodes for itself.
#pragma once

#include <torch/types.h>

#include <optional>

#include "networks/pima.h"
#include "networks/plugin/pima/node_network.h"

namespace polycause {

/// What modalities have in common, by participant.
struct SharedPlaces {
  torch::Tensor at;            // (n, s), most common first
  torch::Tensor correlations;  // (s,) mean correlation of two modalities along it
};

/// Canonical variates (Kettenring's MAXVAR; of two modalities canonical correlation) of the squares
/// and products of codes (M, n, l), what each modality's encoder says on its own; there (M, n, 1).
/// What one modality alone shows, such as where a pattern begins in a picture, is not among them.
SharedPlaces shared_places(const torch::Tensor& codes, const torch::Tensor& there);

/// Whether there is a node that could part the participants, and another.
bool may_part(const Nodes& nodes);

/// A grid for each half of the participants, where a node has two outcomes and the cut between
/// halves is clean: names on both are matched by slopes that are alike. codes (M, n, l) and there
/// (M, n, 1) as above; `latents` (n, l) decide the cut and get the rest.
std::optional<PimaGrid> grid_in_pieces(const Nodes& nodes, const torch::Tensor& codes,
                                       const torch::Tensor& there, const torch::Tensor& latents,
                                       const PimaGridFinder& finder, at::Generator& generator);

}  // namespace polycause
