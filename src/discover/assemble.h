// From what a search found to a graph with names, q-values and the table's order.
#pragma once

#include <string>
#include <vector>

#include "discover/engines.h"
#include "polycause/graph.h"

namespace polycause {

/// `names` of the search's variables, `position[i]` = place of the i-th in the table. Edges come in
/// the order of the table's columns; a directed one starts at its cause.
Graph to_graph(const std::vector<std::string>& names, const std::vector<std::size_t>& position,
               const Found& found);

/// Says how it was found. Throws std::logic_error when there is a directed cycle that must not be.
void check_and_tell(const Graph& graph, const Found& found, const std::string& test,
                    const DiscoverOptions& options, Observer* observer);

/// Warns of knowledge about names that are not there.
Constraints constraints_on(const std::vector<std::string>& names, const Knowledge& knowledge,
                           Observer* observer);

}  // namespace polycause
