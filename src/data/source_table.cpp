#include "data/source_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/pattern.h"
#include "base/settings.h"
#include "base/text.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/visits.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLargestIdFile = std::size_t{1} << 30U;

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return fits_pattern(pattern, name); });
}

/// Every name or pattern of the study must fit a column of the files, else it is a typing error.
void require_matches(const StudySpec& spec, const SourceSpec& source, const std::string& key,
                     const std::vector<std::string>& patterns,
                     const std::vector<std::string>& names) {
  for (const std::string& pattern : patterns) {
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return fits_pattern(pattern, name); })) {
      continue;
    }
    const std::string near = nearest(pattern, names);
    throw DataError(
        join_path(spec.root, source.paths[0]), 0, "",
        fmt::format("'{}' names the column '{}' in {}, which is not there{}; expected a column of "
                    "the file{}",
                    source.name, pattern, key,
                    pattern == spec.id ? " (it is the id)"
                    : matches_any(key_columns(spec), pattern)
                        ? " (it tells rows apart, see [study])"
                        : "",
                    near.empty() || near == pattern ? "" : "; did you mean '" + near + "'?"));
  }
}

/// Columns in the order in which the study lists them; those of one pattern in the order of the
/// files.
void order_columns(RawTable& table, const std::vector<std::string>& patterns) {
  const auto rank = [&](const RawColumn& column) {
    return std::find_if(
               patterns.begin(), patterns.end(),
               [&](const std::string& pattern) { return fits_pattern(pattern, column.name); }) -
           patterns.begin();
  };
  std::stable_sort(table.columns.begin(), table.columns.end(),
                   [&](const RawColumn& a, const RawColumn& b) { return rank(a) < rank(b); });
}

void make_text(RawColumn& column) {
  std::unordered_map<double, std::size_t> codes;
  for (double& value : column.values) {
    if (std::isnan(value)) continue;
    const auto [place, fresh] = codes.try_emplace(value, column.levels.size());
    if (fresh) column.levels.push_back(number_text(value));
    value = static_cast<double>(place->second);
  }
  column.text = true;
}

/// Codes of a single column, where the reader of its format knows only those of all.
void blank_codes(const ReadOptions& options, RawColumn& column) {
  const std::vector<std::string> missing = missing_in(options, column.name);
  if (missing.size() == options.missing.size()) return;
  const CellReader reader(missing, options.decimal);
  for (double& value : column.values) {
    if (std::isnan(value)) continue;
    const std::string text =
        column.text ? column.levels[static_cast<std::size_t>(value)] : number_text(value);
    if (column.text ? !reader.is_missing(text) : !reader.is_missing(value)) continue;
    column.count_code(text);
    value = kNaN;
  }
}

/// Puts the cells of `from` (its row i is row rows[i] here) into `into`, where none may contradict.
void fill_column(RawColumn& into, RawColumn& from, const std::vector<std::size_t>& rows,
                 const RawTable& table, const std::vector<std::string>& ids) {
  if (into.text != from.text) {
    throw DataError(
        table.path, 0, from.name,
        "holds numbers in one file and texts in another; expected the same in both; set its type "
        "to \"categorical\", or exclude it");
  }
  std::vector<double> code;  // of the levels of `from`
  if (from.text) {
    std::unordered_map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < into.levels.size(); ++i) known.emplace(into.levels[i], i);
    for (const std::string& level : from.levels) {
      const auto [place, fresh] = known.try_emplace(level, into.levels.size());
      if (fresh) into.levels.push_back(level);
      code.push_back(static_cast<double>(place->second));
    }
  }
  const auto text_of = [&](double value) {
    return from.text ? into.levels[static_cast<std::size_t>(value)] : number_text(value);
  };
  for (const auto& [text, count] : from.coded) into.coded[text] += count;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    double value = from.values[i];
    if (std::isnan(value)) continue;
    if (from.text) value = code[static_cast<std::size_t>(value)];
    double& cell = into.values[rows[i]];
    if (!std::isnan(cell) && cell != value) {
      throw DataError(
          table.path, table.lines[i], from.name,
          fmt::format(
              "holds {} for participant {}, and another file of this table holds {}; expected "
              "the same value; exclude or rename the column in one of them",
              shown(text_of(value)), shown(ids[rows[i]]), shown(text_of(cell))));
    }
    cell = value;
  }
}

}  // namespace

std::vector<std::string> read_ids(const std::string& path) {
  const std::string text = read_bytes(path, kLargestIdFile);
  std::vector<std::string> ids;
  std::size_t begin = text.compare(0, 3, "\xef\xbb\xbf") == 0 ? 3 : 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line(text.data() + begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ids.emplace_back(trimmed(line));
    if (!is_utf8(ids.back()) || ids.back().find('\0') != std::string::npos) {
      throw DataError(path, ids.size(), "",
                      "found bytes that are no UTF-8 text; expected one id per line");
    }
    begin = end + 1;
  }
  return ids;
}

