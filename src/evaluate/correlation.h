// Ranks and correlations.
#pragma once

#include <vector>

#include "polycause/table.h"

namespace polycause {

/// Ranks 1 .. n, ties share their mean rank; values must not be NaN.
std::vector<double> mid_ranks(const std::vector<double>& values);

/// Normal scores of the ranks, Phi^-1((rank - 1/2) / n); NaN stays NaN and does not count in n.
std::vector<double> rank_normal(const std::vector<double>& values);

/// What stands before the last '.' of a column's name, "" without one.
std::string modality_of(const std::string& column);

/// Names of the modalities in order of first appearance, with the indices of their columns.
std::vector<std::pair<std::string, std::vector<std::size_t>>> columns_by_modality(
    const Table& table);

/// Both tables cut to the participants that are in both, in the order of `a`. Throws DataError when
/// there are fewer than `least`, or an id twice.
std::pair<Table, Table> common_participants(const Table& a, const Table& b, std::size_t least);

/// Best partner in `b` (column index, or kNoPartner) of every column of `a`, within the modality,
/// and |correlation| with it, 0 where there is none. Rows are aligned.
struct Matching {
  std::vector<std::size_t> partner;
  std::vector<double> strength;
};
Matching match_within(const Table& a, const Table& b,
                      double (*correlation)(const std::vector<double>&,
                                            const std::vector<double>&));

}  // namespace polycause
