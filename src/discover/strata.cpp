#include "discover/strata.h"

#include <cmath>

namespace polycause {
namespace {

constexpr std::int64_t kDense = 1 << 20;  // combinations numbered by an array; more by a hash map

}  // namespace

std::shared_ptr<const LevelCodes> make_codes(const Dataset& data) {
  auto codes = std::make_shared<LevelCodes>();
  codes->rows = data.rows;
  for (const Variable& variable : data.variables) {
    codes->levels.push_back(variable.levels);
    codes->code.emplace_back();
    if (variable.levels == 0) continue;
    for (const double value : variable.values) {
      codes->code.back().push_back(std::isnan(value) ? -1 : static_cast<std::int32_t>(value));
    }
  }
  return codes;
}

void Strata::assign(const LevelCodes& codes, const NodeSet& variables) {
  stratum_.assign(codes.rows, 0);
  count_ = 1;
  for (const std::size_t v : variables) {
    // Joining one variable at a time and renumbering keeps the keys small however many there are.
    const auto levels = static_cast<std::int64_t>(codes.levels[v]);
    const std::int32_t* code = codes.code[v].data();
    const std::int64_t combinations = static_cast<std::int64_t>(count_) * levels;
    const bool dense = combinations <= kDense;
    if (dense) {
      dense_.assign(static_cast<std::size_t>(combinations), -1);
    } else {
      sparse_.clear();
    }
    std::int32_t found = 0;
    for (std::size_t r = 0; r < codes.rows; ++r) {
      if (stratum_[r] < 0 || code[r] < 0) {
        stratum_[r] = -1;
        continue;
      }
      const std::int64_t key = stratum_[r] * levels + code[r];
      std::int32_t& number = dense ? dense_[static_cast<std::size_t>(key)]
                                   : sparse_.try_emplace(key, -1).first->second;
      if (number < 0) number = found++;
      stratum_[r] = number;
    }
    count_ = static_cast<std::size_t>(found);
  }
}

}  // namespace polycause
