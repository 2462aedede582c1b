// Where the boxes and lines of a layered drawing go.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "polycause/graph.h"

namespace polycause {

inline constexpr double kBoxHeight = 28;

struct Box {
  double x = 0;  ///< centre
  double y = 0;
  double width = 0;
};

struct Layout {
  std::vector<Box> boxes;  ///< of the nodes
  /// Of the edges, from source to target: the ends at the borders of the boxes, and a point in each
  /// layer between them.
  std::vector<std::vector<std::pair<double, double>>> lines;
  double width = 0;
  double height = 0;
};

/// Causes above their effects; edges without a direction also run downwards, so that no line stays
/// within a layer. Nodes without edges stand at the bottom. `widths` of the boxes.
Layout layered(const Graph& graph, const std::vector<double>& widths);

}  // namespace polycause
