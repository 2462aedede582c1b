#include "report/page_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "data/csv_scanner.h"
#include "polycause/error.h"
#include "polycause/graph.h"
#include "report/csv.h"
#include "report/features.h"
#include "report/levels.h"
#include "report/people.h"
#include "report/relations.h"
#include "report/run_json.h"
#include "report/traversals.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kHistogramEnd = 3;          // standard deviations
constexpr std::size_t kRelationsShown = 40;  // per latent and table
constexpr std::size_t kCurvePoints = 400;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

Json optional_json(const std::string& path) {
  return std::filesystem::exists(path) ? read_json(path) : Json(nullptr);
}

Json optional_graph(const std::string& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  read_graph_json(path);  // throws when it is no graph
  return read_json(path);
}

// The strongest of each latent with each table, strongest first.
Json relations_of(const std::string& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  const CsvText table = read_csv_text(path);
  const std::size_t latent = table.column("latent");
  const std::size_t source = table.column("table");
  const std::size_t column = table.column("column");
  const std::size_t spearman = table.column("spearman");
  const std::size_t count = table.column("n");
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<double, std::size_t>>> groups;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const double value = csv_value(table, i, spearman);
    if (std::isnan(value)) continue;
    groups[{table.rows[i][latent], table.rows[i][source]}].push_back({-std::fabs(value), i});
  }
  Json out = Json::array();
  for (auto& [key, found] : groups) {
    std::sort(found.begin(), found.end());
    found.resize(std::min(found.size(), kRelationsShown));
    for (const auto& [strength, i] : found) {
      out.push_back({{"latent", key.first},
                     {"table", key.second},
                     {"column", table.rows[i][column]},
                     {"spearman", csv_value(table, i, spearman)},
                     {"n", number(csv_value(table, i, count))}});
    }
  }
  return out;
}

