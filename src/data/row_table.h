// Tables that are read row by row: texts with a header line (CSV, TSV and their kin), Parquet and
// Arrow files; plain or gzipped.
#pragma once

#include <string>

#include "data/raw_table.h"

namespace polycause {

/// In one pass; in two where a column mixes numbers and texts. Memory: 8 bytes per cell, plus the
/// ids, plus the distinct texts of text columns. Throws DataError with line and column.
RawTable read_row_table(const std::string& path, const ReadOptions& options);

}  // namespace polycause
