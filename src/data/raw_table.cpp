#include "data/raw_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/pattern.h"
#include "base/settings.h"
#include "base/text.h"
#include "data/anndata.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/foreign.h"
#include "data/numpy.h"
#include "data/row_table.h"
#include "data/rows.h"
#include "data/xport.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

RawTable read_by_name(const std::string& path, const ReadOptions& options) {
  const std::string name = plain_name(path);
  if (has_ending(name, ".h5ad") || has_ending(name, ".h5mu")) return read_anndata(path, options);
  if (!options.layer.empty() || !options.mod.empty()) {
    throw DataError(path, 0, "",
                    "layer and mod are set, but the file has neither; expected an .h5ad or .h5mu "
                    "file; remove the two keys");
  }
  const bool text = has_ending(name, ".csv") || has_ending(name, ".txt") ||
                    has_ending(name, ".tsv") || has_ending(name, ".tab");
  if (text || is_arrow_name(path)) return read_row_table(path, options);
  if (has_ending(name, ".xpt") || has_ending(name, ".xport")) return read_xport(path, options);
  if (has_ending(name, ".npy")) return read_npy(path, options);
  if (has_ending(name, ".npz") || name.find(".npz:") != std::string::npos) {
    return read_npz(path, options);
  }
  const std::string foreign = foreign_format(path);
  if (!foreign.empty()) throw DataError(path, 0, "", foreign);
  throw DataError(
      path, 0, "",
      "the name does not say what the file is; expected a name ending in .csv, .tsv, .tab, .txt, "
      ".xpt, .npy, .npz, .parquet, .feather, .h5ad or .h5mu (all but .npz also with .gz); rename "
      "or convert the file");
}

}  // namespace

void RawColumn::count_code(std::string_view code) {
  const auto found = coded.find(code);
  if (found != coded.end()) {
    ++found->second;
  } else {
    coded.emplace(code, 1);
  }
}

std::vector<std::string> missing_in(const ReadOptions& options, const std::string& column) {
  std::vector<std::string> missing = options.missing;
  for (const auto& [pattern, codes] : options.missing_of) {
    if (fits_pattern(pattern, column)) missing.insert(missing.end(), codes.begin(), codes.end());
  }
  return missing;
}

RawTable read_raw_table(const std::string& path, const ReadOptions& options) {
  try {
    RawTable table = read_by_name(path, options);
    if (!options.numbered) {
      strip_float_ids(table.ids);
      if (!options.repeats) refuse_duplicate_ids(table, options.id);
    }
    return table;
  } catch (const std::bad_alloc&) {
    throw DataError(path, 0, "", "the table does not fit into memory; read fewer columns or rows");
  } catch (const std::length_error&) {
    throw DataError(path, 0, "", "the table does not fit into memory; read fewer columns or rows");
  }
}

bool settle_column(const std::string& path, const std::string& column, const CellCounts& counts,
                   const ReadOptions& options) {
  if (counts.texts == 0) return false;
  const auto set = options.types.find(column);
  const bool numeric_type = set != options.types.end() && (set->second == ColumnType::kContinuous ||
                                                           set->second == ColumnType::kOrdinal);
  const bool text_type = set != options.types.end() && set->second == ColumnType::kCategorical;
  if (text_type) return true;
  if (!numeric_type && counts.numbers < 9 * counts.texts) return true;
  const std::size_t all = counts.numbers + counts.texts;
  throw DataError(
      path, counts.first_line, column,
      fmt::format(
          "holds {}; expected a number or a missing value ({} of {} cells are numbers). Add \"{}\" "
          "to study.missing{}",
          shown(counts.first_text), counts.numbers, all, counts.first_text,
          numeric_type ? ", or change the type that the study sets."
                       : ", or set types = { \"" + column + "\" = \"categorical\" }."));
}

