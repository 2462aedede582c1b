// Names of levels: which of them may be told, and which way a sign points.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "polycause/table.h"

namespace polycause {

/// Levels of a column in the order of their codes, "" for those of fewer than kFewestPeople people;
/// of a binary column of numbers its two values, of other numbers none. `person`: (n,) whose each
/// row is.
std::vector<std::string> told_levels(const Column& column, const std::vector<std::size_t>& person);

/// Keeps names of rare levels ("<column>=<level>") out of the page, by what run.json tells of them.
class RareLevels {
 public:
  explicit RareLevels(const nlohmann::ordered_json& run);

  /// Is "<column>=<level>" of the table a level that may not be told?
  bool rare(const std::string& table, const std::string& name) const;
  /// The name of a node, or "<table>.<column>=rare level 1" in its place.
  std::string told(const std::string& id);
  /// A text with the names that `told` replaced so far.
  std::string told_in(std::string text) const;

 private:
  struct Levels {
    std::string table;
    std::string prefix;  // "<column>="
    std::set<std::string> told;
  };
  std::vector<Levels> columns_;
  std::set<std::string> ids_;  // of whole columns
  std::map<std::string, std::string> replaced_;
};

}  // namespace polycause
