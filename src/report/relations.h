// What a latent is: how strongly it goes with the columns of its own modality and with covariates.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "polycause/study.h"
#include "polycause/table.h"

namespace polycause {

/// `spearman` in [-1, 1]; with a categorical column of three levels or more it is the correlation
/// ratio of the latent's ranks, hence without a sign: the square root of epsilon squared, the share
/// of their variance that lies between the levels less what chance puts there, at least 0 (Kelley
/// 1935). NaN with fewer than kFewestPeople people, a constant column, or a level for everybody.
struct Relation {
  std::string latent;
  std::string table;
  std::string column;
  double spearman = 0;
  std::size_t n = 0;  ///< participants with the column
  /// Of a column of two levels: above 0 means higher at `upper`; "" where too few people have it.
  std::string upper;
  std::string lower;
};

/// Every latent ("<modality>.z1", rows as Study::ids) against every column of its own modality and
/// every covariate. O(rows log rows) per column, then O(rows) per pair.
std::vector<Relation> relations(const Study& study, const Table& latents);

/// Spearman correlations of columns without missing cells; (d, d), row-major.
std::vector<double> rank_correlations(const std::vector<std::vector<double>>& columns);

/// Columns latent, table, column, spearman, n, upper, lower.
std::string relations_csv(const std::vector<Relation>& relations);

}  // namespace polycause
