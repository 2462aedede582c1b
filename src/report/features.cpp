#include "report/features.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/files.h"
#include "polycause/error.h"
#include "report/block_stack.h"
#include "report/csv.h"
#include "report/run_json.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kFeaturesFormat = 1;
constexpr const char* kFolder = "clusters";

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string joint_name(const std::vector<int>& outcomes) {
  std::string name;
  for (const int k : outcomes) name += fmt::format("{}{}", name.empty() ? "" : ".", k);
  return name;
}

Json nodes_json(const FeatureNetwork& network) {
  Json nodes = Json::array();
  for (const FeatureNode& node : network.nodes) {
    Json outcomes = Json::array();
    for (int k = 0; k < node.outcomes; ++k) outcomes.push_back(fmt::format("{}", k));
    Json parents = Json::array();
    for (const std::size_t i : node.parents) parents.push_back(network.nodes[i].name);
    Json table = Json::array();
    const auto own = static_cast<std::size_t>(node.outcomes);
    for (std::size_t r = 0; r * own < node.table.size(); ++r) {
      const auto begin = node.table.begin() + static_cast<std::ptrdiff_t>(r * own);
      table.push_back(std::vector<double>(begin, begin + node.outcomes));
    }
    nodes.push_back(
        {{"id", node.name}, {"outcomes", outcomes}, {"parents", parents}, {"table", table}});
  }
  return nodes;
}

Json network_json(const Fit& fit) {
  const Features& features = *fit.features;
  Json edges = Json::array();
  for (const Edge& edge : fit.learned.edges) {
    edges.push_back({{"source", fit.learned.nodes[edge.source].id},
                     {"target", fit.learned.nodes[edge.target].id},
                     {"strength", number(edge.strength)},
                     {"stability", number(edge.stability)},
                     {"identified", edge.mark_target == Mark::kArrow}});
  }
  Json clusters = Json::array();
  const std::vector<double> joint = joint_probabilities(features.network);
  for (std::size_t c = 0; c < joint.size(); ++c) {
    clusters.push_back({{"outcomes", joint_name(features.network.outcomes_of(c))},
                        {"probability", joint[c]},
                        {"participants", features.occupation[c]}});
  }
  return {{"format", kFeaturesFormat},
          {"nodes", nodes_json(features.network)},
          {"edges", edges},
          {"clusters", clusters},
          {"bound", number(features.bound)},
          {"information", number(features.information)},
          {"agreement", number(features.agreement)}};
}

std::string interventions_csv(const FeatureNetwork& network) {
  std::string text = "do_node,do_outcome,node,outcome,probability,observed\n";
  const std::vector<std::vector<double>> seen = outcome_probabilities(network);
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    for (int held = 0; held < network.nodes[i].outcomes; ++held) {
      const std::vector<std::vector<double>> now = outcome_probabilities(network, {{i, held}});
      for (std::size_t j = 0; j < network.nodes.size(); ++j) {
        for (std::size_t k = 0; j != i && k < now[j].size(); ++k) {
          text += fmt::format("{},{},{},{},{:.6g},{:.6g}\n", network.nodes[i].name, held,
                              network.nodes[j].name, k, now[j][k], seen[j][k]);
        }
      }
    }
  }
  return text;
}

std::string table_of_means(const FeatureNetwork& network, const ClusterMeans& means) {
  std::string text = "outcomes";
  for (const std::string& column : means.columns) text += "," + csv_cell(column);
  text += "\n";
  const std::size_t width = means.columns.size();
  for (std::size_t c = 0; c < network.joint_outcomes(); ++c) {
    text += joint_name(network.outcomes_of(c));
    for (std::size_t j = 0; j < width; ++j)
      text += fmt::format(",{:.6g}", means.values[c * width + j]);
    text += "\n";
  }
  return text;
}

}  // namespace

