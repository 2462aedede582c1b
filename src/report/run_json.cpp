#include "report/run_json.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "base/files.h"
#include "polycause/error.h"
#include "report/run_folder.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kExpected =
    "expected a run folder as 'polycause fit' or 'polycause run' writes it; check the path";

void require(const Json& run, const std::string& path, const char* key, bool (Json::*is)() const) {
  const auto found = run.find(key);
  if (found != run.end() && ((*found).*is)()) return;
  throw DataError(path, 0, "", fmt::format("no valid \"{}\" in it; {}", key, kExpected));
}

// A list, where there is one, must hold objects with these texts in them.
void require_rows(const Json& object, const std::string& path, const char* list,
                  const std::vector<const char*>& texts) {
  const auto found = object.find(list);
  if (found == object.end()) return;
  bool valid = found->is_array();
  for (const Json& row : *found) {
    for (const char* text : texts) {
      valid = valid && row.is_object() && row.contains(text) && row[text].is_string();
    }
  }
  if (valid) return;
  throw DataError(path, 0, "", fmt::format("no valid \"{}\" in it; {}", list, kExpected));
}

void require_columns(const Json& study, const std::string& path, const char* list) {
  require_rows(study, path, list, {"name"});
  if (!study.contains(list)) return;
  for (const Json& table : study[list]) {
    require_rows(table, path, "columns", {"name", "type", "note"});
  }
}

}  // namespace

Json read_json(const std::string& path) {
  const std::string text = read_file(path);
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw DataError(
        path, 0, "",
        fmt::format("is no JSON ({}); the file is damaged; write it again", error.what()));
  }
}

Json read_run_json(const std::string& directory) {
  std::error_code code;
  const std::string path = join_path(directory, "run.json");
  if (!std::filesystem::is_directory(directory, code)) {
    throw DataError(directory, 0, "", fmt::format("no such directory; {}", kExpected));
  }
  if (!std::filesystem::exists(path, code)) {
    throw DataError(directory, 0, "", fmt::format("holds no run.json; {}", kExpected));
  }
  Json run = read_json(path);
  if (!run.is_object()) throw DataError(path, 0, "", fmt::format("holds no object; {}", kExpected));
  require(run, path, "format", &Json::is_number_integer);
  if (run["format"] != kRunFormat) {
    throw DataError(path, 0, "",
                    fmt::format("format {}; this version reads format {}; use the version of "
                                "polycause that wrote it",
                                run["format"].dump(), kRunFormat));
  }
  require(run, path, "study", &Json::is_object);
  require(run, path, "seconds", &Json::is_object);
  require_rows(run, path, "warnings", {"code", "text"});
  require_rows(run, path, "branches", {"name", "prior"});
  require_rows(run, path, "latents", {"name", "modality"});
  require_rows(run["study"], path, "tables", {"name"});
  require_columns(run["study"], path, "modalities");
  require_columns(run["study"], path, "covariates");
  return run;
}

void write_run_json(const std::string& directory, const Json& run) {
  write_file(join_path(directory, "run.json"),
             run.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace polycause
