#include "discover/constraints.h"

#include <algorithm>

namespace polycause {

bool matches(const std::string& pattern, const std::string& text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Constraints::Constraints(const Knowledge& knowledge, const std::vector<std::string>& names,
                         std::vector<std::string>* warnings)
    : Constraints(names.size()) {
  std::vector<bool> spelled_out(names.size(), false);
  for (const auto& [name, tier] : knowledge.tier) {
    const bool pattern = name.find('*') != std::string::npos;
    bool found = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      // A categorical column's tier holds for its indicators.
      const bool same = names[i] == name || names[i].rfind(name + "=", 0) == 0;
      if (!same && !(pattern && matches(name, names[i]))) continue;
      found = true;
      if (spelled_out[i] && !same) continue;
      spelled_out[i] = spelled_out[i] || same;
      tier_[i] = tier;
    }
    if (!found && warnings != nullptr) {
      warnings->push_back("tier " + std::to_string(tier) + ": no column fits '" + name + "'");
    }
  }
}

bool Constraints::may_separate(std::size_t node, std::size_t x, std::size_t y) const {
  if (tier_[node] == kFree || tier_[x] == kFree || tier_[y] == kFree) return true;
  return tier_[node] <= std::max(tier_[x], tier_[y]);
}

void Constraints::direct(MarkMatrix& graph) const {
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      if (i != j && graph.adjacent(i, j) && forbids(j, i) && !forbids(i, j)) graph.direct(i, j);
    }
  }
}

}  // namespace polycause
