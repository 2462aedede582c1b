// The page's code and style, built from web/ and embedded by the build.
#pragma once

#include <cstddef>
#include <string_view>

namespace polycause {

extern const std::string_view kReportTemplate[];  ///< pieces, to be joined
extern const std::size_t kReportTemplatePieces;

}  // namespace polycause
