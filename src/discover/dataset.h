// The columns of a table as variables of a search: checked, and in an order of their own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "polycause/table.h"

namespace polycause {

struct Variable {
  std::string id;
  std::size_t levels = 0;      ///< 0 = numeric; else `values` are codes 0 .. levels-1
  std::vector<double> values;  ///< (n,), NaN = missing
};

struct Dataset {
  std::string name;  ///< of the table, for messages
  std::size_t rows = 0;
  std::vector<Variable> variables;
  std::vector<std::size_t> group;  ///< (n,) rows of the same are not independent; empty = all are
};

/// Every column numeric; a categorical one of k levels becomes k-1 variables "<column>=<level>",
/// for all levels but the most frequent.
Dataset numeric_dataset(const Table& table);

/// Every column with levels; a numeric one gets a level per distinct value. Throws DataError when a
/// column holds more than 100 distinct values.
Dataset discrete_dataset(const Table& table);

/// Categorical and binary columns with levels, all others numeric.
Dataset mixed_dataset(const Table& table);

/// Numeric values replaced by their ranks, ties by the mean of theirs.
Dataset ranked(const Dataset& data);

/// Numeric values replaced by the normal quantiles of their ranks, (rank + 1/2) / n of those
/// present (nonparanormal: Liu, Lafferty and Wasserman 2009, without truncation); levels stay.
Dataset normal_scores(const Dataset& data);

/// Variables by name and rows by value, so that sums do not depend on the order given.
/// `position[i]` = place of the i-th variable of the result in `data`.
Dataset canonical(const Dataset& data, std::vector<std::size_t>* position);

/// The rows `rows` of it, in that order.
Dataset rows_of(const Dataset& data, const std::vector<std::size_t>& rows);

/// Rows where every variable is present.
std::vector<std::size_t> complete_rows(const Dataset& data);

/// The rows where every variable is present.
Dataset complete_part(const Dataset& data);

}  // namespace polycause
