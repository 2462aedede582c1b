#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "polycause/error.h"
#include "report/block_stack.h"
#include "report/csv.h"
#include "report/features.h"
#include "report/people.h"
#include "report/run_json.h"
#include "report/traversals.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kCells = 28;         // of a side of the map of two latents
constexpr double kMapEnd = 3.5;            // standard deviations
constexpr std::size_t kJointShown = 32;    // clusters that are shown one by one
constexpr std::size_t kColumnsShown = 12;  // of a table, those that move most

double rounded(double value) { return std::stod(fmt::format("{:.4g}", value)); }

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw DataError(path, 0, "", what + "; expected what this version writes; fit again");
}

/// Joint outcomes (K,) as outcomes per node, and their probabilities.
struct Clusters {
  std::vector<std::vector<std::size_t>> outcomes;
  std::vector<double> probability;
};

Clusters clusters_of(const Json& network, const std::string& path) {
  Clusters clusters;
  for (const Json& item : network.at("clusters")) {
    std::vector<std::size_t> each;
    const std::string name = item.at("outcomes").get<std::string>();
    const char* const last = name.data() + name.size();
    for (const char* at = name.data(); at < last;) {
      const auto [end, code] = std::from_chars(at, last, each.emplace_back());
      if (code != std::errc() || (end != last && *end != '.')) damaged(path, "names no outcomes");
      at = end + 1;
    }
    if (each.size() != network.at("nodes").size()) damaged(path, "has clusters of other nodes");
    clusters.outcomes.push_back(std::move(each));
    clusters.probability.push_back(item.at("probability").get<double>());
  }
  if (clusters.outcomes.empty() || network.at("nodes").empty()) damaged(path, "has no clusters");
  return clusters;
}

/// What is shown side by side: every outcome of every node, averaged over the rest as often as it
/// occurs, and every joint outcome where these are few. One row of weights over the clusters each.
struct Views {
  std::vector<std::vector<double>> weights;
  Json names = Json::array();  // {node, outcome} or {joint}
};

Views views_of(const Json& network, const Clusters& clusters) {
  Views views;
  const Json& nodes = network.at("nodes");
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t k = 0; k < nodes[i].at("outcomes").size(); ++k) {
      std::vector<double> weight(clusters.outcomes.size(), 0.0);
      double total = 0;
      for (std::size_t c = 0; c < weight.size(); ++c) {
        if (clusters.outcomes[c][i] == k) total += weight[c] = clusters.probability[c];
      }
      for (double& w : weight) w /= std::max(total, 1e-300);
      views.weights.push_back(std::move(weight));
      views.names.push_back({{"node", nodes[i].at("id")}, {"outcome", nodes[i].at("outcomes")[k]}});
    }
  }
  for (std::size_t c = 0; clusters.outcomes.size() <= kJointShown && c < clusters.outcomes.size();
       ++c) {
    std::vector<double> weight(clusters.outcomes.size(), 0.0);
    weight[c] = 1;
    views.weights.push_back(std::move(weight));
    views.names.push_back({{"joint", network.at("clusters")[c].at("outcomes")}});
  }
  return views;
}

BlockStack viewed(const BlockStack& clusters, const Views& views) {
  BlockStack out{views.weights.size(), clusters.channels, clusters.height, clusters.width, {}};
  const std::size_t size = clusters.channels * clusters.height * clusters.width;
  for (const std::vector<double>& weight : views.weights) {
    std::vector<double> sum(size, 0.0);
    for (std::size_t c = 0; c < weight.size(); ++c) {
      if (weight[c] == 0) continue;
      for (std::size_t k = 0; k < size; ++k)
        sum[k] += weight[c] * static_cast<double>(clusters.values[c * size + k]);
    }
    for (const double v : sum) out.values.push_back(static_cast<float>(v));
  }
  return out;
}

void add_pictures(BlockStack& stack, Json& out) {
  const std::size_t side = std::max(stack.height, stack.width);
  const std::size_t factor = (side + kPictureSide - 1) / kPictureSide;
  BlockStack small = shrunk(stack, factor, factor);
  out["height"] = small.height;
  out["width"] = small.width;
  out["pictures"] = Json::array();
  for (std::size_t s = 0; s < small.count; ++s) {
    std::vector<std::uint8_t> pixels;
    for (std::size_t y = 0; y < small.height; ++y) {
      for (std::size_t x = 0; x < small.width; ++x) {
        for (std::size_t c = 0; c < small.channels; ++c)
          pixels.push_back(byte_of(255 * static_cast<double>(small.at(s, c, y, x))));
      }
    }
    out["pictures"].push_back(base64(pixels));
  }
}

