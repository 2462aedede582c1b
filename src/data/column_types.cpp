#include "data/column_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include "data/cells.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostOrdinal = 10;
constexpr std::size_t kFewPerLevel = 5;  // rows on average; with fewer, levels are nearly names

std::vector<double> gather(const std::vector<double>& values,
                           const std::vector<std::size_t>& rows) {
  std::vector<double> out(rows.size(), kNaN);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != kNoRow) out[i] = values[rows[i]];
  }
  return out;
}

/// Distinct values in ascending order, at most `most` + 1 of them.
std::vector<double> distinct(const std::vector<double>& values, std::size_t most) {
  std::vector<double> found;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const auto place = std::lower_bound(found.begin(), found.end(), value);
    if (place != found.end() && *place == value) continue;
    found.insert(place, value);
    if (found.size() > most) break;
  }
  return found;
}

/// Codes follow the sorted texts of those levels that occur.
void sort_levels(std::vector<double>& values, std::vector<std::string>& levels) {
  std::vector<bool> occurs(levels.size(), false);
  for (const double value : values) {
    if (!std::isnan(value)) occurs[static_cast<std::size_t>(value)] = true;
  }
  std::vector<std::pair<std::string, std::size_t>> order;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (occurs[i]) order.emplace_back(std::move(levels[i]), i);
  }
  const bool numbers = std::all_of(
      order.begin(), order.end(), [](const auto& item) { return all_whole_numbers({item.first}); });
  std::sort(order.begin(), order.end(), [numbers](const auto& a, const auto& b) {
    return numbers ? whole_number_less(a.first, b.first) : a.first < b.first;
  });
  std::vector<double> code(levels.size(), kNaN);
  levels.clear();
  for (auto& [text, old] : order) {
    code[old] = static_cast<double>(levels.size());
    levels.push_back(std::move(text));
  }
  for (double& value : values) {
    if (!std::isnan(value)) value = code[static_cast<std::size_t>(value)];
  }
}

/// Numbers to codes; levels in the order of the numbers.
std::vector<std::string> levels_of_numbers(std::vector<double>& values) {
  std::vector<double> numbers;
  for (const double value : values) {
    if (!std::isnan(value)) numbers.push_back(value);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (double& value : values) {
    if (std::isnan(value)) continue;
    value = static_cast<double>(std::lower_bound(numbers.begin(), numbers.end(), value) -
                                numbers.begin());
  }
  std::vector<std::string> levels;
  levels.reserve(numbers.size());
  for (const double number : numbers) levels.push_back(number_text(number));
  return levels;
}

ColumnType found_type(const std::vector<double>& values) {
  const std::vector<double> some = distinct(values, kMostOrdinal);
  const bool whole = std::all_of(some.begin(), some.end(),
                                 [](double value) { return value == std::trunc(value); });
  if (some.size() == 2) return ColumnType::kBinary;
  return whole && some.size() > 2 && some.size() <= kMostOrdinal ? ColumnType::kOrdinal
                                                                 : ColumnType::kContinuous;
}

/// Texts that are numbers for the other decimal sign, nine tenths of them or more: that sign, else
/// '\0'.
char other_decimal(const std::vector<std::string>& levels) {
  for (const char sign : {'.', ','}) {
    const CellReader reader({}, sign);
    std::size_t numbers = 0;
    bool shown = false;
    for (const std::string& level : levels) {
      double number = 0;
      if (reader.read(level, number) != Cell::kNumber) continue;
      ++numbers;
      shown = shown || level.find(sign) != std::string::npos;
    }
    if (shown && numbers * 10 >= levels.size() * 9) return sign;
  }
  return '\0';
}

/// Why texts without a type set by the user are no levels, "" when they may be.
std::string why_no_levels(const std::vector<std::string>& levels, std::size_t present) {
  const std::size_t kinds = levels.size();
  if (const char sign = other_decimal(levels); sign != '\0') {
    const bool point = sign == '.';
    return fmt::format(
        "{} different texts, nearly all of them numbers with a decimal {} in a table read with a "
        "decimal {}; set decimal = \"{}\"",
        kinds, point ? "point" : "comma", point ? "comma" : "point", sign);
  }
  if (kinds <= std::max<std::size_t>(20, present / 10)) return "";
  return fmt::format("{} different texts in {} cells{}", kinds, present,
                     kinds * kFewPerLevel > present
                         ? ": dates, names or comments are no groups of participants"
                         : "; set its type to \"categorical\" to keep it");
}

[[noreturn]] void refuse_type(const std::string& path, const std::string& column, ColumnType set,
                              const std::string& found) {
  throw DataError(
      path, 0, column,
      fmt::format("{}; expected cells that fit the type \"{}\" set by the study; change or remove "
                  "that type",
                  found, to_string(set)));
}

std::size_t count_missing(const std::vector<double>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }));
}

}  // namespace

