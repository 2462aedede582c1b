// A table of participants: one row per participant, typed columns, NaN = missing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace polycause {

enum class ColumnType { kContinuous, kBinary, kOrdinal, kCategorical };

/// "continuous", "binary", "ordinal", "categorical"; the inverse throws ConfigError on anything
/// else.
const char* to_string(ColumnType type);
ColumnType column_type_from(const std::string& text);

struct Column {
  std::string name;
  ColumnType type = ColumnType::kContinuous;
  /// (n,) numbers; for a column with `levels` the index of the level; NaN where missing.
  std::vector<double> values;
  /// Names of the categories in the order of their codes; empty for a numeric column.
  std::vector<std::string> levels;
};

struct Table {
  std::string name;              ///< modality or covariate-table name, "" where there is none
  std::vector<std::string> ids;  ///< (n,) participant ids, unique
  std::vector<Column> columns;
  /// (n,) rows of the same group are not independent (visits of a participant); empty = all are.
  std::vector<std::string> groups;

  std::size_t rows() const { return ids.size(); }
  /// Index of a column by name, or columns.size() when there is none.
  std::size_t find(const std::string& column) const;
};

}  // namespace polycause
