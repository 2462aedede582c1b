// The Gaussian mixture over the latents of `pima`: divergences, responsibilities, block updates.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "networks/plugin/pima/node_network.h"

namespace polycause {

/// K diagonal Gaussians; all float.
struct Mixture {
  torch::Tensor mean;       // (K, l)
  torch::Tensor variance;   // (K, l)
  torch::Tensor log_joint;  // (K,) log A_c
};

/// q(z | x) of some participants.
struct Posterior {
  torch::Tensor mean;      // (B, l)
  torch::Tensor variance;  // (B, l)
};

/// What the encoder of each modality says on its own.
struct ModalityCodes {
  torch::Tensor mean;          // (M, B, l)
  torch::Tensor log_variance;  // (M, B, l)
};

/// Product of Gaussians: sigma^-2 = sum_m sigma_m^-2, mu = sigma^2 sum_m mu_m sigma_m^-2 over the
/// experts that are there. keep (M, B, 1) 0 or 1, at least one per participant.
Posterior product_of_experts(const ModalityCodes& codes, const torch::Tensor& keep);

/// KL( N(mu, sigma^2) || N(mean_c, variance_c) ), (B, K).
torch::Tensor divergences(const Posterior& q, const Mixture& mixture);

/// log N(z; mean_c, variance_c), (B, K).
torch::Tensor log_densities(const torch::Tensor& z, const Mixture& mixture);

/// sum_c gamma_c (score_c - log gamma_c), (B,), of scores (B, K) such as log A_c - KL_c. Its
/// largest value is logsumexp_c score_c, at gamma = softmax_c score_c.
torch::Tensor mixture_bound(const torch::Tensor& gamma, const torch::Tensor& scores);

/// What block updates need of responsibilities gamma (n, K), summed over participants.
struct ClusterMoments {
  torch::Tensor counts;   // (K,) double
  torch::Tensor sums;     // (K, l) sum gamma mu
  torch::Tensor squares;  // (K, l) sum gamma (mu^2 + sigma^2)
  void add(const torch::Tensor& gamma, const Posterior& q);
};

/// mean_c = sum gamma mu / sum gamma; variance_c = sum gamma [(mu - mean_c)^2 + sigma^2] / sum
/// gamma, at least `floor` (l,). A cluster that expects fewer than `least` participants is put
/// where the additive means say, with the variance that all share.
void update_clusters(const Nodes& nodes, const ClusterMoments& moments, const torch::Tensor& floor,
                     double least, bool additive, Mixture& mixture);

/// The same where latent j tells of node j alone, and latents beyond the nodes of none: means and
/// variances of latent j by the outcome of node j, one for everybody beyond.
void update_own_latents(const Nodes& nodes, const ClusterMoments& moments,
                        const torch::Tensor& floor, Mixture& mixture);

/// (K, 1 + sum C_i): which outcomes a joint outcome consists of; the first column is 1.
torch::Tensor outcome_design(const Nodes& nodes);

/// Means that are sums over the nodes, mean_c = m_0 + sum_i m_i(c_i), by least squares with
/// `weights` (K, l): means (K, l) -> (K, l).
torch::Tensor additive_means(const torch::Tensor& design, const torch::Tensor& weights,
                             const torch::Tensor& means);
/// The sums' terms, (1 + sum C_i, l): m_0 and every m_i(c_i).
torch::Tensor additive_effects(const torch::Tensor& design, const torch::Tensor& weights,
                               const torch::Tensor& means);

/// A mixture on fixed posteriors whose labels make sense: of some candidates the one under which
/// clusters are likely and their means nearly sums over the nodes (docs/methods/pima.md).
Mixture additive_start(const Nodes& nodes, const Posterior& q, std::int64_t starts,
                       at::Generator& generator);

/// As published: means from N(0, 1) in units of the latents, variances K^(-2 / l).
Mixture published_start(const Nodes& nodes, const Posterior& q, at::Generator& generator);

}  // namespace polycause
