#include "report/people.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "base/files.h"
#include "base/numbered.h"
#include "report/csv.h"
#include "report/run_json.h"

namespace polycause {
namespace {

/// Does run.json speak of "500 rows of 22 participants"?
bool counts_rows(const std::string& directory) {
  const std::string path = join_path(directory, "run.json");
  if (!std::filesystem::exists(path)) return false;
  const nlohmann::ordered_json run = read_json(path);
  if (!run.is_object() || !run.contains("study") || !run["study"].is_object()) return false;
  const auto whom = run["study"].find("whom");
  return whom != run["study"].end() && whom->is_string() &&
         whom->get<std::string>().find(" rows of ") != std::string::npos;
}

}  // namespace

bool rows_share_people(const Study& study) {
  return !study.groups.empty() && study.people() != study.participants();
}

std::vector<std::size_t> people_of(const Study& study) {
  return numbered(study.groups.empty() ? study.ids : study.groups);
}

std::optional<std::vector<std::size_t>> people_of_run(const std::string& directory,
                                                      const std::vector<std::string>& ids) {
  const std::string path = join_path(directory, "split.csv");
  if (std::filesystem::exists(path)) {
    const CsvText split = read_csv_text(path);
    const auto found = std::find(split.header.begin(), split.header.end(), "group");
    if (found != split.header.end()) {
      const auto place = static_cast<std::size_t>(found - split.header.begin());
      std::map<std::string, std::string> group;
      for (const std::vector<std::string>& row : split.rows) group[row[0]] = row[place];
      std::vector<std::string> people;
      for (const std::string& id : ids) people.push_back(group[id]);
      return numbered(people);
    }
  }
  if (counts_rows(directory)) return std::nullopt;
  std::vector<std::size_t> own(ids.size());
  std::iota(own.begin(), own.end(), std::size_t{0});
  return own;
}

}  // namespace polycause
