#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <numeric>

#include "data/bytes.h"
#include "data/cells.h"
#include "data/column_types.h"
#include "data/raw_table.h"
#include "polycause/anndata.h"
#include "polycause/error.h"
#include "polycause/study.h"

namespace polycause {
namespace {

void append_text(std::string& out, const std::string& text) {
  if (text.find_first_of(",;\t|\"\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

Table read_table(const std::string& path, const TableOptions& options) {
  ReadOptions read;
  read.id = options.id;
  read.id_optional = !options.id_required;
  read.id_else = TableOptions().id;
  read.missing = options.missing;
  read.decimal = options.decimal == "," ? ',' : '.';
  read.types = options.types;
  RawTable raw = read_raw_table(path, read);
  for (std::size_t i = 0; i < raw.ids.size(); ++i) {
    if (raw.ids[i].empty()) {
      throw DataError(path, raw.lines[i], options.id,
                      "the id is missing; expected one in every row; add it");
    }
  }
  std::vector<std::size_t> rows(raw.ids.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  Table table;
  for (RawColumn& column : raw.columns) {
    const auto set = options.types.find(column.name);
    table.columns.push_back(
        type_column(column, rows, set == options.types.end() ? nullptr : &set->second, path)
            .column);
  }
  for (const auto& [name, type] : options.types) {
    if (table.find(name) == table.columns.size()) {
      throw DataError(path, 0, name,
                      "has a type set but is not there; expected a column of the file");
    }
  }
  table.ids = std::move(raw.ids);
  return table;
}

bool is_anndata_name(const std::string& path) {
  if (path.size() < 6 || plain_name(path).size() < path.size()) return false;
  const std::string end = plain_name(path).substr(path.size() - 5);
  return end == ".h5ad" || end == ".h5mu";
}

std::string table_csv(const Table& table, const std::string& id_name, int digits) {
  std::string out;
  append_text(out, id_name);
  for (const Column& column : table.columns) {
    out += ',';
    append_text(out, column.name);
  }
  out += '\n';
  for (std::size_t i = 0; i < table.rows(); ++i) {
    append_text(out, table.ids[i]);
    for (const Column& column : table.columns) {
      out += ',';
      const double value = column.values[i];
      if (std::isnan(value)) continue;
      if (!column.levels.empty()) {
        append_text(out, column.levels.at(static_cast<std::size_t>(value)));
      } else if (digits > 0) {
        fmt::format_to(std::back_inserter(out), "{:.{}g}", value, digits);
      } else {
        fmt::format_to(std::back_inserter(out), "{}", value);
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace polycause
