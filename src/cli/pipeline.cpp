#include "cli/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>

#include "base/files.h"
#include "cli/fingerprint.h"
#include "cli/output.h"
#include "polycause/error.h"
#include "report/features.h"
#include "report/recorder.h"
#include "report/run_folder.h"
#include "report/run_json.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;
const std::string kStage = "discover: ";
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Removes what an earlier run left in a directory that --force gives to a new one.
void clear_run_folder(const std::string& directory) {
  for (const char* name : {"config.toml",
                           "run.json",
                           "log.txt",
                           "metrics.csv",
                           "checkpoints",
                           "model",
                           "latents.csv",
                           "private.csv",
                           "exogenous.csv",
                           "predicted.csv",
                           "split.csv",
                           "relations.csv",
                           "replicates",
                           "learned_edges.csv",
                           "learned_graph.json",
                           "learned_graph.graphml",
                           "learned_graph.dot",
                           "learned_graph.svg",
                           "graph.svg",
                           "edges.csv",
                           "graph.json",
                           "graph.graphml",
                           "graph.dot",
                           "graph.tetrad.txt",
                           "separations.csv",
                           "frequencies.csv",
                           "scores.json",
                           "features.csv",
                           "responsibilities.csv",
                           "network.json",
                           "interventions.csv",
                           "clusters",
                           "clusters.json",
                           "traversals",
                           "traversals.json",
                           "effects.csv",
                           "report.html"}) {
    fs::remove_all(fs::path(directory) / name);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0)
      fs::remove(entry.path());
  }
}

/// --resume continues only what was begun with the same study and settings.
bool resumes(const std::string& directory, const std::string& config) {
  const std::string path = join_path(directory, "config.toml");
  if (!fs::exists(directory) || fs::is_empty(directory)) return false;
  if (!fs::exists(path)) {
    if (holds_only_part_of(directory, "config.toml")) return false;
    throw ConfigError(directory +
                      ": --resume found files but no config.toml; expected the folder of an "
                      "interrupted run, or a new or empty one; choose another --out");
  }
  const std::string difference = first_difference(read_file(path), config);
  if (!difference.empty()) {
    throw ConfigError(
        fmt::format("{}: --resume with another study or other settings ({}); expected the "
                    "same; repeat the first command, or choose another --out",
                    path, difference));
  }
  return true;
}

std::string resume_hint(const FitArguments& arguments) {
  return fmt::format(
      "interrupted; finished parts are kept in {}; the same command with --resume goes on "
      "from there",
      arguments.out);
}

/// Direction that the study gives beforehand: its tiers, or what it was conditioned on first, then,
/// where modalities are listed causes first, one tier per modality.
Knowledge knowledge_of(const Study& study, const Table& latents) {
  Knowledge knowledge;
  const auto& tiers = study.spec.tiers;
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    for (const std::string& name : tiers[i]) knowledge.tier[name] = static_cast<int>(i);
  }
  const bool ordered = study.spec.order == "given";
  const std::vector<std::string>& causes = study.spec.condition_on;
  if (!tiers.empty() || (!ordered && causes.empty())) return knowledge;
  for (const std::string& name : causes) knowledge.tier[name] = 0;
  const int first = causes.empty() ? 0 : 1;
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    const std::string prefix = study.modalities[m].name + ".";
    const std::vector<std::size_t>& members = study.modalities[m].members;
    const std::size_t place = members.empty() ? m : members.front();
    for (const Column& column : latents.columns) {
      if (column.name.rfind(prefix, 0) == 0)
        knowledge.tier[column.name] = first + (ordered ? static_cast<int>(place) : 0);
    }
  }
  return knowledge;
}

/// A restart's latents under the names, in the order and with the signs of the reported ones, so
/// that discovery can draw from both.
Table aligned_to(const Table& latents, const Table& replicate) {
  std::vector<std::size_t> partner;
  agreement(latents, replicate, &partner);
  Table out;
  out.name = latents.name;
  out.ids = replicate.ids;
  for (std::size_t i = 0; i < latents.columns.size(); ++i) {
    Column column = replicate.columns.at(partner.at(i));
    column.name = latents.columns[i].name;
    if (spearman(latents.columns[i].values, column.values) < 0) {
      for (double& value : column.values) value = -value;
    }
    out.columns.push_back(std::move(column));
  }
  return out;
}

bool varies(const std::vector<double>& values) {
  double first = std::nan("");
  for (const double value : values) {
    if (std::isnan(first)) first = value;
    if (!std::isnan(value) && value != first) return true;
  }
  return false;
}

