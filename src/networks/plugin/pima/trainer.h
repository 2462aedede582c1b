// How `pima` is trained: autoencoders first, then mixture and network, one after the other.
#pragma once

#include <torch/optim/adam.h>

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "networks/networks.h"
#include "networks/pima.h"
#include "networks/plugin/batches.h"
#include "networks/plugin/pima/graph_learner.h"
#include "networks/plugin/pima/net.h"
#include "networks/plugin/pima/pieces.h"

namespace polycause {

/// One fit from one seed. Throws std::runtime_error when the training diverges.
std::unique_ptr<PimaModel> fit_pima_networks(const std::vector<PimaInput>& inputs,
                                             const std::vector<std::uint32_t>& train,
                                             const std::vector<std::uint32_t>& held_out,
                                             const PimaOptions& options);

/// Two clusters that might be one.
struct ClusterPair {
  std::int64_t into = 0;
  std::int64_t gone = 0;
  double divergence = 0;  // of both from each other, nat
};

class PimaTrainer {
 public:
  PimaTrainer(const std::vector<PimaInput>& inputs, const std::vector<std::uint32_t>& train,
              const std::vector<std::uint32_t>& held_out, const PimaOptions& options);
  std::unique_ptr<PimaNet> run();
  /// Latents (n, l) of `train` after the first step alone.
  std::vector<float> pretrained();

  // The steps, one by one, for tests.
  void scale();
  void pretrain();
  void start();
  /// One feature: where two of its outcomes lie better as one and another as two, they change
  /// places, as long as that raises the clusters' share of the bound (split_merge.cpp).
  void split_and_merge();
  void gradient_epoch(int epoch);
  /// Clusters, experts and, where `beta` > 0, the network, given everybody's posterior.
  void block_update(int rounds, double beta);
  void finish();
  /// Bound per participant; the same noise every time.
  double bound(const std::vector<std::uint32_t>& rows) const;
  PimaNet& net() { return *net_; }

 private:
  struct Cached {
    std::vector<std::uint32_t> rows;
    Posterior q;             // (n, l)
    std::vector<Seen> seen;  // of modalities with experts; others hold nothing
  };
  /// Sums over participants, with responsibilities.
  struct BlockMoments {
    ClusterMoments clusters;
    std::vector<CurveMoments> curves;  // per modality; used where there is an expert
  };
  /// Clusters that were tried, by their responsibilities.
  struct Attempt {
    torch::Tensor gamma;    // (n, K)
    double value = -1e300;  // the clusters' share of the bound, nat per participant
  };
  struct Split {
    std::int64_t cluster = 0;
    std::size_t view = 0;  // the modality by which it falls apart; behind the last: by the latents
    double value = 0;      // of the bound's share after a few rounds
  };
  /// What encoders say that do not learn any more.
  struct Held {
    std::map<std::uint32_t, std::int64_t> place;  // of a participant
    ModalityCodes codes;
    Cached everybody;  // of `train`
  };

  int epochs_of(int wanted) const;
  double price_of(double people) const;  // of a free probability, nat
  /// Participants who have anything; the others leave `batch`.
  std::vector<Seen> usable(Batch& batch) const;
  /// Of those whom `usable` left in the batch.
  Posterior posterior(const Batch& batch, const std::vector<Seen>& seen,
                      const torch::Tensor& keep = {}) const;
  void hold_encoders();
  torch::Tensor keep(const std::vector<Seen>& batch);
  void pretrain_epoch(int epoch, int epochs);
  std::optional<PimaGrid> grid_of_pieces(const Cached& cached);
  void start_on_grid(const Cached& cached);
  void align(const torch::Tensor& targets, const std::vector<std::uint32_t>& rows,
             const torch::Tensor& variance);
  void step(const torch::Tensor& loss, double progress, const char* stage, int epoch);
  Cached cache() const;
  static Cached part(const Cached& cached, std::int64_t most);  // evenly from the beginning on
  Cached everybody() const { return held_.place.empty() ? cache() : held_.everybody; }
  torch::Tensor expert_scores(const Cached& cached, std::int64_t begin, std::int64_t end) const;
  void add_moments(const Cached& cached, std::int64_t begin, const torch::Tensor& gamma,
                   BlockMoments& moments) const;  // gamma (B, K) of those from `begin` on
  void maximise(const Cached& cached, const BlockMoments& moments);
  torch::Tensor round(const Cached& cached, bool update);
  torch::Tensor cluster_scores(const Cached& cached) const;
  double settle(const Cached& cached, int rounds, torch::Tensor& gamma);
  torch::Tensor moved(const Cached& cached, const torch::Tensor& gamma, const ClusterPair& pair,
                      const Split& split) const;
  std::vector<Split> splits(const Cached& cached, const torch::Tensor& gamma,
                            const ClusterPair& pair);
  Attempt best_move(const Cached& cached, const torch::Tensor& gamma);
  BatchReader reader(const std::vector<std::uint32_t>& rows) const;
  void make_optimiser(double encoder_share);

  std::vector<NetworkInput> readers_;
  std::vector<std::uint32_t> train_;
  std::vector<std::uint32_t> held_out_;
  PimaOptions options_;
  mutable at::Generator generator_;
  std::unique_ptr<PimaNet> net_;
  std::unique_ptr<GraphLearner> learner_;
  std::unique_ptr<torch::optim::Adam> optimiser_;
  Held held_;                   // nothing while encoders learn
  std::vector<double> shares_;  // of the rate, per group of the optimiser
  double numbers_ = 1;          // measured per participant: the loss is divided by it
  int epochs_ = 1;
  torch::Tensor counts_;  // (K,) of the latest block update
  torch::Tensor edges_;   // (L, L)
  double network_objective_ = 0;
  double divergence_ = std::numeric_limits<double>::quiet_NaN();  // of the grid
};

}  // namespace polycause
