// The report: one HTML page about a run, which opens without a network.
#pragma once

#include <string>

namespace polycause {

/// Reads what is in a run folder (docs/formats.md) and writes report.html into it, replacing an
/// older one. Only run.json is required; discovery, truth, training curves and relations appear
/// where their files exist. The page holds names, counts and other aggregates, no value and no id
/// of a participant. Throws DataError when the folder is no run folder or a file in it is damaged.
void write_report(const std::string& run_directory);

}  // namespace polycause
