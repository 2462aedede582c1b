#include "report/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "base/files.h"
#include "data/visits.h"
#include "polycause/error.h"
#include "polycause/version.h"
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

constexpr int kLatentDigits = 9;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json pairs(const std::vector<std::pair<std::string, double>>& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values) out[name] = number(value);
  return out;
}

Json account_of_tables(const Study& study) {
  Json tables = Json::array();
  for (const TableAccount& account : study.tables) {
    Json dropped = Json::array();
    for (const auto& [reason, count] : account.dropped) {
      dropped.push_back({{"reason", reason}, {"count", count}});
    }
    tables.push_back({{"name", account.table},
                      {"rows", account.rows},
                      {"kept", account.kept},
                      {"dropped", dropped}});
  }
  return tables;
}

/// Null for a column of numbers, and in place of a level that may not be told.
Json levels_json(const Table& table, const std::string& column,
                 const std::vector<std::size_t>& person) {
  const std::size_t k = table.find(column);
  if (k == table.columns.size()) return nullptr;
  const std::vector<std::string> levels = told_levels(table.columns[k], person);
  if (levels.empty()) return nullptr;
  Json out = Json::array();
  for (const std::string& level : levels)
    out.push_back(level.empty() ? Json(nullptr) : Json(level));
  return out;
}

Json account_of_columns(const Study& study, const std::string& name, const Table& table,
                        const std::vector<std::size_t>& person) {
  Json columns = Json::array();
  for (const ColumnAccount& account : study.columns) {
    if (account.table != name) continue;
    columns.push_back({{"name", account.column},
                       {"type", to_string(account.type)},
                       {"missing", account.missing},
                       {"used", account.used},
                       {"note", account.note},
                       {"levels", levels_json(table, account.column, person)}});
  }
  return columns;
}

/// What `auto` stood for, where there is a network of pictures or series.
Json network_of(const Fit& fit, std::size_t m) {
  const std::vector<Modality>& modalities = fit.model.modalities();
  if (m >= modalities.size() || !modalities[m].blocks) return nullptr;
  return modalities[m].network;
}

Json study_json(const Study& study, const Fit& fit) {
  std::size_t held_out = 0;
  for (const bool validation : study.validation) held_out += validation ? 1 : 0;
  std::size_t complete = 0;
  const std::vector<std::size_t> person = people_of(study);
  std::set<std::size_t> judges;  // whom held-out scores across modalities rest on
  for (std::size_t i = 0; i < study.participants(); ++i) {
    const auto has = [&](const Modality& m) { return m.has(i); };
    if (!std::all_of(study.modalities.begin(), study.modalities.end(), has)) continue;
    ++complete;
    if (study.validation[i]) judges.insert(person[i]);
  }
  Json out = {{"name", study.spec.name},
              {"participants", study.participants()},
              {"whom", whom(study)},
              {"training", study.participants() - held_out},
              {"validation", held_out},
              {"validation_people", judges.size()},
              {"complete", complete},
              {"order", study.spec.order},
              {"condition_on", study.spec.condition_on},
              {"tables", account_of_tables(study)},
              {"modalities", Json::array()},
              {"covariates", Json::array()}};
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    const Modality& modality = study.modalities[m];
    const bool known = m < fit.reconstruction_r2.size();
    std::size_t having = 0;
    for (std::size_t i = 0; i < study.participants(); ++i) having += modality.has(i) ? 1 : 0;
    out["modalities"].push_back(
        {{"name", modality.name},
         {"kind", modality.kind},
         {"latents", modality.latents},
         {"private", modality.private_dims},
         {"participants", having},
         {"network", network_of(fit, m)},
         {"columns", account_of_columns(study, modality.name, modality.table, person)},
         {"reconstruction_r2", known ? number(fit.reconstruction_r2[m]) : Json(nullptr)}});
  }
  for (const Table& table : study.covariates) {
    out["covariates"].push_back(
        {{"name", table.name}, {"columns", account_of_columns(study, table.name, table, person)}});
  }
  return out;
}

Json method_json(const FitOptions& options, const Fit& fit) {
  Json method = {{"name", options.method}, {"prior", fit.prior}};
  if (options.method == "joint") method["divergence"] = options.divergence;
  return method;
}

Json branches_json(const Fit& fit) {
  Json out = Json::array();
  for (const Branch& branch : fit.branches) {
    out.push_back({{"name", branch.name},
                   {"prior", branch.prior},
                   {"objective", number(branch.objective)},
                   {"negative_log_likelihood", number(branch.negative_log_likelihood)},
                   {"edges", branch.edges},
                   {"selected", branch.selected},
                   {"agreement", number(branch.agreement)}});
  }
  return out;
}

Json latents_json(const Fit& fit) {
  Json out = Json::array();
  for (const LatentReport& latent : fit.latents) {
    out.push_back({{"name", latent.name},
                   {"modality", latent.name.substr(0, latent.name.rfind('.'))},
                   {"agreement", number(latent.agreement)},
                   {"agreement_min", number(latent.agreement_min)},
                   {"replicates", latent.replicates},
                   {"rivals", latent.rivals},
                   {"predicted_r2", number(latent.predicted_r2)},
                   {"expected", number(latent.expected)},
                   {"expected_low", number(latent.expected_low)}});
  }
  return out;
}

Json warnings_json(const Study& study, const Fit& fit) {
  Json out = Json::array();
  for (const std::string& text : study.warnings) out.push_back({{"code", "study"}, {"text", text}});
  for (const Warning& warning : fit.warnings) {
    out.push_back({{"code", warning.code}, {"text", warning.text}});
  }
  return out;
}

