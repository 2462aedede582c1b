#include "report/run_json.h"

#include <fmt/format.h>

#include <filesystem>

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
  require(run, path, "warnings", &Json::is_array);
  return run;
}

void write_run_json(const std::string& directory, const Json& run) {
  write_file(join_path(directory, "run.json"),
             run.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace polycause
