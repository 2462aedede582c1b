// The density of the frozen codes u = (u_1, ..., u_M): an invertible head per modality, Eq. (2)
// inverted, followed by the causal prior of Eq. (1),
//   p(u) = prod_m |det d(z_m, eta_m)/d u_m| * prod_i p(z_i | gated parents) * N(eta; 0, I),
// with exact gradients written by hand (docs/methods/staged.md derives them). The block of modality
// m, its factors of p(u), counts for a participant who has m and all modalities that may hold a
// parent of it; other blocks drop out of the product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "model/density_shape.h"
#include "model/mlp.h"

namespace polycause {

struct DensityWorkspace;

class Density {
 public:
  explicit Density(DensityShape shape);

  const DensityShape& shape() const { return shape_; }
  int latents() const { return total_z_; }
  int privates() const { return total_eta_; }
  int modality_of(int latent) const { return modality_of_[static_cast<std::size_t>(latent)]; }
  int first_latent(std::size_t modality) const { return first_z_[modality]; }

  std::vector<float>& parameters() { return theta_; }
  const std::vector<float>& parameters() const { return theta_; }
  /// [0, prior_begin) heads, [prior_begin, gate_begin) prior, [gate_begin, size) gate log-odds.
  std::size_t prior_begin() const { return prior_begin_; }
  std::size_t gate_begin() const { return gate_begin_; }

  void initialise(Random& random);
  /// First linear map of a modality's head: (d, d) row-major, row = input coordinate.
  void set_first_map(std::size_t modality, const std::vector<double>& map);
  /// z' = (z - shift) rotation: composes with the modality's last map. (dz,), (dz, dz) row-major.
  void append_rotation(std::size_t modality, const std::vector<double>& shift,
                       const std::vector<double>& rotation);
  /// Takes the heads of `other` (equal sizes), leaving the prior as it is.
  void copy_heads(const Density& other);
  /// Takes noise, conditions and the links of the pairs that both have from another additive prior;
  /// where one of the two is not additive, nothing.
  void copy_prior(const Density& other);
  /// Last linear map of a modality, (latents, latents) row-major.
  std::vector<double> rotation(std::size_t modality) const;
  void set_gates(double probability);
  /// Shuts the gates of pairs that are not `kept` (pairs,).
  void close_gates(const std::vector<bool>& kept);
  /// P(gate open) per pair, and open(): is its deterministic value above one half?
  std::vector<double> gate_probability() const;
  std::vector<bool> gate_open() const;

  /// `rows` by the blocks that count for them, without those for whom none does; everybody has
  /// everything: one group, in the order of `rows`.
  std::vector<RowGroup> row_groups(const Codes& codes,
                                   const std::vector<std::uint32_t>& rows) const;
  /// Mean negative log-likelihood of `count` rows (a multiple of kTile), gradient written to
  /// `gradient` (parameters().size()). `key` seeds the gate noise of this step. A block counts for
  /// kTile rows together, if it does for each: give tiles of one group.
  double gradient(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                  std::uint32_t key, DensityWorkspace& work, float* gradient) const;
  /// gradient += lambda * d (expected number of open gates); each gate weighted by the share of
  /// participants for whom its target's block counts (M,), empty = all.
  void add_sparsity(double lambda, float* gradient, const std::vector<double>& shares = {}) const;
  /// gradient += weight * d sum_pairs price ||c||; additive prior only.
  void add_group_lasso(double weight, float* gradient) const;
  double group_norm() const;
  double pair_norm(std::size_t pair) const;

  /// Deterministic gates. `rows` empty: all participants.
  Decomposition decompose(const Codes& codes, const std::vector<std::uint32_t>& rows) const;
  /// Inverse of the head: (n, dz) and (n, deta) -> (n, d). Each layer by bisection.
  std::vector<float> invert(std::size_t modality, const std::vector<float>& z,
                            const std::vector<float>& eta) const;

  /// Latents with an open gate into this one; and what the prior expects of it, (n, D) -> (n,),
  /// given their values, the conditions at their mean.
  std::vector<int> parents(int latent) const;
  std::vector<float> conditional_mean(int latent, const std::vector<float>& z) const;

  /// Name, offset and (rows, columns) of every tensor, for files.
  struct Tensor {
    std::string name;
    std::size_t offset;
    std::size_t rows;
    std::size_t columns;
  };
  std::vector<Tensor> tensors() const;

 private:
  struct Head {
    int width = 0;
    int latents = 0;
    std::vector<Mlp> nets;            // layer l conditions coordinate l % width
    std::vector<std::size_t> linear;  // (width, width) before every `width` layers
    std::size_t rotation = 0;         // (latents, latents) after the last layer
    std::size_t shift = 0;            // (latents,), not trained
  };
  friend struct DensityWorkspace;
  using Workspace = DensityWorkspace;

  void prepare(Workspace& work, bool backward) const;
  void set_presence(Workspace& work, bool sampled) const;
  void head_forward(const Head& head, Workspace& work, std::size_t modality) const;
  void head_backward(const Head& head, Workspace& work, std::size_t modality, float scale,
                     float* gradient) const;
  float* log_p_of(Workspace& work, std::size_t latent) const;
  void make_gates(Workspace& work, bool sample, std::uint32_t key, std::uint32_t counter) const;
  void additive(Workspace& work, float scale, float* gradient) const;
  void general(Workspace& work, float scale, float* gradient) const;
  void gather_latents(Workspace& work) const;
  void scatter_gradients(Workspace& work, float scale, float* gradient) const;
  void load_conditions(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                       Workspace& work) const;
  void add_condition_mean(Workspace& work, std::size_t target, float* mean) const;
  void condition_gradient(const Workspace& work, std::size_t target, float weight, const float* g,
                          float* gradient) const;
  void load_tile(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                 Workspace& work) const;

  DensityShape shape_;
  std::vector<Head> heads_;
  std::vector<int> first_z_;
  std::size_t eta_index(std::size_t modality, std::size_t k) const {
    return static_cast<std::size_t>(first_eta_[modality]) + k;
  }
  std::vector<int> first_eta_;
  std::vector<int> modality_of_;
  std::vector<std::vector<std::size_t>> pairs_into_;  // per target, indices of shape_.pairs
  int total_z_ = 0;
  int total_eta_ = 0;
  std::vector<std::size_t> noise_;   // additive: (3 kMixture) per latent
  std::size_t coefficients_ = 0;     // additive: (pairs, kBasis)
  std::vector<Mlp> conditioners_;    // general: one per latent
  std::size_t condition_links_ = 0;  // (latents + privates, conditions, kBasis)
  std::size_t prior_begin_ = 0;
  std::size_t prior_end_ = 0;  // without the padding before the gates
  std::size_t gate_begin_ = 0;
  std::vector<float> theta_;
};

}  // namespace polycause