// `table` with its rows in the order of `ids`; copied into `sorted` only when they are not so
// already.
const Table& in_order(const Table& table, const std::vector<std::string>& ids, Table& sorted) {
  if (table.ids == ids) return table;
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < table.ids.size(); ++i) place.emplace(table.ids[i], i);
  sorted = table;
  sorted.ids = ids;
  for (Column& column : sorted.columns) column.values.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = place.find(ids[i]);
    if (found == place.end()) {
      throw Error(fmt::format(
          "run folder: {} rows, one participant of the study has none; expected a row for each of "
          "the {} participants; encode the whole study",
          table.rows(), ids.size()));
    }
    for (std::size_t k = 0; k < sorted.columns.size(); ++k) {
      sorted.columns[k].values[i] = table.columns[k].values[found->second];
    }
  }
  return sorted;
}

std::string split_csv(const Study& study) {
  const bool grouped = rows_share_people(study);
  std::string text = grouped ? "sample_id,split,group\n" : "sample_id,split\n";
  for (std::size_t i = 0; i < study.ids.size(); ++i) {
    text += csv_cell(study.ids[i]) + (study.validation.at(i) ? ",validation" : ",train");
    text += grouped ? "," + csv_cell(study.groups[i]) + "\n" : "\n";
  }
  return text;
}

}  // namespace

void write_fit(const std::string& directory, const Study& study, const Fit& fit,
               const FitOptions& options, const RunHeader& header) {
  const auto write = [&](const std::string& name, const std::string& content) {
    write_file(join_path(directory, name), content);
  };
  const auto write_table = [&](const std::string& name, const Table& table) {
    Table sorted;
    write(name, table_csv(in_order(table, study.ids, sorted), "sample_id", kLatentDigits));
  };
  make_directory(directory);
  write("config.toml", header.config_toml);
  write_table("latents.csv", fit.encoding.latents);
  write_table("private.csv", fit.encoding.private_parts);
  write_table("exogenous.csv", fit.encoding.exogenous);
  if (!fit.encoding.predicted.columns.empty()) write_table("predicted.csv", fit.encoding.predicted);
  if (fit.features) {
    write_table("features.csv", fit.encoding.features);
    write_table("responsibilities.csv", fit.encoding.responsibilities);
  }
  write("split.csv", split_csv(study));
  Json replicates = Json::array();
  for (std::size_t k = 0; k < fit.replicates.size(); ++k) {
    const std::string folder = join_path("replicates", fmt::format("{}", k + 1));
    make_directory(join_path(directory, folder));
    write_table(join_path(folder, "latents.csv"), fit.replicates[k]);
    replicates.push_back(k < fit.replicate_names.size() ? fit.replicate_names[k] : "");
  }
  write("learned_edges.csv", edges_csv(fit.learned));
  write("learned_graph.json", graph_json(fit.learned));
  write("learned_graph.graphml", graph_graphml(fit.learned));
  write("learned_graph.dot", graph_dot(fit.learned));
  write("learned_graph.svg", graph_svg(fit.learned));
  Table sorted;
  const Table& latents = in_order(fit.encoding.latents, study.ids, sorted);
  write("relations.csv", relations_csv(relations(study, latents)));

  auto seconds = header.seconds;
  seconds.insert(seconds.end(), fit.seconds.begin(), fit.seconds.end());
  const Json run = {{"format", kRunFormat},
                    {"version", kVersion},
                    {"seed", options.seed},
                    {"threads", options.threads},
                    {"seconds", pairs(seconds)},
                    {"study", study_json(study, fit)},
                    {"method", method_json(options, fit)},
                    {"branches", branches_json(fit)},
                    {"replicates", replicates},
                    {"latents", latents_json(fit)},
                    {"checks", pairs(fit.checks)},
                    {"warnings", warnings_json(study, fit)}};
  write_run_json(directory, run);
  write_traversals(directory, fit.model);
  write_features(directory, fit);
}

void write_discovered(const std::string& directory, const Graph& graph) {
  write_file(join_path(directory, "edges.csv"), edges_csv(graph));
  if (!graph.separations.empty()) {
    write_file(join_path(directory, "separations.csv"), separations_csv(graph));
  }
  if (!graph.frequencies.empty()) {
    write_file(join_path(directory, "frequencies.csv"), frequencies_csv(graph));
  }
  write_file(join_path(directory, "graph.json"), graph_json(graph));
  write_file(join_path(directory, "graph.graphml"), graph_graphml(graph));
  write_file(join_path(directory, "graph.dot"), graph_dot(graph));
  write_file(join_path(directory, "graph.svg"), graph_svg(graph));
  write_file(join_path(directory, "graph.tetrad.txt"), graph_tetrad(graph));
}

void write_scores(const std::string& directory, const Scores& scores) {
  write_file(join_path(directory, "scores.json"), scores_json(scores));
}

void append_to_run(const std::string& directory, const std::string& stage, double seconds,
                   const std::vector<Warning>& warnings) {
  Json run = read_run_json(directory);
  run["seconds"][stage] = number(seconds);
  Json& list = run["warnings"];
  for (const Warning& warning : warnings) {
    const Json entry = {{"code", warning.code}, {"text", warning.text}};
    bool known = false;
    for (const Json& old : list) known = known || old == entry;
    if (!known) list.push_back(entry);
  }
  write_run_json(directory, run);
}

}  // namespace polycause
