#include "discover/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostLevels = 100;

std::string place(const Dataset& data) { return data.name.empty() ? "discover" : data.name; }

// -1, 0, 1 with missing before any number.
int compare(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return static_cast<int>(std::isnan(b)) - static_cast<int>(std::isnan(a));
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

void add_indicators(const Column& column, Dataset& data) {
  std::vector<std::size_t> count(column.levels.size(), 0);
  for (const double value : column.values) {
    if (!std::isnan(value)) ++count[static_cast<std::size_t>(value)];
  }
  const auto reference =
      static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
  for (std::size_t level = 0; level < column.levels.size(); ++level) {
    if (level == reference || count[level] == 0) continue;
    Variable variable;
    variable.id = column.name + "=" + column.levels[level];
    variable.values.reserve(column.values.size());
    for (const double value : column.values) {
      variable.values.push_back(std::isnan(value)                          ? kMissing
                                : static_cast<std::size_t>(value) == level ? 1.0
                                                                           : 0.0);
    }
    data.variables.push_back(std::move(variable));
  }
}

// Codes 0, 1, ... for the values that occur, in ascending order: a level nobody has is no level.
Variable with_levels(const Column& column, const std::string& where) {
  std::vector<double> seen;
  for (const double value : column.values) {
    if (!std::isnan(value)) seen.push_back(value);
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  if (seen.size() > kMostLevels) {
    throw DataError(
        where, 0, column.name,
        fmt::format("has {} distinct values; expected at most {} for a discrete test; choose "
                    "a test for mixed or continuous columns",
                    seen.size(), kMostLevels));
  }
  Variable variable{column.name, seen.size(), {}};
  for (const double value : column.values) {
    variable.values.push_back(
        std::isnan(value) ? kMissing
                          : static_cast<double>(std::lower_bound(seen.begin(), seen.end(), value) -
                                                seen.begin()));
  }
  return variable;
}

/// Codes of the groups are in the order of their names, whatever the order of the rows.
Dataset without_columns(const Table& table) {
  Dataset data;
  data.name = table.name;
  data.rows = table.rows();
  if (!table.groups.empty() && table.groups.size() != table.rows()) {
    throw DataError(place(data), 0, "",
                    fmt::format("has {} groups for {} rows; expected one for every row, or none",
                                table.groups.size(), table.rows()));
  }
  std::vector<std::string> names = table.groups;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : table.groups) {
    data.group.push_back(static_cast<std::size_t>(
        std::lower_bound(names.begin(), names.end(), name) - names.begin()));
  }
  return data;
}

}  // namespace

Dataset numeric_dataset(const Table& table) {
  Dataset data = without_columns(table);
  for (const Column& column : table.columns) {
    if (column.type == ColumnType::kCategorical && !column.levels.empty()) {
      add_indicators(column, data);
    } else {
      data.variables.push_back({column.name, 0, column.values});
    }
  }
  return data;
}

Dataset discrete_dataset(const Table& table) {
  Dataset data = without_columns(table);
  for (const Column& column : table.columns)
    data.variables.push_back(with_levels(column, place(data)));
  return data;
}

Dataset mixed_dataset(const Table& table) {
  Dataset data = without_columns(table);
  for (const Column& column : table.columns) {
    const bool discrete =
        column.type == ColumnType::kCategorical || column.type == ColumnType::kBinary;
    data.variables.push_back(discrete ? with_levels(column, place(data))
                                      : Variable{column.name, 0, column.values});
  }
  return data;
}

Dataset ranked(const Dataset& data) {
  Dataset result = data;
  for (Variable& variable : result.variables) {
    std::vector<std::size_t> order;
    for (std::size_t r = 0; r < data.rows; ++r) {
      if (!std::isnan(variable.values[r])) order.push_back(r);
    }
    const std::vector<double> values = variable.values;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    for (std::size_t first = 0; first < order.size();) {
      std::size_t end = first;
      while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
      const double rank = 0.5 * static_cast<double>(first + end - 1);
      for (; first < end; ++first) variable.values[order[first]] = rank;
    }
  }
  return result;
}

Dataset normal_scores(const Dataset& data) {
  Dataset result = ranked(data);
  const boost::math::normal normal;
  for (std::size_t i = 0; i < data.variables.size(); ++i) {
    Variable& variable = result.variables[i];
    if (variable.levels > 0) {
      variable = data.variables[i];
      continue;
    }
    const auto present =
        static_cast<double>(std::count_if(variable.values.begin(), variable.values.end(),
                                          [](double value) { return !std::isnan(value); }));
    for (double& value : variable.values) {
      if (!std::isnan(value)) value = boost::math::quantile(normal, (value + 0.5) / present);
    }
  }
  return result;
}

Dataset canonical(const Dataset& data, std::vector<std::size_t>* position) {
  std::vector<std::size_t> order(data.variables.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return data.variables[a].id < data.variables[b].id;
  });
  std::vector<std::size_t> row(data.rows);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::sort(row.begin(), row.end(), [&](std::size_t a, std::size_t b) {
    for (const std::size_t i : order) {
      const int c = compare(data.variables[i].values[a], data.variables[i].values[b]);
      if (c != 0) return c < 0;
    }
    return false;
  });
  Dataset sorted;
  sorted.name = data.name;
  sorted.rows = data.rows;
  sorted.group = data.group;
  for (const std::size_t i : order) sorted.variables.push_back(data.variables[i]);
  sorted = rows_of(sorted, row);
  *position = std::move(order);
  return sorted;
}

std::vector<std::size_t> complete_rows(const Dataset& data) {
  std::vector<unsigned char> complete(data.rows, 1);  // column by column, as the values lie
  for (const Variable& variable : data.variables) {
    for (std::size_t r = 0; r < data.rows; ++r) {
      if (std::isnan(variable.values[r])) complete[r] = 0;
    }
  }
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < data.rows; ++r) {
    if (complete[r] != 0) rows.push_back(r);
  }
  return rows;
}

Dataset rows_of(const Dataset& data, const std::vector<std::size_t>& rows) {
  Dataset part;
  part.name = data.name;
  part.rows = rows.size();
  for (const Variable& from : data.variables) {
    Variable to{from.id, from.levels, {}};
    to.values.reserve(rows.size());
    for (const std::size_t r : rows) to.values.push_back(from.values[r]);
    part.variables.push_back(std::move(to));
  }
  if (data.group.empty()) return part;
  for (const std::size_t r : rows) part.group.push_back(data.group[r]);
  return part;
}

Dataset complete_part(const Dataset& data) { return rows_of(data, complete_rows(data)); }

}  // namespace polycause
