#include "discover/independence.h"

#include <cmath>

namespace polycause {

bool weaker(const TestResult& a, const TestResult& b) {
  if (std::isnan(a.p)) return false;
  if (std::isnan(b.p)) return true;
  if (a.p != b.p) return a.p > b.p;
  return std::fabs(a.strength) < std::fabs(b.strength);
}

bool for_each_subset(const NodeSet& members, std::size_t size,
                     const std::function<bool(const NodeSet&)>& visit) {
  if (size > members.size()) return true;
  std::vector<std::size_t> position(size);
  NodeSet subset(size);
  for (std::size_t i = 0; i < size; ++i) {
    position[i] = i;
    subset[i] = members[i];
  }
  while (true) {
    if (!visit(subset)) return false;
    std::size_t i = size;
    while (i > 0 && position[i - 1] == members.size() - size + i - 1) --i;
    if (i == 0) return true;
    ++position[i - 1];
    for (std::size_t j = i; j < size; ++j) position[j] = position[j - 1] + 1;
    for (std::size_t j = i - 1; j < size; ++j) subset[j] = members[position[j]];
  }
}

Weakest IndependenceTest::scan(std::size_t x, std::size_t y, const NodeSet& candidates,
                               std::size_t depth, double alpha, const Found& found) {
  Weakest weakest;
  for_each_subset(candidates, depth, [&](const NodeSet& subset) {
    const TestResult result = test(x, y, subset);
    if (weaker(result, weakest.result)) {
      weakest.result = result;
      weakest.set = subset;
    }
    return !(result.p > alpha) || found(subset, result.p);
  });
  return weakest;
}

}  // namespace polycause
