#include "discover/constraints.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/pattern.h"
#include "polycause/error.h"

namespace polycause {
namespace {

bool is_regex(const std::string& pattern) {
  return pattern.size() > 2 && pattern.front() == '/' && pattern.back() == '/';
}

bool is_pattern(const std::string& pattern) {
  return is_regex(pattern) || pattern.find('*') != std::string::npos;
}

// A categorical column's knowledge holds for its indicators "<column>=<level>".
bool same_column(const std::string& name, const std::string& variable) {
  return variable == name || variable.rfind(name + "=", 0) == 0;
}

}  // namespace

bool matches(const std::string& pattern, const std::string& text) {
  if (!is_regex(pattern)) return fits_pattern(pattern, text);
  try {
    return std::regex_match(text, std::regex(pattern.substr(1, pattern.size() - 2)));
  } catch (const std::regex_error& error) {
    throw ConfigError(fmt::format("knowledge: \"{}\" is no regular expression ({}); correct it",
                                  pattern, error.what()));
  }
}

Constraints::Constraints(const Knowledge& knowledge, const std::vector<std::string>& names,
                         std::vector<std::string>* warnings)
    : Constraints(names.size()) {
  names_ = names;
  add_tiers(knowledge, warnings);
  add_pairs(knowledge, warnings);
  MarkMatrix required(size());
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      if (!requires_edge(i, j)) continue;
      if (requires_edge(j, i)) {
        throw ConfigError(fmt::format(
            "knowledge: requires both {0} -> {1} and {1} -> {0}; keep one", names_[i], names_[j]));
      }
      if (forbids(i, j)) {
        throw ConfigError(
            fmt::format("knowledge: {} -> {} is both required and forbidden ({}); drop one",
                        names_[i], names_[j],
                        tier_[i] != kFree && tier_[j] != kFree && tier_[i] > tier_[j]
                            ? fmt::format("tier {} after tier {}", tier_[i], tier_[j])
                            : "by name"));
      }
      required.direct(i, j);
    }
  }
  const std::vector<std::size_t> component = directed_components(required);
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      if (requires_edge(i, j) && component[i] == component[j]) {
        throw ConfigError(
            fmt::format("knowledge: the required edges close a cycle through {} -> {}; drop one",
                        names_[i], names_[j]));
      }
    }
  }
}

std::vector<std::size_t> Constraints::find(const std::string& pattern) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (same_column(pattern, names_[i]) || (is_pattern(pattern) && matches(pattern, names_[i]))) {
      found.push_back(i);
    }
  }
  return found;
}

void Constraints::add_tiers(const Knowledge& knowledge, std::vector<std::string>* warnings) {
  std::vector<bool> spelled_out(size(), false);
  for (const auto& [name, tier] : knowledge.tier) {
    const std::vector<std::size_t> found = find(name);
    for (const std::size_t i : found) {
      const bool same = same_column(name, names_[i]);
      if (spelled_out[i] && !same) continue;
      spelled_out[i] = spelled_out[i] || same;
      tier_[i] = tier;
    }
    if (found.empty() && warnings != nullptr) {
      warnings->push_back(fmt::format("knowledge: tier {}: no column fits '{}'", tier, name));
    }
  }
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      if (tier_[i] != kFree && tier_[j] != kFree && tier_[i] > tier_[j]) {
        forbidden_[i * size() + j] = true;
      }
    }
  }
}

void Constraints::add_pairs(const Knowledge& knowledge, std::vector<std::string>* warnings) {
  for (const bool required : {false, true}) {
    for (const auto& [source, target] : required ? knowledge.required : knowledge.forbidden) {
      const std::vector<std::size_t> sources = find(source);
      const std::vector<std::size_t> targets = find(target);
      const std::string absent = sources.empty() ? source : targets.empty() ? target : "";
      if (!absent.empty()) {
        const std::string text =
            fmt::format("knowledge: {} {} -> {}: no column fits '{}'",
                        required ? "required" : "forbidden", source, target, absent);
        if (required) throw ConfigError(text + "; correct the name or drop the edge");
        if (warnings != nullptr) warnings->push_back(text);
      }
      for (const std::size_t i : sources) {
        for (const std::size_t j : targets) {
          if (i != j) (required ? required_ : forbidden_)[i * size() + j] = true;
        }
      }
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
      if (i == j || !graph.adjacent(i, j)) continue;
      if (requires_edge(i, j) || (forbids(j, i) && !forbids(i, j))) graph.direct(i, j);
    }
  }
  const std::vector<std::size_t> component = directed_components(graph);
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < size(); ++j) {
      if (graph.directed(i, j) && component[i] == component[j]) {
        throw ConfigError(
            fmt::format("knowledge: what it forbids leaves only a directed cycle through {} -> {} "
                        "among the edges "
                        "found; drop one of the forbidden edges there",
                        names_[i], names_[j]));
      }
    }
  }
}

}  // namespace polycause
