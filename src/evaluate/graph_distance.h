// Structural Hamming distance between a learned and a true graph over the latents.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "polycause/graph.h"

namespace polycause {

struct GraphDistance {
  std::int64_t across = 0;    ///< pairs of latents of different modalities that differ
  std::int64_t within = 0;    ///< pairs inside a modality that differ
  std::int64_t skeleton = 0;  ///< pairs across that are joined in one graph only
  std::int64_t joined = 0;    ///< pairs across that are joined in both
  std::int64_t extra = 0;     ///< of `skeleton`, those joined in the learned graph
};

/// `truth_of` names the true partner of every estimated latent; one without a partner is there
/// under a name that the truth has not, so that its edges count as extra. Edges of `learned` that
/// touch a node outside `truth_of` are left out, and edges of kind "forbidden" are none.
GraphDistance graph_distance(const Graph& learned, const Graph& truth,
                             const std::map<std::string, std::string>& truth_of);

}  // namespace polycause
