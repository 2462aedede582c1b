// Rows grouped by the values of some discrete variables.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "discover/dataset.h"
#include "discover/mark_matrix.h"

namespace polycause {

/// Codes of all discrete variables, shared by the clones of a test. -1 = missing.
struct LevelCodes {
  std::size_t rows = 0;
  std::vector<std::vector<std::int32_t>> code;  // [d](n,); empty for a numeric variable
  std::vector<std::size_t> levels;              // [d], 0 = numeric
};

std::shared_ptr<const LevelCodes> make_codes(const Dataset& data);

/// Numbers the combinations of values that occur, in order of first occurrence.
class Strata {
 public:
  /// Fills stratum(): of every row, -1 where a value is missing.
  void assign(const LevelCodes& codes, const NodeSet& variables);

  const std::vector<std::int32_t>& stratum() const { return stratum_; }
  std::size_t count() const { return count_; }

 private:
  std::vector<std::int32_t> stratum_;
  std::vector<std::int32_t> dense_;
  std::unordered_map<std::int64_t, std::int32_t> sparse_;
  std::size_t count_ = 0;
};

}  // namespace polycause
