// What the density of the codes works on, and what it is made of: codes in, shape, decomposition
// out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polycause {

/// Known common causes of the latents: parents of every z and eta, never gated, no density of their
/// own.
struct Conditions {
  std::size_t count = 0;
  std::vector<float> values;  ///< (n, count) row-major, roughly standard normal, 0 where missing
};

/// Whitened codes of all participants, per modality (n, d) row-major.
struct Codes {
  std::size_t participants = 0;
  Conditions conditions;
  std::vector<int> width;             ///< d(z) + d(eta) per modality
  std::vector<std::vector<float>> u;  ///< (n, width); whatever where the modality is absent
  std::vector<std::uint8_t> present;  ///< (n, M) row-major, 0 = absent; empty = all there

  bool has(std::size_t row, std::size_t modality) const {
    return present.empty() || present[row * width.size() + modality] != 0;
  }
};

/// Participants in whose likelihood the same blocks count.
struct RowGroup {
  std::vector<bool> counts;  ///< (M,)
  std::vector<std::uint32_t> rows;
};

enum class PriorKind {
  kAdditive,  ///< z_i = sum_j g_ij h_ij(z_j) + eps_i, h a combination of kBasis functions
  kGeneral    ///< a mixture whose parameters are a network of the gated parents
};

struct LatentPair {
  int source = 0;  ///< parent, index over all latents
  int target = 0;
  double price = 1;  ///< of the edge, relative to one between modalities
};

struct DensityShape {
  std::vector<int> latents;   ///< d(z) per modality
  std::vector<int> privates;  ///< d(eta) per modality
  int conditions = 0;         ///< known common causes, Codes::conditions
  int layers_per_width = 3;   ///< 0: only the linear map of z (rotation search)
  int hidden = 32;            ///< width of every conditioner
  PriorKind prior = PriorKind::kAdditive;
  std::vector<LatentPair> pairs;  ///< edges that may exist
  bool gated = false;             ///< hard-concrete gates; otherwise all pairs are open
};

/// z, eta, eps and log-likelihood of participants; (n, D) row-major, D = sum of latents. NaN: z and
/// eta of an absent modality, eps of a latent with an absent parent.
struct Decomposition {
  std::vector<float> z;
  std::vector<float> eta;  ///< (n, sum of privates)
  std::vector<float>
      eps;  ///< (n, D) residual of the additive prior; PIT normal score of the general one
  std::vector<float> log_p;  ///< (n,) over the blocks that count
  double mean_nll() const;
};

}  // namespace polycause
