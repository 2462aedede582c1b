// Text tables with a header line: CSV, TSV and their kin, plain or gzipped, in one pass.
#pragma once

#include <string>

#include "data/raw_table.h"

namespace polycause {

/// `delimiter` '\0' = chosen from the header line. Memory: 8 bytes per cell, plus the ids, plus the
/// distinct texts of text columns. Throws DataError with line and column.
RawTable read_csv(const std::string& path, const ReadOptions& options, char delimiter = '\0');

}  // namespace polycause
