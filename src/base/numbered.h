// Names as numbers.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace polycause {

/// Equal names get equal numbers, 0, 1, ... in order of first appearance.
inline std::vector<std::size_t> numbered(const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> code;
  std::vector<std::size_t> out;
  for (const std::string& name : names)
    out.push_back(code.emplace(name, code.size()).first->second);
  return out;
}

}  // namespace polycause
