// Background knowledge resolved to the variables of one search.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "discover/mark_matrix.h"
#include "polycause/discover.h"

namespace polycause {

class Constraints {
 public:
  explicit Constraints(std::size_t size = 0)
      : names_(size),
        tier_(size, kFree),
        forbidden_(size * size, false),
        required_(size * size, false) {}

  /// `warnings` receives names of the knowledge that fit no variable. Throws ConfigError when the
  /// knowledge contradicts itself, or requires an edge of a variable that is not there.
  Constraints(const Knowledge& knowledge, const std::vector<std::string>& names,
              std::vector<std::string>* warnings);

  std::size_t size() const { return tier_.size(); }
  /// An edge must not point so.
  bool forbids(std::size_t from, std::size_t to) const { return forbidden_[from * size() + to]; }
  bool requires_edge(std::size_t from, std::size_t to) const {
    return required_[from * size() + to];
  }
  /// No edge at all between the two.
  bool keeps_apart(std::size_t i, std::size_t j) const { return forbids(i, j) && forbids(j, i); }
  bool keeps_joined(std::size_t i, std::size_t j) const {
    return requires_edge(i, j) || requires_edge(j, i);
  }
  /// False for what cannot cause `node`: since the parents of x or those of y separate the two,
  /// nothing else is needed in their separating sets.
  bool may_cause(std::size_t cause, std::size_t node) const {
    return !forbids(cause, node) && !requires_edge(node, cause);
  }
  /// False for a variable later than both x and y: no path needs it blocked.
  bool may_separate(std::size_t node, std::size_t x, std::size_t y) const;
  /// Directs every edge of `graph` that can only point one way. Throws ConfigError when the edges
  /// so directed close a cycle.
  void direct(MarkMatrix& graph) const;

 private:
  static constexpr int kFree = -1;
  void add_tiers(const Knowledge& knowledge, std::vector<std::string>* warnings);
  void add_pairs(const Knowledge& knowledge, std::vector<std::string>* warnings);
  std::vector<std::size_t> find(const std::string& pattern) const;

  std::vector<std::string> names_;
  std::vector<int> tier_;
  std::vector<bool> forbidden_;  // (size, size)
  std::vector<bool> required_;   // (size, size)
};

/// True when `text` fits `pattern`: as a whole, with `*` for any run of characters, or a regular
/// expression between slashes. Throws ConfigError for a malformed expression.
bool matches(const std::string& pattern, const std::string& text);

}  // namespace polycause