// What resampled searches found about each pair.
Json frequencies_of(const std::string& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  const CsvText table = read_csv_text(path);
  Json out = Json::array();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    Json entry = {{"a", table.rows[i][table.column("a")]}, {"b", table.rows[i][table.column("b")]}};
    for (const char* key : {"joined", "a_to_b", "b_to_a", "undirected", "two_arrows"}) {
      entry[key] = number(csv_value(table, i, table.column(key)));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

struct Latents {
  std::vector<std::string> names;
  std::vector<std::string> ids;
  std::vector<std::vector<double>> values;
};

Latents read_latents(const std::string& path) {
  Latents latents;
  CsvScanner scanner(path, ',', '.');
  std::vector<RowField> fields;
  if (scanner.next(fields)) {
    for (std::size_t k = 1; k < fields.size(); ++k) latents.names.emplace_back(fields[k].text);
  }
  latents.values.resize(latents.names.size());
  while (scanner.next(fields)) {
    if (fields.size() != latents.names.size() + 1) {
      throw DataError(path, scanner.line(), "",
                      fmt::format("{} cells; expected {} as in the header; the file is damaged",
                                  fields.size(), latents.names.size() + 1));
    }
    latents.ids.emplace_back(fields[0].text);
    for (std::size_t k = 0; k < latents.names.size(); ++k) {
      const std::string_view text = fields[k + 1].text;
      if (text.empty()) {  // the participant lacks the modality
        latents.values[k].push_back(std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      double value = 0;
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
        throw DataError(path, scanner.line(), latents.names[k],
                        "holds no number; expected one or an empty cell; the file is damaged");
      }
      latents.values[k].push_back(value);
    }
  }
  return latents;
}

Json distributions_of(const Latents& latents, const std::vector<std::size_t>& person) {
  Json out = Json::array();
  for (std::size_t k = 0; k < latents.names.size(); ++k) {
    out.push_back(
        {{"latent", latents.names[k]}, {"counts", safe_histogram(latents.values[k], person)}});
  }
  return out;
}

/// Do too few people have both?
bool few_have(const std::vector<double>& a, const std::vector<double>& b,
              const std::vector<std::size_t>& person) {
  std::set<std::size_t> people;
  for (std::size_t i = 0; few(people) && i < a.size(); ++i) {
    if (!std::isnan(a[i]) && !std::isnan(b[i])) people.insert(person[i]);
  }
  return few(people);
}

Json correlations_of(const Latents& latents, const std::vector<std::size_t>& person) {
  const std::size_t d = latents.names.size();
  const std::vector<double> matrix = rank_correlations(latents.values);
  Json rows = Json::array();
  for (std::size_t i = 0; i < d; ++i) {
    Json row = Json::array();
    for (std::size_t j = 0; j < d; ++j) {
      const bool hidden = few_have(latents.values[i], latents.values[j], person);
      row.push_back(hidden ? Json(nullptr) : number(rounded(matrix[i * d + j], 1e-4)));
    }
    rows.push_back(std::move(row));
  }
  return {{"names", latents.names}, {"rows", rows}};
}

// Series in order of appearance, thinned to kCurvePoints; the last point always stays.
Json curves_of(const std::string& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  const CsvText table = read_csv_text(path);
  const std::size_t series = table.column("series");
  const std::size_t step = table.column("step");
  const std::size_t value = table.column("value");
  std::map<std::string, std::map<double, double>> points;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    points[table.rows[i][series]][csv_value(table, i, step)] = csv_value(table, i, value);
  }
  Json out = Json::array();
  for (const auto& [name, curve] : points) {
    const std::size_t stride = (curve.size() + kCurvePoints - 1) / kCurvePoints;
    Json steps = Json::array();
    Json values = Json::array();
    std::size_t index = 0;
    for (const auto& [at, y] : curve) {
      if (index++ % stride != 0 && index != curve.size()) continue;
      steps.push_back(number(at));
      values.push_back(number(y));
    }
    out.push_back({{"series", name}, {"steps", steps}, {"values", values}});
  }
  return out;
}

/// Takes the rare levels out of {modality, columns: [{column}]}.
void hide_columns(const RareLevels& levels, Json& response) {
  if (!response.contains("columns")) return;
  const auto table = response.at("modality").get<std::string>();
  Json kept = Json::array();
  for (Json& column : response["columns"]) {
    if (!levels.rare(table, column.at("column").get<std::string>())) kept.push_back(column);
  }
  response["columns"] = std::move(kept);
}

void hide_rare_levels(Json& data) {
  RareLevels levels(data["run"]);
  const auto hide = [&](Json& id) { id = levels.told(id.get<std::string>()); };
  if (data["discovered"].is_object()) {
    for (Json& node : data["discovered"]["nodes"]) hide(node["id"]);
    for (Json& edge : data["discovered"]["edges"]) {
      for (const char* end : {"source", "target"}) hide(edge[end]);
      if (!edge.contains("separating_set")) continue;
      for (Json& name : edge["separating_set"]) hide(name);
    }
  }
  if (data["frequencies"].is_array()) {
    for (Json& pair : data["frequencies"]) {
      for (const char* end : {"a", "b"}) hide(pair[end]);
    }
  }
  if (data["traversals"].is_object()) {
    for (Json& item : data["traversals"]["items"]) {
      hide_columns(levels, item["held"]);
      for (Json& response : item["following"]) hide_columns(levels, response);
    }
  }
  if (data["features"].is_object()) {
    for (Json& modality : data["features"]["modalities"]) hide_columns(levels, modality);
  }
  for (Json& warning : data["run"]["warnings"])
    warning["text"] = levels.told_in(warning["text"].get<std::string>());
}

}  // namespace

std::vector<int> safe_histogram(const std::vector<double>& values,
                                const std::vector<std::size_t>& person) {
  std::vector<int> counts(kBins, 0);
  std::vector<std::set<std::size_t>> people(kBins);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    const double place =
        (values[i] + kHistogramEnd) / (2 * kHistogramEnd) * static_cast<double>(kBins);
    const double last = static_cast<double>(kBins - 1);
    const auto bin = static_cast<std::size_t>(std::clamp(std::floor(place), 0.0, last));
    ++counts[bin];
    if (few(people[bin])) people[bin].insert(person.at(i));
  }
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (counts[bin] > 0 && few(people[bin])) counts[bin] = -1;
  }
  return counts;
}

Json page_data(const std::string& run_directory) {
  const auto in_run = [&](const char* name) { return join_path(run_directory, name); };
  Json data;
  data["run"] = read_run_json(run_directory);
  const std::string config = in_run("config.toml");
  data["settings"] = std::filesystem::exists(config) ? Json(read_file(config)) : Json(nullptr);
  data["learned"] = optional_graph(in_run("learned_graph.json"));
  data["discovered"] = optional_graph(in_run("graph.json"));
  data["frequencies"] = frequencies_of(in_run("frequencies.csv"));
  data["relations"] = relations_of(in_run("relations.csv"));
  data["distributions"] = nullptr;
  data["correlations"] = nullptr;
  if (std::filesystem::exists(in_run("latents.csv"))) {
    const Latents latents = read_latents(in_run("latents.csv"));
    if (const auto person = people_of_run(run_directory, latents.ids)) {
      data["distributions"] = distributions_of(latents, *person);
      data["correlations"] = correlations_of(latents, *person);
    }
  }
  data["curves"] = curves_of(in_run("metrics.csv"));
  data["traversals"] = traversals_page(run_directory);
  data["features"] = features_page(run_directory);
  data["scores"] = optional_json(in_run("scores.json"));
  hide_rare_levels(data);
  return data;
}

}  // namespace polycause
