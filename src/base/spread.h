// At most so many rows of a list, from all over it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace polycause {

/// At most `most` of `rows`, evenly spread and in their order. Rows come sorted by participant, so
/// that the first ones would be the earliest enrolled, or windows and visits of few people.
template <typename Row>
std::vector<Row> spread(const std::vector<Row>& rows, std::size_t most) {
  const std::size_t count = std::min(most, rows.size());
  std::vector<Row> some(count);
  for (std::size_t i = 0; i < count; ++i) some[i] = rows[i * rows.size() / count];
  return some;
}

}  // namespace polycause
