// Comma-separated text of a run folder: UTF-8, header line, quotes where needed, NaN = empty cell.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace polycause {

/// A cell, quoted when it holds a comma, a quote or a line break.
std::string csv_cell(const std::string& text);

/// Shortest text that reads back as the same number; "" for NaN.
std::string csv_number(double value);

/// Header and rows of a file that a run folder holds.
struct CsvText {
  std::string path;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  /// Index of a column. Throws DataError when there is none.
  std::size_t column(const std::string& name) const;
};

/// Throws DataError (path, line) on a ragged row or a quote that never closes.
CsvText read_csv_text(const std::string& path);

/// The number in a cell, NaN when it is empty. Throws DataError on anything else, and where there
/// is no such cell.
double csv_value(const CsvText& table, std::size_t row, std::size_t column);

}  // namespace polycause