/// What discovery looks at: latents, or the outcomes of features where the method has these. A
/// feature that collapsed, with one outcome for everybody, is left out.
Table found_by(const Fit& fit) {
  if (!fit.features) return fit.encoding.latents;
  Table outcomes = fit.encoding.features;
  outcomes.columns.clear();
  for (const Column& column : fit.encoding.features.columns) {
    if (column.type == ColumnType::kCategorical && varies(column.values))
      outcomes.columns.push_back(column);
  }
  return outcomes;
}

/// Are the edges of a truth those of its latents? Those of circles and lattices join features.
bool joins_latents(const Graph& graph, const Table& latents) {
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return latents.find(node.id) < latents.columns.size();
  });
}

/// Which rows of a table belong together, where some do.
Table grouped_as(const Study& study, Table table) {
  if (study.people() == study.participants()) return table;
  std::map<std::string, std::string> group;
  for (std::size_t i = 0; i < study.ids.size(); ++i) group[study.ids[i]] = study.groups[i];
  for (const std::string& id : table.ids) table.groups.push_back(group.at(id));
  return table;
}

/// What `network = "auto"` stood for.
void name_networks(const Model& model, Observer& observer) {
  for (const Modality& modality : model.modalities()) {
    if (!modality.blocks) continue;
    const BlockShape& shape = modality.blocks->shape();
    const std::string size = shape.kind == "image"
                                 ? fmt::format("{} x {} pixels", shape.height, shape.width)
                                 : fmt::format("{} samples", shape.width);
    observer.message(LogLevel::kInfo, fmt::format("{}: network '{}' for {}, {} channel{}",
                                                  modality.name, modality.network, size,
                                                  shape.channels, shape.channels == 1 ? "" : "s"));
  }
}

/// Rows of the study that the table of a column covers: those that have the modality.
std::size_t rows_with(const Study& study, const std::string& table) {
  for (const Modality& modality : study.modalities) {
    if (modality.name != table || modality.present.empty()) continue;
    return static_cast<std::size_t>(
        std::count(modality.present.begin(), modality.present.end(), true));
  }
  return study.participants();
}

/// Columns that most participants lack: whatever is said of them rests on the others.
void add_missing(const Study& study, Fit& fit) {
  std::map<std::string, std::string> sparse;  // by table
  for (const ColumnAccount& column : study.columns) {
    const std::size_t rows = rows_with(study, column.table);
    if (!column.used || column.missing * 2 <= rows) continue;
    std::string& list = sparse[column.table];
    list += fmt::format("{}{} ({} left)", list.empty() ? "" : ", ", column.column,
                        rows - column.missing);
  }
  for (const auto& [table, list] : sparse) {
    fit.warnings.push_back(
        {"missing", fmt::format("{}: more than half of the cells are missing in {}, of {} rows; "
                                "relations and edges of these columns speak of whom they were "
                                "measured in; leave a column out if that is not meant",
                                table, list, rows_with(study, table))});
  }
}

}  // namespace

FittedStudy fit_study(const FitArguments& arguments, Terminal& terminal) {
  FittedStudy fitted;
  fitted.settings = read_settings(arguments);
  OutputDirectory out(arguments.out, arguments.force || arguments.resume);
  FitOptions& options = fitted.settings.fit;

  const Clock::time_point start = Clock::now();
  fitted.study = load_study(fitted.settings.study, options.seed, &terminal);
  RunHeader header;
  header.seconds.emplace_back("read", seconds_since(start));
  header.config_toml = config_text(fitted.settings, fitted.study);
  const bool resume = arguments.resume && resumes(out.path(), header.config_toml);
  if (arguments.resume) remove_partial_files(out.path());
  if (!resume) {
    clear_run_folder(out.path());
    write_file(out.file("config.toml"), header.config_toml);
  }
  options.checkpoint_dir = out.file("checkpoints");
  make_directory(options.checkpoint_dir);

  for (const std::string& warning : fitted.study.warnings) terminal.warning(warning);
  Recorder recorder(out.path(), &terminal);
  terminal.replay_to(recorder);
  try {
    fitted.fit = train(fitted.study, options, &recorder);
    name_networks(fitted.fit.model, recorder);
    add_missing(fitted.study, fitted.fit);
    for (const Warning& warning : fitted.fit.warnings)
      recorder.message(LogLevel::kWarning, warning.text);
  } catch (const Error& error) {
    const Terminal::Muted muted(terminal);
    recorder.message(LogLevel::kWarning, error.what());
    if (dynamic_cast<const Interrupted*>(&error) != nullptr) {
      out.keep();
      throw Interrupted(resume_hint(arguments));
    }
    if (dynamic_cast<const NumericError*>(&error) != nullptr)
      out.keep();  // the log tells what happened
    throw;
  }
  out.keep();
  fitted.fit.model.save(out.file("model"));
  write_fit(out.path(), fitted.study, fitted.fit, options, header);
  recorder.close();
  return fitted;
}

