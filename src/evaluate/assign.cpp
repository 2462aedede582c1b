// Linear assignment by shortest augmenting paths (Jonker and Volgenant 1987; Crouse 2016).
#include <algorithm>
#include <limits>

#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

// rows <= columns; minimises the sum of cost(i, result[i]).
template <typename Cost>
std::vector<std::size_t> least_cost(std::size_t rows, std::size_t columns, const Cost& cost) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  std::vector<double> row_price(rows, 0);
  std::vector<double> column_price(columns, 0);
  std::vector<std::size_t> column_of(rows, kNoPartner);
  std::vector<std::size_t> row_of(columns, kNoPartner);
  for (std::size_t start = 0; start < rows; ++start) {
    std::vector<double> distance(columns, kInfinite);
    std::vector<std::size_t> before(columns, kNoPartner);  // row that reaches the column
    std::vector<bool> done_column(columns, false);
    std::vector<std::size_t> done_rows;
    std::size_t row = start;
    std::size_t end = kNoPartner;
    double least = 0;
    while (end == kNoPartner) {
      done_rows.push_back(row);
      std::size_t nearest = kNoPartner;
      for (std::size_t j = 0; j < columns; ++j) {
        if (done_column[j]) continue;
        const double through = least + cost(row, j) - row_price[row] - column_price[j];
        if (through < distance[j]) {
          distance[j] = through;
          before[j] = row;
        }
        const bool better = nearest == kNoPartner || distance[j] < distance[nearest] ||
                            (distance[j] == distance[nearest] && row_of[j] == kNoPartner &&
                             row_of[nearest] != kNoPartner);
        if (better) nearest = j;
      }
      least = distance[nearest];
      done_column[nearest] = true;
      if (row_of[nearest] == kNoPartner) {
        end = nearest;
      } else {
        row = row_of[nearest];
      }
    }
    row_price[start] += least;
    for (const std::size_t i : done_rows) {
      if (i != start) row_price[i] += least - distance[column_of[i]];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      if (done_column[j]) column_price[j] -= least - distance[j];
    }
    for (std::size_t j = end;;) {
      const std::size_t i = before[j];
      row_of[j] = i;
      std::swap(column_of[i], j);
      if (i == start) break;
    }
  }
  return column_of;
}

}  // namespace

std::vector<std::size_t> assign(const std::vector<double>& weights, std::size_t rows,
                                std::size_t columns) {
  if (weights.size() != rows * columns) {
    throw Error(
        "assign: found a table of weights whose size is not rows x columns; pass one weight "
        "per pair");
  }
  for (const double weight : weights) {
    if (!(std::abs(weight) < std::numeric_limits<double>::infinity())) {
      throw NumericError("assign: found a weight that is not finite; expected finite weights");
    }
  }
  if (rows <= columns) {
    return least_cost(rows, columns,
                      [&](std::size_t i, std::size_t j) { return -weights[i * columns + j]; });
  }
  const std::vector<std::size_t> row_of = least_cost(
      columns, rows, [&](std::size_t j, std::size_t i) { return -weights[i * columns + j]; });
  std::vector<std::size_t> result(rows, kNoPartner);
  for (std::size_t j = 0; j < columns; ++j) result[row_of[j]] = j;
  return result;
}

}  // namespace polycause
