// Who is held out together in a cross-validation.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace polycause {

/// (r,) fold of every one of `rows` (r,), 0 ... folds - 1, by turns. `groups` (n,) of all rows:
/// those of one are in one fold, as rows of one person would give each other away; empty = none
/// are. Fewer groups than folds leave folds empty; of one group alone the rows are held out by
/// turns.
template <typename Row>
std::vector<std::size_t> folds_by_turns(const std::vector<Row>& rows,
                                        const std::vector<std::size_t>& groups, std::size_t folds) {
  std::map<std::size_t, std::size_t> turn;  // of every group, in order of appearance
  for (std::size_t i = 0; i < rows.size() && !groups.empty(); ++i)
    turn.emplace(groups[static_cast<std::size_t>(rows[i])], turn.size());
  std::vector<std::size_t> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back((turn.size() < 2 ? i : turn.at(groups[static_cast<std::size_t>(rows[i])])) %
                  folds);
  return out;
}

}  // namespace polycause