std::string why_unusable(const Column& column, bool set) {
  const std::size_t present = column.values.size() - count_missing(column.values);
  if (present == 0) return "all cells missing";
  if (distinct(column.values, 1).size() == 1) return "constant";
  return set || column.levels.empty() ? "" : why_no_levels(column.levels, present);
}

TypedColumn type_column(RawColumn& raw, const std::vector<std::size_t>& rows, const ColumnType* set,
                        const std::string& path) {
  TypedColumn typed;
  Column& column = typed.column;
  column.name = raw.name;
  column.values = gather(raw.values, rows);
  std::vector<double>().swap(raw.values);
  typed.missing = count_missing(column.values);
  const std::size_t present = rows.size() - typed.missing;

  std::size_t kinds = 0;
  if (raw.text) {
    column.levels = std::move(raw.levels);
    sort_levels(column.values, column.levels);
    kinds = column.levels.size();
    column.type = kinds == 2 ? ColumnType::kBinary : ColumnType::kCategorical;
    if (set != nullptr) {
      if (*set == ColumnType::kContinuous || *set == ColumnType::kOrdinal) {
        refuse_type(path, raw.name, *set, "holds texts");
      }
      column.type = *set;
    }
  } else {
    column.type = set != nullptr ? *set : found_type(column.values);
    if (column.type == ColumnType::kCategorical) {
      column.levels = levels_of_numbers(column.values);
      kinds = column.levels.size();
    } else {
      kinds = distinct(column.values, 2).size();
    }
  }
  if (column.type == ColumnType::kBinary && kinds > 2) {
    refuse_type(path, raw.name, ColumnType::kBinary, "holds more than two values");
  }

  typed.unusable = why_unusable(column, set != nullptr);
  if (typed.unusable.empty() && set != nullptr && column.type == ColumnType::kCategorical &&
      kinds * kFewPerLevel > present) {
    typed.doubt = fmt::format(
        "set to \"categorical\" with {} levels in {} cells; the names of the levels stand in the "
        "files of a run, and so few rows may tell who it is; leave the column out or merge levels",
        kinds, present);
  }
  return typed;
}

TypedColumn type_column_like(RawColumn& raw, const std::vector<std::size_t>& rows,
                             const Column& model, std::size_t* unseen) {
  TypedColumn typed;
  Column& column = typed.column;
  column.name = model.name;
  column.type = model.type;
  column.levels = model.levels;
  column.values = gather(raw.values, rows);
  std::vector<double>().swap(raw.values);
  *unseen = 0;
  if (!model.levels.empty()) {
    std::unordered_map<std::string, double> code;
    for (std::size_t i = 0; i < model.levels.size(); ++i) {
      code.emplace(model.levels[i], static_cast<double>(i));
    }
    if (!raw.text) raw.levels = levels_of_numbers(column.values);
    for (double& value : column.values) {
      if (std::isnan(value)) continue;
      const auto found = code.find(raw.levels[static_cast<std::size_t>(value)]);
      if (found == code.end()) ++*unseen;
      value = found == code.end() ? kNaN : found->second;
    }
  }
  typed.missing = count_missing(column.values);
  return typed;
}

}  // namespace polycause
