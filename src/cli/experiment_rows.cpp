#include "cli/experiment_rows.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "cli/arguments.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/model.h"
#include "polycause/select.h"
#include "polycause/simulate.h"
#include "polycause/version.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Hardly any training: every step of a method, seconds in all.
const std::vector<std::string> kQuickSimulation = {"simulate.participants=300"};
const std::vector<std::string> kQuickFit = {"train.autoencoder_epochs=2",
                                            "train.starts=2",
                                            "train.start_epochs=1",
                                            "train.branches=1",
                                            "train.branch_epochs=1",
                                            "train.network_epochs=1",
                                            "train.epochs=2"};
const std::vector<std::string> kQuickSelect = {"select.epochs=1", "select.splits=2",
                                               "select.widths=false"};

/// Seconds of one core per modality of 10,000 participants, measured on a server of 2020; what is
/// printed before anything has been measured here.
const std::map<std::string, double> kSeconds = {
    {"staged", 10},     {"joint", 20}, {"beta_vae", 9}, {"causal_vae", 14},
    {"contrastive", 8}, {"gcarl", 9},  {"select", 3}};
constexpr double kPictures = 12;  // a modality of pictures beside one of a table

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

std::string file_safe(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    out += plain ? c : '_';
  }
  return out;
}

SimulateOptions simulation_of(const Row& row) {
  SimulateOptions options = simulation_preset(row.simulation);
  apply_sets([&](SettingsVisitor& v) { visit_settings(options, v); }, row.simulation_sets);
  return options;
}

double expected_seconds(const Row& row) {
  const SimulateOptions options = simulation_of(row);
  const auto found = kSeconds.find(row.method);
  const double each = found == kSeconds.end() ? 30 : found->second;
  // The steps of a stage are capped, so that time grows no further.
  const double size = std::min(3.0, static_cast<double>(options.participants) / 10000);
  return 2 + each * static_cast<double>(options.modalities) * size *
                 (row.simulation == "mnist" ? kPictures : 1);
}

/// Settings of the simulation in which the rows of an experiment differ.
std::set<std::string> varied_settings(const Experiment& experiment) {
  std::map<std::string, std::set<std::string>> values;
  for (const ExperimentSetting& setting : experiment.settings) {
    SimulateOptions options = simulation_preset(setting.simulation);
    const auto visit = [&](SettingsVisitor& v) { visit_settings(options, v); };
    apply_sets(visit, setting.sets);
    for (const SettingInfo& info : list_settings(visit)) values[info.key].insert(info.value);
  }
  std::set<std::string> varied;
  for (const auto& [key, different] : values) {
    if (different.size() > 1) varied.insert(key);
  }
  return varied;
}

/// Throws ConfigError where the user sets what the rows of an experiment are about.
void check_varied(const Experiment& experiment, const ReproduceArguments& arguments) {
  const std::set<std::string> varied = varied_settings(experiment);
  std::vector<std::string> keys;
  for (const std::string& set : arguments.sets) keys.push_back(set.substr(0, set.find('=')));
  if (arguments.participants) keys.emplace_back("simulate.participants");
  for (const std::string& key : keys) {
    if (varied.count(key) == 0) continue;
    throw ConfigError(fmt::format(
        "{}: found a value for {}, in which the rows of {} differ; expected none; "
        "leave it out, or simulate and fit that one study",
        key == "simulate.participants" && arguments.participants ? "--participants" : "--set", key,
        experiment.name));
  }
}

/// The sets of the user that concern this row's simulation.
void add_simulation_sets(const ReproduceArguments& arguments, Row& row) {
  if (arguments.quick) {
    row.changed.emplace_back("--quick");
    row.simulation_sets.insert(row.simulation_sets.end(), kQuickSimulation.begin(),
                               kQuickSimulation.end());
  }
  const auto add = [&row](const std::string& set) {
    row.changed.push_back(set);
    row.simulation_sets.push_back(set);
  };
  if (arguments.participants) add(fmt::format("simulate.participants={}", *arguments.participants));
  for (const std::string& set : arguments.sets) {
    if (!starts_with(set, "simulate.")) continue;
    const bool pictures =
        starts_with(set, "simulate.mnist=") || starts_with(set, "simulate.fashion=");
    if (!pictures) {
      add(set);
    } else if (row.simulation == "mnist") {
      row.simulation_sets.push_back(set);  // where the files are, not what is done
    }
  }
}

