#include "report/csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "data/csv_scanner.h"
#include "polycause/error.h"

namespace polycause {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::size_t CsvText::column(const std::string& name) const {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) return i;
  }
  throw DataError(path, 1, name, "no such column; expected a file of a run folder; fit again");
}

CsvText read_csv_text(const std::string& path) {
  CsvText out;
  out.path = path;
  CsvScanner scanner(path, ',', '.');
  std::vector<RowField> fields;
  while (scanner.next(fields)) {
    std::vector<std::string> row;
    row.reserve(fields.size());
    for (const RowField& field : fields) row.emplace_back(field.text);
    if (out.header.empty()) {
      out.header = std::move(row);
    } else if (row.size() != out.header.size()) {
      throw DataError(path, scanner.line(), "",
                      fmt::format("{} cells; expected {} as in the header; the file is damaged",
                                  row.size(), out.header.size()));
    } else {
      out.rows.push_back(std::move(row));
    }
  }
  return out;
}

double csv_value(const CsvText& table, std::size_t row, std::size_t column) {
  if (row >= table.rows.size() || column >= table.header.size()) {
    throw DataError(table.path, row + 2, "",
                    "ends before this line or a column that is needed; expected a file of a run "
                    "folder; fit again");
  }
  const std::string& cell = table.rows[row][column];
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size()) {
    throw DataError(table.path, row + 2, table.header[column],
                    "holds no number; expected one or an empty cell; the file is damaged");
  }
  return value;
}

}  // namespace polycause
