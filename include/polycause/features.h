// Discrete features and their Bayesian network, as `pima` finds them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "polycause/blocks.h"
#include "polycause/table.h"

namespace polycause {

struct FeatureNode {
  std::string name;  ///< "node1"
  int outcomes = 2;
  std::vector<std::size_t> parents;  ///< ascending
  /// p(outcome | outcomes of the parents): one row per joint outcome of the parents, the last
  /// parent moving fastest.
  std::vector<double> table;
};

/// A network that stands for its equivalence class: which of its directions the data determine is
/// said by the graph (Fit::learned).
struct FeatureNetwork {
  std::vector<FeatureNode> nodes;  ///< in no particular order
  std::size_t joint_outcomes() const;
  /// Outcomes (L,) of joint outcome c: row-major, the last node moving fastest.
  std::vector<int> outcomes_of(std::size_t joint) const;
};

/// Nodes that are held at an outcome from outside, whatever their parents are.
using Held = std::map<std::size_t, int>;

/// (K,) probability of every joint outcome under do(held).
std::vector<double> joint_probabilities(const FeatureNetwork& network, const Held& held = {});
/// Per node the probability of every outcome under do(held).
std::vector<std::vector<double>> outcome_probabilities(const FeatureNetwork& network,
                                                       const Held& held = {});
/// (count, L) draws under do(held); the same for the same seed.
std::vector<int> sample_features(const FeatureNetwork& network, std::size_t count,
                                 std::uint64_t seed, const Held& held = {});

/// What a modality looks like at the mean of every cluster.
struct ClusterMeans {
  std::string modality;
  std::string kind;                          ///< tabular | image | series
  BlockShape shape;                          ///< of pictures and series
  std::vector<std::string> columns;          ///< of tables
  std::vector<float> values;                 ///< (K, columns) or (K, channels, height, width)
  std::vector<std::string> parameter_names;  ///< of a law as decoder
  std::vector<double> parameters;            ///< (K, P)
  double explained = 0;                      ///< held-out R2 with everything given
  double predicted = 0;  ///< held-out R2 from the other modalities alone; NaN without
};

/// What a fit of `pima` leaves beside latents and graph.
struct Features {
  FeatureNetwork network;
  std::vector<double> occupation;  ///< (K,) expected number of training participants
  std::vector<double> means;       ///< (K, l) of the clusters, in the latents' written units
  std::vector<double> deviations;  ///< (K, l)
  std::vector<ClusterMeans> decoded;
  double bound = 0;        ///< held-out evidence lower bound, nat per participant
  double information = 0;  ///< nat that latents say about the joint outcome
  double agreement = 1;    ///< mean share of equal features with the other restarts, matched
};

}  // namespace polycause