void add_fit_sets(const Contender& contender, const ReproduceArguments& arguments, Row& row) {
  const bool selects = row.method == "select";
  if (!selects) row.fit_sets = {"train.restarts=1", "method.name=" + row.method};
  row.fit_sets.insert(row.fit_sets.end(), contender.sets.begin(), contender.sets.end());
  if (!row.choice.empty()) row.fit_sets.push_back(row.choice);
  if (arguments.quick) {
    const auto& quick = selects ? kQuickSelect : kQuickFit;
    row.fit_sets.insert(row.fit_sets.end(), quick.begin(), quick.end());
  }
  for (const std::string& set : arguments.sets) {
    if (starts_with(set, "simulate.")) continue;
    if (starts_with(set, "select.") != selects) continue;
    row.fit_sets.push_back(set);
    row.changed.push_back(set);
  }
}

/// Everything that decides the numbers of a row.
Json settings_json(const Row& row) {
  return {{"version", kVersion}, {"simulation", row.simulation},    {"method", row.method},
          {"seed", row.seed},    {"simulate", row.simulation_sets}, {"fit", row.fit_sets}};
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<std::pair<std::string, std::string>> edges_of(
    const Graph& graph, const std::map<std::string, std::string>& names = {}) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto name = [&](std::size_t node) {
    const auto found = names.find(graph.nodes[node].id);
    return found == names.end() ? graph.nodes[node].id : found->second;
  };
  for (const Edge& edge : graph.edges) out.emplace_back(name(edge.source), name(edge.target));
  return out;
}

SelectOptions select_options(const Row& row) {
  SelectOptions options;
  options.widths = false;
  apply_sets([&](SettingsVisitor& v) { visit_settings(options, v); }, row.fit_sets);
  options.seed = row.seed;
  options.threads = 1;
  return options;
}

Settings fit_settings(const Row& row, const std::string& study) {
  Settings settings;
  if (!study.empty()) settings.study = read_study_spec(study);
  apply_sets(settings.visit(), row.fit_sets);
  settings.fit.seed = row.seed;
  settings.fit.threads = 1;
  return settings;
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
double number(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : kNotGiven;
}

}  // namespace

std::vector<Row> plan_rows(const std::vector<Experiment>& all,
                           const ReproduceArguments& arguments) {
  std::vector<Row> rows;
  std::set<std::string> planned;
  const std::int64_t seeds = arguments.seeds.value_or(arguments.quick ? 1 : 5);
  const auto wanted = [&](const Contender& contender) {
    const auto& names = arguments.methods;
    return names.empty() || std::find(names.begin(), names.end(), contender.name) != names.end();
  };
  for (const Experiment& experiment : all) {
    check_varied(experiment, arguments);
    for (const ExperimentSetting& setting : experiment.settings) {
      for (const Contender& contender : experiment.contenders) {
        if (!wanted(contender)) continue;
        const SimulateOptions study = simulation_preset(setting.simulation);
        if (contender.two_modalities && study.modalities != 2) continue;
        if (!contender.shared && study.shared > 0) continue;
        const std::vector<std::string> choices =
            contender.choices.empty() ? std::vector<std::string>{""} : contender.choices;
        for (const std::string& choice : choices) {
          for (std::int64_t s = 0; s < seeds; ++s) {
            Row row;
            row.experiment = experiment.name;
            row.setting = setting.name;
            row.contender = contender.name;
            row.choice = choice;
            row.seed = arguments.seed + static_cast<std::uint64_t>(s);
            row.simulation = setting.simulation;
            row.method = contender.method;
            row.simulation_sets = setting.sets;
            add_simulation_sets(arguments, row);
            add_fit_sets(contender, arguments, row);
            const std::string chosen = choice.substr(choice.find('.') + 1);
            row.key = file_safe(fmt::format("{}.{}{}{}.s{}", setting.name, contender.name,
                                            choice.empty() ? "" : ".", choice.empty() ? "" : chosen,
                                            row.seed));
            if (!planned.insert(row.key).second) continue;
            row.expected_seconds = expected_seconds(row);
            rows.push_back(std::move(row));
          }
        }
      }
    }
  }
  return rows;
}

void check_rows(const std::vector<Row>& rows) {
  std::set<std::string> seen;
  for (const Row& row : rows) {
    Json settings = settings_json(row);
    settings.erase("seed");
    if (!seen.insert(settings.dump()).second) continue;
    row.method == "select" ? void(select_options(row)) : void(fit_settings(row, ""));
    SimulateOptions small = simulation_of(row);
    small.participants = 10;
    simulate(row.simulation, small, 0);
  }
}

