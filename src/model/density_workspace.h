// Buffers of one pass of a Density over a tile of samples. One per thread; sized once.
#pragma once

#include <cstdint>
#include <vector>

#include "model/density.h"
#include "model/kernels.h"
#include "model/tile_linear.h"

namespace polycause {

inline constexpr int kTile =
    kTileSamples;  ///< samples per pass: a layer's activations stay in the L1 cache

struct DensityWorkspace {
  explicit DensityWorkspace(const Density& density);

  using Buffer = std::vector<float>;
  struct PerModality {
    Buffer x;                        ///< (width, T) running coordinates, at the end z then eta
    Buffer g;                        ///< (width, T) gradient by them
    std::vector<Buffer> linear_in;   ///< (width, T) before each linear map
    std::vector<Buffer> layer_in;    ///< (width, T) before each layer
    std::vector<Buffer> hidden;      ///< conditioner activations per layer
    std::vector<Buffer> head;        ///< (kFlowHead, T) conditioner outputs per layer
    std::vector<Buffer> bumps;       ///< (kFlowMemory, T) per layer
    std::vector<Buffer> transposed;  ///< weights for backward, per layer
    Buffer rotation_in;              ///< (latents, T)
  };
  std::vector<PerModality> modalities;

  // What takes part in this tile, 0 or 1 (density_presence.cpp).
  std::vector<std::uint8_t> present;  ///< (M,) every sample has the modality
  std::vector<std::uint8_t> runs;     ///< (M,) its head is needed
  std::vector<std::uint8_t> counts;   ///< (M,) its block is part of the likelihood
  std::vector<std::uint8_t> known;    ///< (D,) the latent's conditional density can be evaluated

  Buffer z;        ///< (D, T) of all modalities
  Buffer g_z;      ///< (D, T)
  Buffer eps;      ///< (D, T)
  Buffer log_p;    ///< (T)
  Buffer dropped;  ///< (T) log-densities that do not count
  Buffer basis;    ///< (D kBasis, T); general prior: gathered parents (max parents, T)
  Buffer g_basis;
  Buffer gate;  ///< (pairs, T), gradient and slope beside
  Buffer gate_slope;
  Buffer g_gate;
  Buffer link;  ///< (pairs, T) h_ij(z_j)
  std::vector<Buffer> prior_transposed;
  Buffer prior_hidden;
  Buffer condition;        ///< (conditions, T)
  Buffer condition_basis;  ///< (conditions kBasis, T)
  Buffer condition_link;   ///< (T)
  Buffer eta_rest;         ///< (privates, T) eta minus its mean given the conditions
  double constant_log_det = 0;
  std::vector<double> log_det;  ///< (M,) its parts

  Buffer copy;     ///< (max width, T)
  Buffer rows;     ///< (T, max padded columns)
  Buffer rows_in;  ///< (T, padded inputs)
  Buffer lanes;    ///< (padded columns, T)
  Buffer scratch;
};

}  // namespace polycause
