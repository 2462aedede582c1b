#include "polycause/report.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "polycause/error.h"
#include "report/html.h"
#include "report/page_data.h"
#include "report/report_template.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

std::string title_of(const Json& data) {
  const Json& study = data["run"]["study"];
  const auto name = study.find("name");
  if (name == study.end() || !name->is_string()) return "";
  return html_text(name->get<std::string>());
}

// Each marker occurs once; they stand in this order, so that what is put in is never searched.
std::string fill(const std::array<std::pair<std::string_view, std::string>, 3>& parts) {
  std::string page;
  for (std::size_t i = 0; i < kReportTemplatePieces; ++i) page += kReportTemplate[i];
  std::string filled;
  std::size_t at = 0;
  for (const auto& [marker, text] : parts) {
    const std::size_t found = page.find(marker, at);
    if (found == std::string::npos) {
      throw std::logic_error(fmt::format("report template: no marker {}", marker));
    }
    filled.append(page, at, found - at);
    filled += text;
    at = found + marker.size();
  }
  return filled.append(page, at, std::string::npos);
}

}  // namespace

void write_report(const std::string& run_directory) {
  try {
    const Json data = page_data(run_directory);
    write_file(join_path(run_directory, "report.html"),
               fill({{{"@POLYCAUSE_TITLE@", title_of(data)},
                      {"@POLYCAUSE_NOSCRIPT@", noscript_html(data)},
                      {"@POLYCAUSE_DATA@", script_json(data)}}}));
  } catch (const Json::exception& error) {
    throw DataError(run_directory, 0, "",
                    fmt::format("a file of the run folder has an unexpected form ({}); expected "
                                "what this version writes; fit again",
                                error.what()));
  }
}

}  // namespace polycause
