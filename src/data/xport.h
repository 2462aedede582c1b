// SAS transport files (.xpt, version 5 and 8), plain or gzipped, through ReadStat.
#pragma once

#include <string>

#include "data/raw_table.h"

namespace polycause {

/// SAS missing values, also tagged ones (.A to .Z), are missing. Texts that are not UTF-8 are taken
/// as Latin-1. Throws DataError; built without ReadStat it always does, and says what to install.
RawTable read_xport(const std::string& path, const ReadOptions& options);

/// Whether this build reads SAS transport files.
bool has_xport();

}  // namespace polycause