Graph discover_in_run(const std::string& directory, const FittedStudy& fitted, Terminal& terminal) {
  const Clock::time_point start = Clock::now();
  RunLog log(directory, terminal);
  log.message(LogLevel::kInfo, kStage + "latents and covariates");
  const Table latents = found_by(fitted.fit);
  const auto with_covariates = [&](const Table& estimate) {
    std::vector<Table> tables{estimate};
    tables.insert(tables.end(), fitted.study.covariates.begin(), fitted.study.covariates.end());
    return grouped_as(fitted.study, join(tables));
  };
  const DiscoverOptions& options = fitted.settings.discover;
  std::vector<Table> estimates;
  if (options.bootstrap > 0 && !fitted.fit.features) {
    for (const Table& replicate : fitted.fit.replicates) {
      estimates.push_back(with_covariates(aligned_to(latents, replicate)));
    }
  }
  const Table variables = with_covariates(latents);
  Graph graph;
  if (variables.columns.size() > 1) {
    graph = discover(variables, knowledge_of(fitted.study, latents), options, &log, estimates);
  } else {
    log.message(LogLevel::kWarning,
                kStage + "fewer than two variables vary, so there is no graph to find");
    for (const Column& column : variables.columns) graph.nodes.push_back({column.name, "", ""});
  }
  for (Node& node : graph.nodes) {
    const bool latent = latents.find(node.id) < latents.columns.size();
    node.type = latent ? "latent" : "covariate";
    if (node.modality.empty()) node.modality = node.id.substr(0, node.id.find('.'));
  }
  write_discovered(directory, graph);
  std::vector<Warning> warnings;
  for (const std::string& text : log.warnings())  // the code says where they come from
    warnings.push_back(
        {"discover", text.rfind(kStage, 0) == 0 ? text.substr(kStage.size()) : text});
  append_to_run(directory, "discover", seconds_since(start), warnings);
  return graph;
}

std::optional<FeatureScores> evaluate_features_of(const std::string& directory,
                                                  const std::string& truth_directory) {
  const std::string found = join_path(directory, "features.csv");
  const std::string truth = join_path(truth_directory, "features.csv");
  if (!fs::exists(found) || !fs::exists(truth)) return std::nullopt;
  const Clock::time_point start = Clock::now();
  const Graph learned = read_graph_json(join_path(directory, "learned_graph.json"));
  const std::string network = join_path(truth_directory, "network.json");
  std::optional<Graph> graph;
  if (fs::exists(network)) graph = read_network_graph(network);
  const FeatureScores scores =
      evaluate_features(read_table(found), read_table(truth), &learned, graph ? &*graph : nullptr);
  write_file(join_path(directory, "scores.json"), feature_scores_json(scores));
  append_to_run(directory, "evaluate", seconds_since(start));
  return scores;
}

Scores evaluate_run(const std::string& directory, const std::string& truth_directory) {
  const Clock::time_point start = Clock::now();
  const auto read = [](const std::string& path) {
    Table table = read_table(path);
    table.name = path;  // for messages
    return table;
  };
  const Table estimate = read(join_path(directory, "latents.csv"));
  const Table truth = read(join_path(truth_directory, "latents.csv"));
  const Graph learned = read_graph_json(join_path(directory, "learned_graph.json"));
  const Graph truth_graph = read_edges_csv(join_path(truth_directory, "edges.csv"));
  const std::string method = read_run_json(directory).at("method").at("name");
  const bool comparable = learns_graph(method) && joins_latents(truth_graph, truth);
  std::vector<Table> others;
  for (int k = 1;; ++k) {
    const std::string path = join_path(directory, fmt::format("replicates/{}/latents.csv", k));
    if (!fs::exists(path)) break;
    others.push_back(read(path));
  }
  const Scores scores =
      evaluate(estimate, truth, comparable ? &learned : nullptr, &truth_graph, 0, others);
  write_scores(directory, scores);
  append_to_run(directory, "evaluate", seconds_since(start));
  return scores;
}

}  // namespace polycause::cli
