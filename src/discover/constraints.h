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
  explicit Constraints(std::size_t size = 0) : tier_(size, kFree) {}

  /// `warnings` receives names of the knowledge that fit no variable.
  Constraints(const Knowledge& knowledge, const std::vector<std::string>& names,
              std::vector<std::string>* warnings);

  std::size_t size() const { return tier_.size(); }
  /// An edge must not point so.
  bool forbids(std::size_t from, std::size_t to) const {
    return tier_[from] != kFree && tier_[to] != kFree && tier_[from] > tier_[to];
  }
  /// False for a variable later than both x and y: it cannot be needed to separate them.
  bool may_separate(std::size_t node, std::size_t x, std::size_t y) const;
  /// Directs every edge of `graph` that can only point one way.
  void direct(MarkMatrix& graph) const;

 private:
  static constexpr int kFree = -1;
  std::vector<int> tier_;
};

/// True when `text` fits `pattern`, where `*` stands for any run of characters.
bool matches(const std::string& pattern, const std::string& text);

}  // namespace polycause
