#include "discover/column_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "discover/correlation.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kFewestRows = 5;
constexpr std::size_t kFewPerLevel = 5;
constexpr std::size_t kRowsPerLevel = 2;  // with fewer, levels are no groups

std::string place(const Dataset& data) { return data.name.empty() ? "discover" : data.name; }

std::vector<std::size_t> rows_per_level(const Variable& variable) {
  std::vector<std::size_t> count(variable.levels, 0);
  for (const double value : variable.values) {
    if (!std::isnan(value)) ++count[static_cast<std::size_t>(value)];
  }
  return count;
}

// Both discrete, and every level of `from` occurs with one level of `to` alone.
bool determines(const Dataset& data, std::size_t from, std::size_t to) {
  const Variable& a = data.variables[from];
  const Variable& b = data.variables[to];
  if (a.levels == 0 || b.levels == 0 || a.levels * kRowsPerLevel > data.rows) return false;
  std::vector<double> with(a.levels, std::nan(""));
  bool both_present = false;
  for (std::size_t r = 0; r < data.rows; ++r) {
    if (std::isnan(a.values[r]) || std::isnan(b.values[r])) continue;
    double& seen = with[static_cast<std::size_t>(a.values[r])];
    if (!std::isnan(seen) && seen != b.values[r]) return false;
    seen = b.values[r];
    both_present = true;
  }
  return both_present;
}

}  // namespace

void check_columns(const Dataset& data) {
  if (data.variables.empty()) {
    throw DataError(place(data), 0, "", "no columns; expected at least one column beside the id");
  }
  if (data.rows < kFewestRows) {
    throw DataError(
        place(data), 0, "",
        fmt::format("{} rows; expected at least {}; add participants", data.rows, kFewestRows));
  }
  std::map<std::string, std::size_t> seen;
  for (const Variable& variable : data.variables) {
    if (++seen[variable.id] > 1) {
      throw DataError(place(data), 0, variable.id,
                      "the name occurs twice; expected distinct names; rename one of the two");
    }
    std::size_t present = 0;
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const double value : variable.values) {
      if (std::isnan(value)) continue;
      if (std::isinf(value)) {
        throw DataError(place(data), 0, variable.id,
                        "holds an infinite value; expected finite numbers; mark it as missing");
      }
      ++present;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (present < kFewestRows) {
      throw DataError(
          place(data), 0, variable.id,
          fmt::format("{} values are present; expected at least {}; leave the column out", present,
                      kFewestRows));
    }
    if (!(low < high)) {
      throw DataError(
          place(data), 0, variable.id,
          fmt::format("is constant ({}); expected values that vary; leave the column out", low));
    }
  }
}

void check_dependent_columns(const Dataset& data, const std::string& test, std::size_t threads) {
  for (std::size_t j = 0; j < data.variables.size(); ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      if (!determines(data, i, j) || !determines(data, j, i)) continue;
      throw DataError(place(data), 0, data.variables[j].id,
                      fmt::format("is a copy of '{}' up to the names of the levels; expected "
                                  "distinct columns; leave one of the two out",
                                  data.variables[i].id));
    }
  }
  Dataset numeric;
  numeric.rows = data.rows;
  for (const Variable& variable : data.variables) {
    if (variable.levels == 0) numeric.variables.push_back(variable);
  }
  if (test == "spearman") numeric = ranked(numeric);
  std::vector<std::string> names;
  for (const Variable& variable : numeric.variables) names.push_back(variable.id);
  const std::size_t rows = complete_rows(numeric).size();
  // Correlations of a few complete rows prove nothing about columns with missing cells.
  if (rows < data.rows && rows < names.size() + 4) return;
  check_collinear(correlation_matrix(numeric, threads), static_cast<double>(rows), names,
                  place(data));
}

void warn_of_levels(const Dataset& data, Observer& observer) {
  for (const Variable& variable : data.variables) {
    if (variable.levels == 0) continue;
    const std::vector<std::size_t> count = rows_per_level(variable);
    const auto few = std::count_if(count.begin(), count.end(),
                                   [](std::size_t rows) { return rows < kFewPerLevel; });
    if (few == 0) continue;
    observer.message(LogLevel::kWarning,
                     fmt::format("{}: column '{}': {} of its {} levels hold fewer than {} rows; "
                                 "tests in cells so empty are rough; merge levels",
                                 place(data), variable.id, few, variable.levels, kFewPerLevel));
  }
  for (std::size_t i = 0; i < data.variables.size(); ++i) {
    for (std::size_t j = 0; j < data.variables.size(); ++j) {
      if (i == j || !determines(data, i, j)) continue;
      observer.message(
          LogLevel::kWarning,
          fmt::format("{}: column '{}' is determined by '{}'; no third variable is tested beside "
                      "both; leave one of the two out if that is not meant",
                      place(data), data.variables[j].id, data.variables[i].id));
    }
  }
}

}  // namespace polycause
