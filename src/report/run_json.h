// run.json of a run folder: what was run, on whom, and how it went; aggregates only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace polycause {

/// The object, checked to be a run.json of a format that this version knows, with `study`,
/// `seconds` and `warnings` of the right kind. Throws DataError when the folder is no run folder.
nlohmann::ordered_json read_run_json(const std::string& directory);

void write_run_json(const std::string& directory, const nlohmann::ordered_json& run);

/// A JSON file of the folder. Throws DataError when it is absent or malformed.
nlohmann::ordered_json read_json(const std::string& path);

}  // namespace polycause