void add_curves(BlockStack& stack, Json& out) {
  BlockStack small = shrunk(stack, 1, (stack.width + kSeriesPoints - 1) / kSeriesPoints);
  out["curves"] = Json::array();  // [view][channel][point]
  for (std::size_t s = 0; s < small.count; ++s) {
    Json channels = Json::array();
    for (std::size_t c = 0; c < small.channels; ++c) {
      Json points = Json::array();
      for (std::size_t x = 0; x < small.width; ++x)
        points.push_back(rounded(static_cast<double>(small.at(s, c, 0, x))));
      channels.push_back(std::move(points));
    }
    out["curves"].push_back(std::move(channels));
  }
}

/// The columns whose expected values differ most between the views, relative to their spread.
void add_columns(const std::string& path, const Views& views, Json& out) {
  const CsvText table = read_csv_text(path);
  if (table.rows.size() != views.weights.at(0).size())
    damaged(path, "has another number of clusters");
  std::vector<std::pair<double, Json>> columns;
  for (std::size_t j = 1; j < table.header.size(); ++j) {
    std::vector<double> values;
    for (std::size_t c = 0; c < table.rows.size(); ++c) values.push_back(csv_value(table, c, j));
    Json shown = Json::array();
    double low = 1e300;
    double high = -1e300;
    double square = 0;
    for (const std::vector<double>& weight : views.weights) {
      double sum = 0;
      for (std::size_t c = 0; c < weight.size(); ++c) sum += weight[c] * values[c];
      low = std::min(low, sum);
      high = std::max(high, sum);
      shown.push_back(rounded(sum));
    }
    for (const double v : values) square += v * v / static_cast<double>(values.size());
    columns.emplace_back(-(high - low) / std::sqrt(square + 1e-300),
                         Json{{"column", table.header[j]}, {"values", std::move(shown)}});
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  columns.resize(std::min(columns.size(), kColumnsShown));
  out["columns"] = Json::array();
  for (auto& [order, column] : columns) out["columns"].push_back(std::move(column));
}

std::vector<std::string> ids_of(const CsvText& table) {
  std::vector<std::string> ids;
  for (const std::vector<std::string>& row : table.rows) ids.push_back(row.at(0));
  return ids;
}

/// Replaces the expected numbers of rows in the clusters by those of people, each counted as the
/// likeliest of their rows; null where few.
void count_people(const std::string& directory, Json& network) {
  if (network["clusters"].empty()) return;
  const CsvText rows = read_csv_text(join_path(directory, "responsibilities.csv"));
  const auto person = people_of_run(directory, ids_of(rows));
  const bool alone =
      person && std::set<std::size_t>(person->begin(), person->end()).size() == rows.rows.size();
  for (Json& cluster : network["clusters"]) {
    double expected = person ? cluster.at("participants").get<double>() : 0;
    if (person && !alone) {
      const std::size_t column = rows.column(cluster.at("outcomes").get<std::string>());
      std::map<std::size_t, double> most;
      for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        double& value = most[(*person)[i]];
        value = std::max(value, csv_value(rows, i, column));
      }
      expected = 0;
      for (const auto& [who, value] : most) expected += value;
    }
    cluster["participants"] =
        expected < static_cast<double>(kFewestPeople) ? Json(nullptr) : Json(expected);
  }
}

struct Cell {
  std::size_t rows = 0;
  std::set<std::size_t> people;
};