void settle_text_column(const std::string& path, const std::vector<std::size_t>& lines,
                        const ReadOptions& options, RawColumn& column) {
  const CellReader reader(missing_in(options, column.name), options.decimal);
  std::vector<Cell> kind;
  std::vector<double> number(column.levels.size(), 0);
  for (std::size_t k = 0; k < column.levels.size(); ++k) {
    kind.push_back(reader.read(trimmed(column.levels[k]), number[k]));
  }
  CellCounts counts;
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (std::isnan(column.values[i])) continue;
    const auto level = static_cast<std::size_t>(column.values[i]);
    if (kind[level] == Cell::kMissing) {
      column.values[i] = kNaN;
      if (!column.levels[level].empty()) column.count_code(trimmed(column.levels[level]));
    }
    if (kind[level] == Cell::kNumber) ++counts.numbers;
    if (kind[level] == Cell::kText && counts.texts++ == 0) {
      counts.first_line = lines[i];
      counts.first_text = column.levels[level];
    }
  }
  const auto set = options.types.find(column.name);
  if (set != options.types.end()) {
    column.text = settle_column(path, column.name, counts, options);
  } else {
    column.text = counts.texts > 0;
  }
  if (column.text) return;
  for (double& value : column.values) {
    if (!std::isnan(value)) value = number[static_cast<std::size_t>(value)];
  }
  column.levels.clear();
}

std::vector<std::string> ids_from_numbers(const std::vector<double>& values) {
  std::vector<std::string> ids;
  ids.reserve(values.size());
  for (const double value : values) ids.push_back(std::isnan(value) ? "" : number_text(value));
  return ids;
}

void strip_float_ids(std::vector<std::string>& ids) {
  const auto whole = [](const std::string& id) {
    return id.empty() || (has_ending(id, ".0") && std::all_of(id.begin(), id.end() - 2, [](char c) {
                            return c >= '0' && c <= '9';
                          }));
  };
  if (!std::all_of(ids.begin(), ids.end(), whole)) return;
  for (std::string& id : ids) {
    if (!id.empty()) id.resize(id.size() - 2);
  }
}

void refuse_duplicate_ids(const RawTable& table, const std::string& id) {
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(table.ids.size());
  for (std::size_t i = 0; i < table.ids.size(); ++i) {
    if (table.ids[i].empty()) continue;
    const auto [place, fresh] = first.try_emplace(table.ids[i], i);
    if (fresh) continue;
    throw DataError(
        table.path, table.lines[i], id,
        fmt::format("the id {} stands in rows {} and {}; expected every participant once; "
                    "remove or average the repeats, or set study.visit and "
                    "study.visit_columns",
                    shown(table.ids[i]), table.lines[place->second], table.lines[i]));
  }
}

std::size_t find_id(const std::string& path, const std::vector<std::string>& names,
                    const ReadOptions& options) {
  if (options.numbered) return kNoId;
  const auto found = std::find(names.begin(), names.end(), options.id);
  const bool usable = found != names.end() && (!options.id_optional || found == names.begin());
  if (usable) return static_cast<std::size_t>(found - names.begin());
  if (!names.empty() && (names[0].empty() || names[0] == options.id_else)) return 0;
  if (options.id_optional) return kNoId;
  const std::string near = nearest(options.id, names);
  throw DataError(
      path, 1, "",
      fmt::format("there is no column '{}'; expected the participant ids in it; set study.id "
                  "(discover: --id) to the column that holds them{}",
                  options.id, near.empty() ? "" : " (nearest name: '" + near + "')"));
}

void refuse_duplicate_names(const std::string& path, const std::vector<std::string>& names) {
  std::unordered_set<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (seen.insert(names[i]).second) continue;
    const std::size_t first =
        static_cast<std::size_t>(std::find(names.begin(), names.end(), names[i]) - names.begin());
    throw DataError(
        path, 1, names[i],
        fmt::format("the name stands over columns {} and {}; expected different names; rename one",
                    first + 1, i + 1));
  }
}

}  // namespace polycause