namespace {

void select_in_row(const Row& row, const Simulation& simulation, const std::string& folder,
                   Observer& observer, RowResult& result) {
  SelectOptions options = select_options(row);
  options.checkpoint_dir = join_path(folder, "checkpoints");
  const StudySpec spec = read_study_spec(join_path(folder, "study/study.toml"));
  const Study study = load_study(spec, row.seed, &observer);
  for (const LatentSelection& one : select_latents(study, options, &observer)) {
    result.modalities.push_back(one.modality);
    result.chosen.push_back(one.chosen);
    result.true_numbers.push_back(
        std::count_if(simulation.graph.nodes.begin(), simulation.graph.nodes.end(),
                      [&](const Node& node) { return node.modality == one.modality; }));
    std::vector<double>& losses = result.losses.emplace_back();
    for (const LatentCount& count : one.counts) losses.push_back(count.loss);
  }
}

/// The true latents as a covariate table of the study.
Table truth_table(const Simulation& simulation, const Study& study) {
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < simulation.latents.ids.size(); ++i)
    place[simulation.latents.ids[i]] = i;
  Table table;
  table.name = kTruthTable;
  table.ids = study.ids;
  for (const Column& truth : simulation.latents.columns) {
    Column column = truth;
    column.values.clear();
    for (const std::string& id : study.ids) column.values.push_back(truth.values[place.at(id)]);
    table.columns.push_back(std::move(column));
  }
  return table;
}

void fit_in_row(const Row& row, const Simulation& simulation, const std::string& folder,
                Observer& observer, RowResult& result) {
  Settings settings = fit_settings(row, join_path(folder, "study/study.toml"));
  settings.fit.checkpoint_dir = join_path(folder, "checkpoints");
  if (row.simulation == "mnist" && row.method == "staged") {
    for (SourceSpec& modality : settings.study.modalities) modality.network = "streams";
  }
  Study study = load_study(settings.study, row.seed, &observer);
  if (settings.fit.labels == kTruthTable)
    study.covariates.push_back(truth_table(simulation, study));
  const Fit fit = train(study, settings.fit, &observer);
  const Scores scores =
      evaluate(fit.encoding.latents, simulation.latents,
               learns_graph(row.method) ? &fit.learned : nullptr, &simulation.graph);
  result.mcc_spearman = scores.mcc_spearman;
  result.mcc = scores.mcc;
  result.r2 = scores.r2;
  if (scores.shd >= 0) result.shd = static_cast<double>(scores.shd);
  std::map<std::string, std::string> names;
  for (const LatentScore& latent : scores.latents) names[latent.estimate] = latent.truth;
  result.truth = edges_of(simulation.graph);
  result.learned = edges_of(fit.learned, names);
}

}  // namespace

RowResult run_row(const Row& row, const std::string& folder, Observer& observer) {
  const double start = processor_seconds();
  RowResult result;
  const Simulation simulation = simulate(row.simulation, simulation_of(row), row.seed);
  const std::string study_folder = join_path(folder, "study");
  fs::remove_all(study_folder);
  write_simulation(simulation, study_folder, true, 1);
  make_directory(join_path(folder, "checkpoints"));
  (row.method == "select" ? select_in_row : fit_in_row)(row, simulation, folder, observer, result);
  result.seconds = processor_seconds() - start;
  return result;
}

void write_row(const std::string& path, const Row& row, const RowResult& result) {
  Json json{{"settings", settings_json(row)},
            {"error", result.error},
            {"mcc_spearman", number(result.mcc_spearman)},
            {"mcc", number(result.mcc)},
            {"r2", number(result.r2)},
            {"shd", number(result.shd)},
            {"seconds", number(result.seconds)},
            {"truth", result.truth},
            {"learned", result.learned}};
  if (!result.modalities.empty()) {
    json["modalities"] = result.modalities;
    json["losses"] = result.losses;
    json["chosen"] = result.chosen;
    json["true_numbers"] = result.true_numbers;
  }
  write_file(path, json.dump(1) + "\n");
}

std::optional<RowResult> read_row(const std::string& path, const Row& row) {
  if (!fs::exists(path)) return std::nullopt;
  const Json json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object() || !json.contains("settings") || json["settings"] != settings_json(row))
    return std::nullopt;
  try {
    RowResult result;
    result.error = json.at("error").get<std::string>();
    result.mcc_spearman = number(json, "mcc_spearman");
    result.mcc = number(json, "mcc");
    result.r2 = number(json, "r2");
    result.shd = number(json, "shd");
    result.seconds = number(json, "seconds");
    json.at("truth").get_to(result.truth);
    json.at("learned").get_to(result.learned);
    if (json.contains("modalities")) {
      json.at("modalities").get_to(result.modalities);
      json.at("losses").get_to(result.losses);
      json.at("chosen").get_to(result.chosen);
      json.at("true_numbers").get_to(result.true_numbers);
    }
    return result;
  } catch (const Json::exception&) {
    return std::nullopt;  // damaged: computed again
  }
}

}  // namespace polycause::cli
