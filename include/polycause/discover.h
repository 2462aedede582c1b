// Causal discovery over observed columns: latents, covariates, or any table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "polycause/graph.h"
#include "polycause/observer.h"
#include "polycause/settings.h"
#include "polycause/table.h"

namespace polycause {

struct DiscoverOptions {
  std::string engine = "pc";
  std::string test = "auto";
  bool rank_normal = false;  ///< numeric columns by the normal scores of their ranks
  std::string rule = "majority";
  double alpha = 0.01;
  std::string score = "bic";    ///< of the score engines; "bdeu" for discrete columns
  double sample_prior = 1;      ///< bdeu: rows that the prior is worth
  double structure_prior = 1;   ///< bdeu: parents expected per variable
  double penalty = 2;           ///< bic: a parameter costs penalty / 2 * log(n)
  double min_strength = 0;      ///< edges with a smaller |partial correlation| are left out
  std::int64_t max_depth = -1;  ///< largest separating set tried; -1 = no limit
  bool mvpc = false;            ///< correct for cells missing at random
  std::int64_t bootstrap = 0;   ///< replicates for Edge::stability and Graph::frequencies
  double subsample = 0.5;    ///< share of rows a replicate draws, each once; 0 = all, with repeats
  std::int64_t seed = 0;     ///< of the replicates; the graph itself does not depend on it
  std::int64_t threads = 0;  ///< 0 = all cores
};
void visit_settings(DiscoverOptions& options, SettingsVisitor& visitor);  ///< keys "discover.*"

/// What is known beforehand. The result keeps to all of it; what contradicts itself is refused with
/// a ConfigError that says why. Names may be patterns with `*`, or regular expressions between
/// slashes
/// ("/blood\\.z[12]/"); for tiers, a name spelled out goes before a pattern that matches it.
struct Knowledge {
  std::map<std::string, int> tier;  ///< node id -> tier, 0 = earliest; nodes not named are free.
                                    ///< An edge never points from a later tier into an earlier one.
  std::vector<std::pair<std::string, std::string>> forbidden;  ///< no edge source -> target
  std::vector<std::pair<std::string, std::string>> required;   ///< the edge source -> target
};

/// Tetrad's knowledge files: addtemporal, forbiddirect, requiredirect. Throws DataError with the
/// line.
Knowledge read_tetrad_knowledge(const std::string& path);
std::string tetrad_knowledge(const Knowledge& knowledge);

/// Joins tables by id: rows = participants found in every table, columns renamed "<table>.<column>"
/// when the table has a name and the column does not already start with "<table>.".
Table join(const std::vector<Table>& tables);

/// The graph over the columns of `table`. Test "auto": partial correlation when all columns are
/// numeric (ordinal ones too), G-square when all are categorical or binary, else conditional
/// Gaussian. With a test for numbers, a categorical column of k levels enters as k-1 indicators
/// "<column>=<level>". Rows with missing cells are left out test by test. Where the table has
/// groups, evidence is divided by a design effect and replicates draw groups. The result does not
/// depend on the order of rows or columns nor on the number of threads, and holds no directed
/// cycle. `estimates`: the same columns as other restarts of a model saw them; bootstrap replicates
/// draw from `table` and from these in turn. Throws ConfigError, Interrupted, and DataError naming
/// duplicate, constant or collinear columns.
Graph discover(const Table& table, const Knowledge& knowledge, const DiscoverOptions& options,
               Observer* observer = nullptr, const std::vector<Table>& estimates = {});

/// All that partial correlations need to know of a table.
struct Covariance {
  std::vector<std::string> names;  ///< (d,)
  std::vector<double> matrix;      ///< (d, d) row-major; correlations will do
  double n = 0;                    ///< rows behind it
};

/// A line of names, then a line per variable: whole, or the lower triangle; cells separated by
/// commas, tabs, semicolons or spaces; a name may lead each line. The first line may be the number
/// of rows alone, as Tetrad writes it. `n` = 0: that number. Throws DataError with the line.
Covariance read_covariance(const std::string& path, double n);

/// The same search from covariances, by Fisher's z or the Gaussian BIC. Throws ConfigError where
/// the options need rows: bootstrap, other tests.
Graph discover(const Covariance& covariance, const Knowledge& knowledge,
               const DiscoverOptions& options, Observer* observer = nullptr);

/// Does a graph (a directed one, or a class of them) fit the data? Each pair without an edge is
/// tested given the parents of the later one; with the right graph those p-values are uniform.
struct MarkovCheck {
  std::size_t tests = 0;
  double rejected = 0;    ///< share with p <= alpha; alpha is expected
  double uniformity = 0;  ///< p of Kolmogorov and Smirnov's test; NaN with fewer than 5 tests
  std::vector<Separation> violations;  ///< the smallest p first
};

/// Uses test, alpha and threads of the options. Throws DataError when a node is no column.
MarkovCheck markov_check(const Table& table, const Graph& graph, const DiscoverOptions& options,
                         Observer* observer = nullptr);

}  // namespace polycause
