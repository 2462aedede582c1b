// Collects texts as codes of a dictionary.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "data/raw_table.h"

namespace polycause {

class TextColumn {
 public:
  explicit TextColumn(RawColumn& column) : column_(column) { column_.text = true; }

  /// Appends a cell; true when the text is new.
  bool add(std::string_view text) {
    const auto [place, fresh] = codes_.try_emplace(std::string(text), column_.levels.size());
    if (fresh) column_.levels.emplace_back(text);
    column_.values.push_back(static_cast<double>(place->second));
    return fresh;
  }

 private:
  RawColumn& column_;
  std::unordered_map<std::string, std::size_t> codes_;
};

}  // namespace polycause
