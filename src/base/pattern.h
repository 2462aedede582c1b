// Names with `*`.
#pragma once

#include <string_view>

namespace polycause {

/// True when `text` is `pattern`, in which every `*` stands for any characters.
bool fits_pattern(std::string_view pattern, std::string_view text);

}  // namespace polycause