RawTable merge_tables(std::vector<RawTable> tables) {
  RawTable merged = std::move(tables.front());
  if (tables.size() == 1) return merged;
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < merged.ids.size(); ++i) {
    if (!merged.ids[i].empty()) row_of.emplace(merged.ids[i], i);
  }
  for (std::size_t t = 1; t < tables.size(); ++t) {
    RawTable& table = tables[t];
    if (table.groups.empty() != merged.groups.empty() ||
        table.per_participant != merged.per_participant) {
      throw DataError(table.path, 1, "",
                      "has not the same visit and group columns as the other files of the table; "
                      "expected the same in all; make a [[covariates]] or [[modality]] of its own");
    }
    std::vector<std::size_t> rows;
    rows.reserve(table.ids.size());
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
      std::size_t row = merged.ids.size();
      if (!table.ids[i].empty()) row = row_of.try_emplace(table.ids[i], row).first->second;
      if (row == merged.ids.size()) {
        merged.ids.push_back(table.ids[i]);
        merged.lines.push_back(table.lines[i]);
        if (!merged.groups.empty()) merged.groups.push_back(table.groups[i]);
        if (!merged.participants.empty()) merged.participants.push_back(table.participants[i]);
      }
      rows.push_back(row);
    }
    for (RawColumn& column : merged.columns) column.values.resize(merged.ids.size(), kNaN);
    for (RawColumn& column : table.columns) {
      const auto same =
          std::find_if(merged.columns.begin(), merged.columns.end(),
                       [&](const RawColumn& other) { return other.name == column.name; });
      if (same != merged.columns.end()) {
        fill_column(*same, column, rows, table, merged.ids);
        continue;
      }
      std::vector<double> values(merged.ids.size(), kNaN);
      for (std::size_t i = 0; i < rows.size(); ++i) values[rows[i]] = column.values[i];
      column.values = std::move(values);
      merged.columns.push_back(std::move(column));
    }
    merged.path += ", " + table.path;
    merged.dropped.insert(merged.dropped.end(), table.dropped.begin(), table.dropped.end());
  }
  return merged;
}

RawTable read_source(const StudySpec& spec, const SourceSpec& source) {
  std::vector<std::string> names;  // all that the files hold
  ReadOptions options;
  options.id = spec.id;
  options.missing = spec.missing;
  options.missing_of = source.missing;
  options.decimal = (source.decimal.empty() ? spec.decimal : source.decimal) == "," ? ',' : '.';
  options.types = source.types;
  options.layer = source.layer;
  options.mod = source.mod;
  options.keys = key_columns(spec);
  options.repeats = !spec.visit_columns.empty();
  for (const std::string& key : options.keys) options.types[key] = ColumnType::kCategorical;
  options.wanted = [&](const std::string& name) {
    if (matches_any(options.keys, name)) return true;
    names.push_back(name);
    if (matches_any(source.exclude, name)) return false;
    return source.columns.empty() || matches_any(source.columns, name);
  };
  std::vector<std::string> ids;
  if (!source.ids.empty()) {
    ids = read_ids(join_path(spec.root, source.ids));
    options.numbered = true;
  }
  std::vector<RawTable> tables;
  for (const std::string& path : source.paths) {
    tables.push_back(read_raw_table(join_path(spec.root, path), options));
    for (RawColumn& column : tables.back().columns) {
      blank_codes(options, column);
      const auto set = source.types.find(column.name);
      const bool categorical = set != source.types.end() && set->second == ColumnType::kCategorical;
      if (categorical && !column.text && source.paths.size() > 1) make_text(column);
    }
    if (source.ids.empty()) continue;
    RawTable& table = tables.back();
    if (ids.size() != table.ids.size()) {
      throw DataError(join_path(spec.root, source.ids), 0, "",
                      fmt::format("holds {} ids; expected {}, one for every row of {}", ids.size(),
                                  table.ids.size(), table.path));
    }
    table.ids = ids;
    if (!options.repeats) refuse_duplicate_ids(table, "ids");
  }
  for (RawTable& table : tables) settle_rows(spec, table);
  require_matches(spec, source, "columns", source.columns, names);
  require_matches(spec, source, "exclude", source.exclude, names);
  require_matches(spec, source, "rank_normal", source.rank_normal, names);
  std::vector<std::string> typed;
  for (const auto& [column, type] : source.types) typed.push_back(column);
  require_matches(spec, source, "types", typed, names);
  std::vector<std::string> coded;
  for (const auto& [column, codes] : source.missing) coded.push_back(column);
  require_matches(spec, source, "missing", coded, names);
  RawTable merged = merge_tables(std::move(tables));
  if (merged.columns.empty()) {
    throw DataError(
        merged.path, 0, "",
        fmt::format(
            "'{}' has no column left; expected at least one besides the id; see columns and "
            "exclude in the study",
            source.name));
  }
  if (!source.columns.empty()) order_columns(merged, source.columns);
  return merged;
}

}  // namespace polycause
