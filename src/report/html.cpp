#include "report/html.h"

#include <fmt/format.h>

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

// A member as text: strings as they are, numbers short, anything undefined empty.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end() || found->is_null()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_float()) return fmt::format("{:.4g}", found->get<double>());
  if (found->is_array()) {
    std::string joined;
    for (const Json& item : *found) {
      joined += (joined.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : "");
    }
    return joined;
  }
  return found->dump();
}

constexpr const char* kColumns[] = {"source", "mark_source", "target",        "mark_target",
                                    "kind",   "strength",    "p_value",       "q_value",
                                    "n",      "stability",   "separating_set"};

std::string edge_table(const Json& graph, const char* caption) {
  if (!graph.is_object() || !graph.contains("edges") || !graph["edges"].is_array()) return "";
  std::string html = fmt::format("<table><caption>{}</caption><thead><tr>", caption);
  for (const char* column : kColumns) html += fmt::format("<th scope=\"col\">{}</th>", column);
  html += "</tr></thead><tbody>";
  for (const Json& edge : graph["edges"]) {
    html += "<tr>";
    for (const char* column : kColumns) html += "<td>" + html_text(text_of(edge, column)) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table>\n";
}

}  // namespace

std::string html_text(std::string_view text) {
  // The JSON writer knows UTF-8; what it replaces is what an HTML parser would stumble over.
  const std::string clean =
      Json::parse(Json(text).dump(-1, ' ', true, Json::error_handler_t::replace))
          .get<std::string>();
  std::string html;
  html.reserve(clean.size());
  for (const char c : clean) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string script_json(const Json& value) {
  const std::string json = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string noscript_html(const Json& page_data) {
  const Json& run = page_data["run"];
  const Json& study = run["study"];
  std::string html = fmt::format(
      "<h1>{}</h1>\n<p>{}. Charts and the drawing of the graph need JavaScript; the "
      "edges are listed below. Edges are hypotheses about causes, not proofs.</p>\n",
      html_text(text_of(study, "name")),
      html_text(study.contains("whom") ? text_of(study, "whom")
                                       : text_of(study, "participants") + " participants"));
  if (!run["warnings"].empty()) {
    html += "<h2>Warnings</h2><ul>";
    for (const Json& warning : run["warnings"]) {
      html += "<li>" + html_text(text_of(warning, "text")) + "</li>\n";
    }
    html += "</ul>\n";
  }
  html += edge_table(page_data["learned"], "Edges of the fitted model");
  html += edge_table(page_data["discovered"], "Edges found over latents and covariates");
  return html;
}

}  // namespace polycause
