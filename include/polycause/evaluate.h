// Scores against a known truth, by the honest protocol (docs/methods/metrics.md): nothing is chosen
// with the truth, but for what stands beside as the paper's.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "polycause/graph.h"
#include "polycause/table.h"

namespace polycause {

struct LatentScore {
  std::string truth;
  std::string estimate;  ///< its partner by |Spearman|; "" when the modality has too few estimates
  double spearman = 0;   ///< absolute
  double pearson = 0;    ///< absolute, with the same partner
  double r2 = 0;
};

/// By the protocol of the paper, to stand beside its numbers: of all solutions of the fit the one
/// with the largest Pearson MCC, chosen with the truth, and R2 on the rows that the regression was
/// fitted to.
struct PublishedScores {
  double mcc = 0;
  double r2 = 0;
  std::size_t solutions = 1;  ///< to choose from
};

struct Scores {
  double mcc_spearman = 0;  ///< mean |Spearman| after the best assignment inside each modality
  double mcc_spearman_min = 0;
  double mcc = 0;                ///< the same with Pearson and its own assignment
  double r2 = 0;                 ///< kernel ridge from estimated to true latents of the modality
  std::int64_t shd = -1;         ///< cross-modality edges missing, extra or reversed; -1 = no graph
  std::int64_t shd_within = -1;  ///< edges inside a modality
  std::int64_t shd_skeleton = -1;  ///< cross-modality pairs joined in one graph only, marks aside
  /// Cross-modality pairs, marks aside: share of the learned ones that are true, of the true ones
  /// that are learned, and the harmonic mean of both. NaN: no graph, or no such pair to divide by.
  double edge_precision = std::numeric_limits<double>::quiet_NaN();
  double edge_recall = std::numeric_limits<double>::quiet_NaN();
  double edge_f1 = std::numeric_limits<double>::quiet_NaN();
  std::size_t participants = 0;  ///< in both tables
  PublishedScores published;
  std::vector<LatentScore> latents;
};

/// Index of a latent without partner.
inline constexpr std::size_t kNoPartner = static_cast<std::size_t>(-1);

/// Best one-to-one assignment: maximises the sum of weight(i, assignment[i]); weights (r, c)
/// row-major, finite. With more rows than columns the rows left over get kNoPartner. O(min(r, c)^2
/// max(r, c)).
std::vector<std::size_t> assign(const std::vector<double>& weights, std::size_t rows,
                                std::size_t columns);

/// Matched |Spearman| of every latent of `a` with its partner in `b`, modality by modality; (d,) in
/// the order of a's columns, 0 where there is no partner. `partner` (optional) receives the index
/// of the column of b or kNoPartner. A modality is what stands before the last '.' of a column's
/// name. Throws DataError when fewer than 3 participants are in both tables.
std::vector<double> agreement(const Table& a, const Table& b,
                              std::vector<std::size_t>* partner = nullptr);

/// `seed` chooses the participants of the R2. `learned` may be null. `others`: further solutions of
/// the fit, for the paper's protocol only. Rows are matched by id. Throws DataError when the tables
/// share fewer than 30 participants or a modality has no estimate.
Scores evaluate(const Table& estimate, const Table& truth, const Graph* learned,
                const Graph* truth_graph, std::uint64_t seed = 0,
                const std::vector<Table>& others = {});

std::string scores_json(const Scores& scores);

/// The neighbours of one node in two graphs, sorted. `truth` = right + missed, `found` = right +
/// extra.
struct Neighbours {
  std::string node;
  std::vector<std::string> found;
  std::vector<std::string> truth;
  std::vector<std::string> right;
  std::vector<std::string> missed;
  std::vector<std::string> extra;
};

/// What can be direct where only the nodes `observed` are seen: pairs of them that `truth` joins,
/// and pairs whose path of two edges leads over a node not observed that is not the effect of both.
/// (Longer paths over hidden nodes also leave dependence; they count as indirect.) Edges of the
/// result have two tails: it says who, not which way. Throws DataError for an unknown name.
Graph observable_neighbours(const Graph& truth, const std::vector<std::string>& observed);

/// One entry per node of `nodes`, names as in `truth`; `truth_of` translates names of `found` (all
/// others stay as they are).
std::vector<Neighbours> compare_neighbours(const Graph& found, const Graph& truth,
                                           const std::vector<std::string>& nodes,
                                           const std::map<std::string, std::string>& truth_of = {});

/// Spearman correlation over rows where both are present (mid-ranks for ties); NaN if fewer than 3.
double spearman(const std::vector<double>& x, const std::vector<double>& y);
double pearson(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace polycause
