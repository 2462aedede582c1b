// Reading the published data sets and results beside the repository.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "polycause/graph.h"
#include "polycause/table.h"

namespace polycause {

inline std::string golden_path(const std::string& name) {
  return std::string(POLYCAUSE_SHARED_DIR) + "/data/causal/" + name;
}

#define POLYCAUSE_NEEDS_GOLDEN(name)                                  \
  if (!std::filesystem::exists(golden_path(name))) {                  \
    GTEST_SKIP() << "needs the published data " << golden_path(name); \
  }

inline std::vector<std::string> split_line(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::string cell;
  std::istringstream in(line);
  while (std::getline(in, cell, separator)) {
    if (!cell.empty() && cell.back() == '\r') cell.pop_back();
    if (cell.size() > 1 && cell.front() == '"') cell = cell.substr(1, cell.size() - 2);
    cells.push_back(cell);
  }
  if (!line.empty() && line.back() == separator) cells.emplace_back();
  return cells;
}

inline std::vector<std::vector<std::string>> read_cells(const std::string& name, char separator) {
  std::ifstream in(golden_path(name));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line != "\r") rows.push_back(split_line(line, separator));
  }
  return rows;
}

/// Text columns become categorical. `skip` leading columns are left out.
inline Table read_golden_table(const std::string& name, char separator, bool header = true,
                               std::size_t skip = 0) {
  const auto rows = read_cells(name, separator);
  Table table;
  const std::size_t width = rows[0].size();
  for (std::size_t c = skip; c < width; ++c) {
    Column column;
    column.name = header ? rows[0][c] : "X" + std::to_string(c + 1);
    std::map<std::string, double> code;
    bool text = false;
    for (std::size_t r = header ? 1 : 0; r < rows.size(); ++r) {
      const std::string& cell = rows[r][c];
      char* end = nullptr;
      const double value = std::strtod(cell.c_str(), &end);
      if (cell == "NA" || cell.empty()) {
        column.values.push_back(std::numeric_limits<double>::quiet_NaN());
      } else if (*end == '\0' && !text) {
        column.values.push_back(value);
      } else {
        text = true;
        const auto [place, made] = code.emplace(cell, static_cast<double>(code.size()));
        if (made) column.levels.push_back(cell);
        column.values.push_back(place->second);
      }
    }
    if (text) column.type = ColumnType::kCategorical;
    table.columns.push_back(std::move(column));
  }
  for (std::size_t r = 0; r + (header ? 1 : 0) < rows.size(); ++r)
    table.ids.push_back(std::to_string(r));
  return table;
}

inline std::vector<std::vector<int>> read_golden_matrix(const std::string& name) {
  std::ifstream in(golden_path(name));
  std::vector<std::vector<int>> matrix;
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::vector<int> row;
    for (double value = 0; cells >> value;) row.push_back(static_cast<int>(value));
    if (!row.empty()) matrix.push_back(row);
  }
  return matrix;
}

/// causal-learn's coding: G[j][i] = 1 and G[i][j] = -1 for i -> j, both -1 undirected, both 1 two
/// arrows.
inline std::vector<std::vector<int>> causal_learn_matrix(const Graph& graph) {
  std::vector<std::vector<int>> matrix(graph.nodes.size(), std::vector<int>(graph.nodes.size(), 0));
  const auto code = [](Mark mark) {
    return mark == Mark::kArrow ? 1 : mark == Mark::kCircle ? 2 : -1;
  };
  for (const Edge& edge : graph.edges) {
    matrix[edge.source][edge.target] = code(edge.mark_source);
    matrix[edge.target][edge.source] = code(edge.mark_target);
  }
  return matrix;
}

inline std::size_t entries_different(const std::vector<std::vector<int>>& a,
                                     const std::vector<std::vector<int>>& b) {
  std::size_t count = a.size() == b.size() ? 0 : 1000000;
  for (std::size_t i = 0; count < 1000000 && i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) count += a[i].at(j) != b[i].at(j) ? 1 : 0;
  }
  return count;
}

}  // namespace polycause
