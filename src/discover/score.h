// Decomposable scores of directed graphs: the larger, the better.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "discover/dataset.h"
#include "discover/mark_matrix.h"

namespace polycause {

class Score {
 public:
  virtual ~Score() = default;
  virtual std::size_t size() const = 0;
  virtual std::unique_ptr<Score> clone() const = 0;

  /// Of one variable given its parents (ascending).
  virtual double local(std::size_t node, const NodeSet& parents) = 0;
  /// local(node, parents + c) for every c that is neither node nor a parent; others are left alone.
  virtual void local_with_each(std::size_t node, const NodeSet& parents,
                               std::vector<double>& scores);
};

/// BIC of linear Gaussian models over the rows complete in all columns: log-likelihood minus
/// penalty / 2 * log(n) per parent.
std::unique_ptr<Score> make_gaussian_score(const Dataset& data, double penalty,
                                           std::size_t threads);
std::unique_ptr<Score> make_gaussian_score(const std::vector<double>& correlation, double n,
                                           double penalty);

/// BIC of conditional-Gaussian models: each set of variables has a log-likelihood (a table over its
/// discrete variables, a Gaussian of its numeric ones in every cell) and a number of parameters,
/// and a variable's score is that of the set with it minus that without. Graphs that imply the same
/// independences score alike.
std::unique_ptr<Score> make_mixed_score(const Dataset& data, double penalty);

/// BDeu (Heckerman, Geiger, Chickering 1995): the probability of the rows under Dirichlet priors
/// worth `sample_prior` rows per variable, times that of each possible parent being one, such that
/// `structure_prior` of them are expected. Every variable must have levels.
std::unique_ptr<Score> make_bdeu_score(const Dataset& data, double sample_prior,
                                       double structure_prior);

}  // namespace polycause
