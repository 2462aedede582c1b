// The product of the nodes' tables, forwards and backwards by hand: a step of the graph learner is
// little else, and costs O(K) a table here, where a chain of tensor operations costs O(L K).
#pragma once

#include <torch/types.h>

#include "networks/plugin/pima/node_network.h"

namespace polycause {

/// Probabilities below are as good as 0, and have a logarithm.
constexpr double kSmallestProbability = 1e-30;

/// sum_j log of table j, (R, K), all double: tables (R, L, K) over all nodes, of which axis i of
/// node j's is averaged in proportion 1 - E_ij; edges (R, L, L). An edge of exactly 0 gets no
/// gradient: its axis is gone before anything else is done.
torch::Tensor log_product(const Nodes& nodes, const torch::Tensor& tables,
                          const torch::Tensor& edges);

}  // namespace polycause