/// How participants lie over the two latents on which the clusters differ most, per outcome of
/// every node: counts in cells of a grid, those of few participants left out.
Json map_of(const std::string& directory, const Json& clusters, const Clusters& joint) {
  const Json& means = clusters.at("latents");
  const std::size_t width = means.at(0).at("mean").size();
  if (means.size() != joint.probability.size())
    damaged(join_path(directory, "clusters.json"), "has another number of clusters");
  std::vector<std::pair<double, std::size_t>> spread;
  for (std::size_t k = 0; k < width; ++k) {
    double mean = 0;
    double square = 0;
    for (std::size_t c = 0; c < joint.probability.size(); ++c) {
      const double v = means.at(c).at("mean").at(k).get<double>();
      mean += joint.probability[c] * v;
      square += joint.probability[c] * v * v;
    }
    spread.emplace_back(-(square - mean * mean), k);
  }
  if (width < 2) return nullptr;
  std::sort(spread.begin(), spread.end());
  const std::size_t across = spread[0].second;
  const std::size_t up = spread[1].second;
  const CsvText latents = read_csv_text(join_path(directory, "latents.csv"));
  if (latents.header.size() <= width) damaged(latents.path, "has fewer latents than clusters.json");
  const CsvText features = read_csv_text(join_path(directory, "features.csv"));
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < features.rows.size(); ++i) place[features.rows[i].at(0)] = i;
  const auto person = people_of_run(directory, ids_of(latents));
  if (!person) return nullptr;
  const auto cell_of = [](double v) {
    const double at = (v + kMapEnd) / (2 * kMapEnd) * static_cast<double>(kCells);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(kCells) - 1));
  };
  Json nodes = Json::array();
  for (std::size_t j = 1; j < features.header.size(); j += 2) {
    std::map<std::string, std::map<std::size_t, Cell>> counts;  // of outcomes, in cells
    std::map<std::string, std::set<std::size_t>> people;
    double certainty = 0;
    double known = 0;
    for (std::size_t i = 0; i < latents.rows.size(); ++i) {
      const auto found = place.find(latents.rows[i].at(0));
      if (found == place.end()) continue;
      const std::string& outcome = features.rows[found->second][j];
      const double x = csv_value(latents, i, across + 1);
      const double y = csv_value(latents, i, up + 1);
      if (outcome.empty() || std::isnan(x) || std::isnan(y)) continue;
      Cell& cell = counts[outcome][cell_of(y) * kCells + cell_of(x)];
      ++cell.rows;
      cell.people.insert((*person)[i]);
      people[outcome].insert((*person)[i]);
      certainty += csv_value(features, found->second, j + 1);
      known += 1;
    }
    Json outcomes = Json::array();
    for (auto& [outcome, grid] : counts) {
      Json cells = Json::array();  // [cell, count]
      for (const auto& [k, cell] : grid) {
        if (!few(cell.people)) cells.push_back({k, cell.rows});
      }
      const std::size_t number = people[outcome].size();
      outcomes.push_back({{"outcome", outcome},
                          {"participants", few(people[outcome]) ? Json(nullptr) : Json(number)},
                          {"cells", std::move(cells)}});
    }
    nodes.push_back({{"node", features.header[j]},
                     {"certainty", known > 0 ? Json(rounded(certainty / known)) : Json(nullptr)},
                     {"outcomes", std::move(outcomes)}});
  }
  return {{"across", latents.header.at(across + 1)},
          {"up", latents.header.at(up + 1)},
          {"cells", kCells},
          {"end", kMapEnd},
          {"nodes", std::move(nodes)}};
}

Json interventions_of(const std::string& path) {
  const CsvText table = read_csv_text(path);
  std::map<std::string, std::size_t> place;  // of every column, looked up also where no row follows
  for (const char* name : {"do_node", "do_outcome", "node", "outcome", "probability", "observed"})
    place[name] = table.column(name);
  Json out = Json::array();
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    Json row;
    for (const char* name : {"do_node", "do_outcome", "node", "outcome"})
      row[name] = table.rows[i][place.at(name)];
    for (const char* name : {"probability", "observed"})
      row[name] = csv_value(table, i, place.at(name));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Json features_page(const std::string& directory) {
  const std::string path = join_path(directory, "network.json");
  if (!std::filesystem::exists(path)) return nullptr;
  read_network_graph(path);  // throws when it is no network
  Json network = read_json(path);
  const Clusters joint = clusters_of(network, path);
  const Views views = views_of(network, joint);
  const Json clusters = read_json(join_path(directory, "clusters.json"));
  Json modalities = Json::array();
  for (const Json& entry : clusters.at("modalities")) {
    Json item = entry;
    const std::string file = entry.at("file").get<std::string>();
    if (entry.contains("shape")) {
      const BlockStack stack = read_block_stack(directory, "clusters/", file,
                                                entry.at("shape").get<std::vector<std::size_t>>(),
                                                joint.outcomes.size());
      BlockStack shown = viewed(stack, views);
      if (entry.at("kind") == "image") {
        add_pictures(shown, item);
      } else {
        add_curves(shown, item);
      }
    } else {
      if (file.rfind("clusters/", 0) != 0 || file.find("..") != std::string::npos)
        damaged(path, "names a file outside of the folder clusters");
      add_columns(join_path(directory, file), views, item);
    }
    item.erase("file");
    modalities.push_back(std::move(item));
  }
  Json map = map_of(directory, clusters, joint);
  if (joint.outcomes.size() > kJointShown) network["clusters"] = Json::array();
  count_people(directory, network);
  return {{"network", std::move(network)},
          {"interventions", interventions_of(join_path(directory, "interventions.csv"))},
          {"views", views.names},
          {"modalities", std::move(modalities)},
          {"map", std::move(map)}};
}

}  // namespace polycause
