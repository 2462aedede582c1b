// Linear-Gaussian tables drawn from a DAG.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "discover/oracle.h"
#include "polycause/table.h"

namespace polycause {

inline Table linear_table(const Dag& dag, std::size_t rows, std::uint64_t seed) {
  const std::size_t size = dag.size();
  Random random(seed, "linear_table");
  std::vector<std::vector<double>> weight(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < dag[i].size(); ++j) {
      weight[i].push_back((random.coin() ? 1 : -1) * random.uniform(0.4, 0.9));
    }
  }
  NodeSet order;  // causes first
  std::vector<bool> placed(size, false);
  while (order.size() < size) {
    for (std::size_t i = 0; i < size; ++i) {
      bool ready = !placed[i];
      for (const std::size_t parent : dag[i]) ready = ready && placed[parent];
      if (!ready) continue;
      placed[i] = true;
      order.push_back(i);
    }
  }
  Table table;
  table.columns.resize(size);
  for (std::size_t i = 0; i < size; ++i) table.columns[i].name = "v" + std::to_string(i);
  for (std::size_t r = 0; r < rows; ++r) {
    table.ids.push_back("p" + std::to_string(r));
    std::vector<double> value(size);
    for (const std::size_t i : order) {
      value[i] = random.normal();
      for (std::size_t j = 0; j < dag[i].size(); ++j) value[i] += weight[i][j] * value[dag[i][j]];
    }
    for (std::size_t i = 0; i < size; ++i) table.columns[i].values.push_back(value[i]);
  }
  return table;
}

inline void make_missing(Table& table, double share, std::uint64_t seed) {
  Random random(seed, "make_missing");
  for (Column& column : table.columns) {
    for (double& value : column.values) {
      if (random.uniform() < share) value = std::numeric_limits<double>::quiet_NaN();
    }
  }
}

}  // namespace polycause
