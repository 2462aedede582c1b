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

/// `truth_of` renames estimated latents by their true partners; an estimate without a partner keeps
/// its name, so that its edges count as extra. Edges that touch a node outside `latents` (true and
/// estimated names, before renaming) are left out, and edges of kind "forbidden" are none.
GraphDistance graph_distance(const Graph& learned, const Graph& truth,
                             const std::map<std::string, std::string>& truth_of);

}  // namespace polycause
