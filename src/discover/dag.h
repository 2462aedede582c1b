// Directed acyclic graphs and the classes of those that imply the same independences.
#pragma once

#include <vector>

#include "discover/constraints.h"
#include "discover/mark_matrix.h"

namespace polycause {

/// parents[i] = direct causes of i, ascending.
using Parents = std::vector<NodeSet>;

/// The class of a DAG: edges that all its members share are directed, and those that knowledge
/// settles.
MarkMatrix class_of(const Parents& parents, const Constraints& constraints);

/// Some DAG with the same skeleton and unshielded colliders, directed edges kept (Dor and Tarsi
/// 1992). False when there is none.
bool extend(const MarkMatrix& graph, Parents* parents);

/// Nodes, causes first.
NodeSet causal_order(const Parents& parents);

}  // namespace polycause
