// How often a search finds each edge when the participants are drawn anew.
#pragma once

#include <string>
#include <vector>

#include "discover/engines.h"
#include "polycause/graph.h"

namespace polycause {

/// One graph per replicate; replicate b draws rows of data[b mod size]. In parallel, and the same
/// for any number of threads.
std::vector<MarkMatrix> replicate(const std::vector<Dataset>& data, const std::string& test,
                                  const Constraints& constraints, const DiscoverOptions& options,
                                  std::size_t threads, Observer* observer);

/// Fills Edge::stability and Graph::frequencies; `position` as for to_graph.
void add_stability(const std::vector<MarkMatrix>& replicates,
                   const std::vector<std::size_t>& position, Graph* graph);

}  // namespace polycause