void write_features(const std::string& directory, const Fit& fit) {
  // Files of an earlier fit go first: they must never speak of another one.
  for (const char* name : {"network.json", "interventions.csv", "clusters.json", kFolder}) {
    std::error_code error;
    std::filesystem::remove_all(join_path(directory, name), error);
    if (error) {
      throw Error(
          fmt::format("{}: cannot be removed ({}); expected a folder that can be written to",
                      join_path(directory, name), error.message()));
    }
  }
  if (!fit.features) return;
  const Features& features = *fit.features;
  write_file(join_path(directory, "network.json"), network_json(fit).dump(1) + "\n");
  write_file(join_path(directory, "interventions.csv"), interventions_csv(features.network));
  make_directory(join_path(directory, kFolder));
  Json modalities = Json::array();
  for (const ClusterMeans& means : features.decoded) {
    const std::string base = fmt::format("{}/{}", kFolder, means.modality);
    Json item = {{"modality", means.modality},
                 {"kind", means.kind},
                 {"explained", number(means.explained)},
                 {"predicted", number(means.predicted)}};
    if (means.columns.empty()) {
      item["file"] = base + ".npy";
      item["shape"] = {features.network.joint_outcomes(), means.shape.channels, means.shape.height,
                       means.shape.width};
      item["channels"] = means.shape.channel_names;
      item["rate"] = means.shape.rate;
      write_file(join_path(directory, base + ".npy"),
                 block_stack_npy(means.values, features.network.joint_outcomes(), means.shape));
    } else {
      item["file"] = base + ".csv";
      write_file(join_path(directory, base + ".csv"), table_of_means(features.network, means));
    }
    if (!means.parameter_names.empty()) {
      item["parameters"] = means.parameter_names;
      item["values"] = Json::array();
      const std::size_t width = means.parameter_names.size();
      for (std::size_t c = 0; c < features.network.joint_outcomes(); ++c) {
        const auto begin = means.parameters.begin() + static_cast<std::ptrdiff_t>(c * width);
        Json row = Json::array();
        for (std::size_t k = 0; k < width; ++k)
          row.push_back(number(begin[static_cast<std::ptrdiff_t>(k)]));
        item["values"].push_back(std::move(row));
      }
    }
    modalities.push_back(std::move(item));
  }
  Json latents = Json::array();
  const std::size_t clusters = features.network.joint_outcomes();
  const std::size_t width = features.means.size() / clusters;
  for (std::size_t c = 0; c < clusters; ++c) {
    Json mean = Json::array();
    Json sd = Json::array();
    for (std::size_t k = 0; k < width; ++k) {
      mean.push_back(number(features.means[c * width + k]));
      sd.push_back(number(features.deviations[c * width + k]));
    }
    latents.push_back({{"mean", mean}, {"sd", sd}});
  }
  const Json all = {{"format", kFeaturesFormat}, {"modalities", modalities}, {"latents", latents}};
  write_file(join_path(directory, "clusters.json"),
             all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Graph read_network_graph(const std::string& path) {
  try {
    const Json json = read_json(path);
    Graph graph;
    std::map<std::string, std::size_t> place;
    for (const Json& node : json.at("nodes")) {
      place.emplace(node.at("id").get<std::string>(), graph.nodes.size());
      graph.nodes.push_back({node.at("id").get<std::string>(), "features", "latent"});
    }
    for (const Json& node : json.at("nodes")) {
      for (const Json& parent : node.at("parents")) {
        Edge edge;
        edge.source = place.at(parent.get<std::string>());
        edge.target = place.at(node.at("id").get<std::string>());
        edge.kind = "true";
        graph.edges.push_back(edge);
      }
    }
    return graph;
  } catch (const Json::exception& error) {
    throw DataError(
        path, 0, "",
        fmt::format("is no network ({}); expected nodes with id and parents", error.what()));
  } catch (const std::out_of_range&) {
    throw DataError(path, 0, "", "names a parent that is no node; expected names of its nodes");
  }
}

}  // namespace polycause
