// causalPIMA: one latent space for all modalities, whose clusters are the joint outcomes of a
// Bayesian network over discrete features (docs/methods/pima.md). It lives in the module
// polycause_networks (networks.h); this header is free of LibTorch.
//
// Sizes: M modalities, l latents, L nodes with C_1 .. C_L outcomes, K = C_1 * .. * C_L joint
// outcomes. Joint outcome c = (c_1 .. c_L) has the index of a row-major array: c_L moves fastest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "networks/expert.h"
#include "polycause/blocks.h"

namespace polycause {

/// One modality. A table is a block of kind "table", 1 x 1 x its encoded columns.
struct PimaInput {
  std::string name;
  BlockShape shape;
  /// (rows, count) -> (count, channels, height, width), NaN where missing; all NaN: the participant
  /// lacks the modality.
  std::function<void(const std::uint32_t*, std::size_t, float*)> read;
  std::string network = "auto";    ///< small | resnet18 | tcn | lstm; of a table always dense
  const Expert* expert = nullptr;  ///< decoder instead of a network; of one channel, in its units
};

/// Where participants lie on a grid of the nodes' outcomes that is bent into the latents
/// (model/latent_grid.h), and the grid itself. All row-major.
struct PimaGrid {
  std::vector<float> coordinates;       ///< (n, L)
  std::vector<float> rest;              ///< (n, l) what the grid misses of the latents
  std::vector<float> responsibilities;  ///< (n, K)
  std::vector<float> positions;         ///< (K, L)
  std::vector<float> spread;            ///< (K, L) deviations within a joint outcome
  double divergence = 0;                ///< of the grid from the latents' density, nat
};

/// The grid of nodes with these outcomes in latents (count, width), row-major.
using PimaGridFinder = std::function<PimaGrid(const float* latents, std::size_t count,
                                              std::size_t width, const std::vector<int>& outcomes)>;

struct PimaOptions {
  std::vector<int> outcomes;   ///< (L,)
  int latents = 0;             ///< l
  int width = 64;              ///< hidden units of a table's networks
  std::string graph;           ///< potentials | search | notears | dagma | full | empty
  std::string responsibility;  ///< exact | latent | sample
  std::string start;           ///< grid | additive | published
  PimaGridFinder grid;         ///< of start = "grid"
  /// Of the clusters: free | additive (sums over the nodes) | own (latent j by node j alone).
  std::string means = "free";
  bool encoders_held = false;   ///< encoders do not learn once the clusters have begun
  double decoder_variance = 0;  ///< of standardised data; 0 = learned
  double dropout = 0.3;         ///< chance that a modality is left out of a step's fusion
  double network_price = 1;     ///< times BIC's half log n per free probability
  double first_temperature = 1;
  double last_temperature = 0.05;
  int node_orders = 24;  ///< node orders that the graph starts from
  int pretrain_epochs = 30;
  int epochs = 40;
  std::size_t batch = 128;
  std::size_t max_steps = 4000;  ///< of either phase
  double rate = 2e-3;
  std::uint64_t seed = 0;
  /// A point of a training curve; may throw to stop the training.
  std::function<void(const std::string& series, long epoch, double value)> metric;
  /// Share of the whole fit that an epoch was.
  std::function<void(double share)> advance;
};

/// (n, l), (n, l), (n, K); a participant without any modality has NaN everywhere.
struct PimaCode {
  std::vector<float> mean;
  std::vector<float> variance;
  std::vector<float> gamma;
};

/// The Bayesian network over the nodes.
struct PimaNetwork {
  std::vector<double> edges;    ///< (L, L) E_ij of i -> j in 0 .. 1, before rounding
  std::vector<bool> parents;    ///< (L, L) [i * L + j]: i is a parent of j
  std::vector<double> joint;    ///< (K,) A_c
  std::vector<double> margins;  ///< (L, L) what the edge i -> j or j -> i is worth, nat per
                                ///< participant after its price; 0 where there is none
};

/// What a fit says of itself.
struct PimaQuality {
  double bound = 0;                ///< held out, nat per participant
  double objective = 0;            ///< bound less the price of the network
  std::vector<double> explained;   ///< (M,) held-out R2, everything given
  std::vector<double> predicted;   ///< (M,) held-out R2 from the other modalities; NaN without
  std::vector<double> occupation;  ///< (K,) expected number of participants, all of `train`
  /// Of the grid that the clusters began on, nat per participant: comparable between fits. NaN
  /// where there was none.
  double divergence = std::numeric_limits<double>::quiet_NaN();
  double information = 0;   ///< nat that the latents say about the joint outcome
  double latent_share = 0;  ///< share of the latents' variance that is not uncertainty
};

class PimaModel {
 public:
  virtual ~PimaModel() = default;
  virtual const std::vector<int>& outcomes() const = 0;
  virtual int latents() const = 0;
  /// values[m] (count, channels, height, width) with NaN where missing; null: nobody has it.
  virtual PimaCode encode(const std::vector<const float*>& values, std::size_t count) const = 0;
  /// What is expected of modality m, in its units: of a network at z (count, l), of an expert as
  /// the mean of its clusters' curves under gamma (count, K).
  virtual void decode(std::size_t modality, const float* z, const float* gamma, std::size_t count,
                      float* out) const = 0;
  virtual const std::vector<float>& means() const = 0;      ///< (K, l)
  virtual const std::vector<float>& variances() const = 0;  ///< (K, l)
  virtual const PimaNetwork& network() const = 0;
  virtual const PimaQuality& quality() const = 0;
  /// (K, P) of modality m's expert; empty without.
  virtual const std::vector<double>& parameters(std::size_t modality) const = 0;
  /// Everything that `restore` needs beside inputs and options.
  virtual std::vector<float> values() const = 0;
};

}  // namespace polycause
