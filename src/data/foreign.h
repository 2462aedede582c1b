// Files of other programs that are not read as tables: what they are and how to convert them.
#pragma once

#include <string>

namespace polycause {

/// "is a Parquet file; ...: run ...", by the name, then by the first bytes of the file; "" when
/// neither says anything.
std::string foreign_format(const std::string& path);

}  // namespace polycause
