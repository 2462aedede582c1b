// Discrete features against a known truth, or those of one fit against another's. Nothing is chosen
// with the truth but the matching of nodes and of outcomes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "polycause/graph.h"
#include "polycause/table.h"

namespace polycause {

struct FeatureScore {
  std::string truth;
  std::string estimate;  ///< its partner; "" when there are fewer estimates
  double accuracy = 0;   ///< share of participants whose outcome is right, outcomes matched
  double chance = 0;     ///< the same for always saying the most frequent outcome
};

struct FeatureScores {
  double accuracy = 0;             ///< mean over the true nodes
  double joint_accuracy = 0;       ///< share of participants with all nodes right
  std::int64_t shd_skeleton = -1;  ///< pairs joined in one graph only; -1 = no graph
  /// Pairs that differ between the classes of the two networks; -1 = no graph, or a true network
  /// with nodes that nobody measured.
  std::int64_t shd_class = -1;
  std::size_t participants = 0;
  std::vector<FeatureScore> nodes;
};

/// Outcomes are compared as texts or numbers: every distinct value of a column is one. Columns of
/// `found` that end in ".p" are probabilities and are left out. Rows are matched by id. `learned`
/// holds the class of its network (undirected edges where the direction is free), `truth_graph`
/// one of its members; both may be null. Nodes of `truth_graph` without a column in `truth` are
/// hidden: what they keep together counts as joined. Throws DataError when fewer than 30
/// participants are shared.
FeatureScores evaluate_features(const Table& found, const Table& truth, const Graph* learned,
                                const Graph* truth_graph);

std::string feature_scores_json(const FeatureScores& scores);

/// Features (n, L) of two fits, -1 = unknown, with the numbers of outcomes: the share of equal
/// outcomes of every node of `a` with its partner, outcomes matched.
std::vector<double> feature_agreement(const std::vector<int>& a, const std::vector<int>& outcomes_a,
                                      const std::vector<int>& b, const std::vector<int>& outcomes_b,
                                      std::vector<std::size_t>* partner = nullptr);

/// parents (L, L), [i * L + j]: i -> j. True for the edges that have this direction in every
/// network that implies the same independences (colliders, then Meek's rules).
std::vector<bool> identified_edges(const std::vector<bool>& parents, std::size_t nodes);

}  // namespace polycause
