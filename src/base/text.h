// Text between blanks.
#pragma once

#include <string_view>

namespace polycause {

/// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace polycause
