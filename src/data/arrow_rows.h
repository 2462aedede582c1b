// Parquet and Arrow (Feather) tables, plain or gzipped, through Apache Arrow.
#pragma once

#include <memory>
#include <string>

#include "data/rows.h"

namespace polycause {

/// Numbers become the shortest text that reads back as they are, flags 0 and 1, categories their
/// texts, dates and times ISO 8601, without their zone (UTC); NaN and infinite numbers are missing.
/// An index of pandas without a name is a first column without a name. Memory: about 10^6 cells
/// beside what Arrow holds of a row group. Throws DataError; built without Arrow always, with the
/// command that converts.
std::unique_ptr<RowStream> open_arrow_rows(const std::string& path);

/// Whether this build reads them.
bool has_arrow();

}  // namespace polycause
