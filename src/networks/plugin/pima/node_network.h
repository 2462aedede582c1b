// The Bayesian network over the discrete nodes of `pima`: which node depends on which, with what
// probabilities, and how likely every joint outcome is.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace polycause {

/// Sizes of the joint table.
struct Nodes {
  explicit Nodes(std::vector<int> outcomes);
  std::int64_t count() const { return static_cast<std::int64_t>(outcomes.size()); }
  std::vector<int> outcomes;  // (L,)
  std::int64_t joint = 1;     // K
  /// Shape of (R, K) as (R, C_1 .. C_L).
  std::vector<std::int64_t> grid(std::int64_t leading) const;
};

/// Node potentials, edge weights and conditional tables of R networks side by side.
struct NodeParameters {
  torch::Tensor potential;  // (R, L) xi
  torch::Tensor weight;     // (R, L, L) W >= 0
  torch::Tensor logits;     // (R, L, K): table of every node over all others' outcomes
};

/// E_ij = relu(tanh(W_ij (xi_j - xi_i) / beta)), written as tanh(W_ij relu(xi_j - xi_i) / beta):
/// the same for W >= 0, and W_ij = 0 keeps a gradient. (R, L, L); E_ij > 0 needs xi_j > xi_i, so no
/// cycle is possible.
torch::Tensor edge_indicators(const NodeParameters& p, double beta);

/// log A_c, (R, K): the sum over nodes of log p(N_j | others), the softmax of logits (R, L, K) over
/// the node's own outcomes whose axis i is averaged in proportion 1 - E_ij. An edge of exactly 0
/// gets no gradient: `edge_indicators` has none there.
torch::Tensor log_joint(const Nodes& nodes, const torch::Tensor& logits,
                        const torch::Tensor& edges);

/// Free probabilities, (R,): sum_j (C_j - 1) prod_i (1 + E_ij (C_i - 1)); exact for E in {0, 1}.
torch::Tensor free_probabilities(const Nodes& nodes, const torch::Tensor& edges);

/// log A_c (K,) of a network with the given parents, most likely under `counts` (K,); empty
/// families are uniform. `pseudo` counts are added to every cell of a family.
torch::Tensor fitted_log_joint(const Nodes& nodes, const std::vector<bool>& parents,
                               const torch::Tensor& counts, double pseudo);

/// sum_c counts_c log A_c of the fitted network, less price * free probabilities.
double network_score(const Nodes& nodes, const std::vector<bool>& parents,
                     const torch::Tensor& counts, double price);

/// The parents (L, L) of highest `network_score`: exact, by dynamic programming over sets of nodes.
std::vector<bool> best_network(const Nodes& nodes, const torch::Tensor& counts, double price);

}  // namespace polycause
