#include "cli/figure6.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/pipeline.h"
#include "polycause/report.h"
#include "polycause/simulate.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

struct Options {
  SimulateOptions simulation;
  FitArguments fit;
};

Options options_of(const ReproduceArguments& arguments) {
  // Spearman: latents are identified up to monotone maps, and the mixed test of PC takes minutes.
  std::vector<std::string> sets = {"simulate.nights=3", "simulate.tables=covariates",
                                   "simulate.recordings=npy", "train.restarts=1",
                                   "discover.test=spearman"};
  if (arguments.quick) {
    sets.insert(sets.end(), {"simulate.participants=200", "simulate.minutes=60",
                             "simulate.picture_size=16", "train.network_epochs=1", "train.starts=1",
                             "train.start_epochs=1", "train.branches=1", "train.branch_epochs=1"});
  }
  if (arguments.participants)
    sets.push_back(fmt::format("simulate.participants={}", *arguments.participants));
  sets.insert(sets.end(), arguments.sets.begin(), arguments.sets.end());

  Options options;
  options.simulation = simulation_preset("cohort");
  options.fit.out = join_path(arguments.out, "run");
  options.fit.study.study = join_path(arguments.out, "study/study.toml");
  options.fit.seed = arguments.seed;
  options.fit.threads = arguments.threads;
  for (const std::string& set : sets) {
    const bool of_the_data = set.rfind("simulate.", 0) == 0;
    if (!of_the_data) options.fit.study.sets.push_back(set);
    if (of_the_data)
      apply_sets([&](SettingsVisitor& v) { visit_settings(options.simulation, v); }, {set});
  }
  return options;
}

void simulate_once(const ReproduceArguments& arguments, const SimulateOptions& options,
                   Terminal& terminal) {
  const std::string folder = join_path(arguments.out, "study");
  if (fs::exists(join_path(folder, "study.toml"))) return;  // written last
  terminal.info(fmt::format("simulate: cohort of {}", options.participants));
  fs::remove_all(folder);
  write_simulation(simulate("cohort", options, arguments.seed), folder, true,
                   arguments.threads.value_or(0));
}

/// A run folder without settings was left by a process that ended while it made it.
FitArguments resumed(FitArguments fit) {
  if (!fs::exists(join_path(fit.out, "config.toml"))) fs::remove_all(fit.out);
  fit.resume = true;
  return fit;
}

/// Latents, columns and covariates with all their edges.
Graph read_truth(const std::string& folder) {
  Graph whole;
  std::map<std::string, std::size_t> place;
  for (const char* name :
       {"edges.csv", "hidden_edges.csv", "column_edges.csv", "covariate_edges.csv"}) {
    const Graph part = read_edges_csv(join_path(folder, name));
    const auto index = [&](std::size_t node) {
      const auto [entry, fresh] = place.emplace(part.nodes[node].id, whole.nodes.size());
      if (fresh) whole.nodes.push_back(part.nodes[node]);
      return entry->second;
    };
    for (Edge edge : part.edges) {
      edge.source = index(edge.source);
      edge.target = index(edge.target);
      whole.edges.push_back(edge);
    }
  }
  return whole;
}

Table with_covariates(const Table& latents, const Study& study) {
  std::vector<Table> tables{latents};
  tables.insert(tables.end(), study.covariates.begin(), study.covariates.end());
  return join(tables);
}

/// Discovery from the true latents: what estimates without error would give.
Graph ceiling(const Table& truth, const FittedStudy& fitted, Terminal& terminal) {
  Knowledge knowledge;
  const auto& tiers = fitted.study.spec.tiers;
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    for (const std::string& name : tiers[i]) knowledge.tier[name] = static_cast<int>(i);
  }
  DiscoverOptions options = fitted.settings.discover;
  options.bootstrap = 0;
  return discover(with_covariates(truth, fitted.study), knowledge, options, &terminal);
}

/// Names of a found graph in those of the truth: an indicator "snoring=often" is its column.
std::map<std::string, std::string> names_in_truth(const Graph& graph, const Scores* scores) {
  std::map<std::string, std::string> names;
  for (const Node& node : graph.nodes) {
    const std::size_t equals = node.id.find('=');
    if (equals != std::string::npos) names[node.id] = node.id.substr(0, equals);
  }
  if (scores == nullptr) return names;
  for (const LatentScore& latent : scores->latents) {
    if (!latent.estimate.empty()) names[latent.estimate] = latent.truth;
  }
  return names;
}

struct Totals {
  std::size_t found = 0, right = 0, truth = 0, with_right = 0, latents = 0;
};

Totals totals_of(const std::vector<Neighbours>& all) {
  Totals totals;
  for (const Neighbours& one : all) {
    totals.found += one.found.size();
    totals.right += one.right.size();
    totals.truth += one.truth.size();
    totals.with_right += one.right.empty() ? 0 : 1;
  }
  totals.latents = all.size();
  return totals;
}

std::string totals_text(const Totals& t) {
  return fmt::format(
      "{} of {} neighbours found are right; {} of {} latents have a right one; {} "
      "of {} true neighbours are missed",
      t.right, t.found, t.with_right, t.latents, t.truth - t.right, t.truth);
}

Json totals_json(const Totals& t) {
  return {{"found", t.found},
          {"right", t.right},
          {"truth", t.truth},
          {"latents", t.latents},
          {"latents_with_a_right_one", t.with_right}};
}

std::string csv_of(const std::vector<Neighbours>& all, const Scores* scores) {
  std::string text = "latent,estimate,spearman,found,truth,right,missed,extra\n";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Neighbours& one = all[i];
    text +=
        fmt::format("{},{},{},{},{},{},{},{}\n", one.node,
                    scores == nullptr ? one.node : scores->latents[i].estimate,
                    scores == nullptr ? 1.0 : scores->latents[i].spearman,
                    fmt::join(one.found, ";"), fmt::join(one.truth, ";"), fmt::join(one.right, ";"),
                    fmt::join(one.missed, ";"), fmt::join(one.extra, ";"));
  }
  return text;
}

/// The edges that touch a latent, as the paper draws them.
Graph around_latents(const Graph& graph) {
  Graph out;
  std::map<std::size_t, std::size_t> place;
  const auto index = [&](std::size_t node) {
    const auto [entry, fresh] = place.emplace(node, out.nodes.size());
    if (fresh) out.nodes.push_back(graph.nodes[node]);
    return entry->second;
  };
  for (Edge edge : graph.edges) {
    const auto latent = [&](std::size_t node) { return graph.nodes[node].type == "latent"; };
    if (!latent(edge.source) && !latent(edge.target)) continue;
    edge.source = index(edge.source);
    edge.target = index(edge.target);
    out.edges.push_back(edge);
  }
  return out;
}

std::string table_text(const std::vector<Neighbours>& all, const Scores& scores) {
  Rows rows{{"latent", "spearman", "right", "missed", "extra", "direct neighbours (extra ones)"}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Neighbours& one = all[i];
    std::string names = fmt::format("{}", fmt::join(one.right, " "));
    if (!one.extra.empty()) names += fmt::format(" ({})", fmt::join(one.extra, " "));
    rows.push_back({one.node, fmt::format("{:.2f}", scores.latents[i].spearman),
                    fmt::format("{}", one.right.size()), fmt::format("{}", one.missed.size()),
                    fmt::format("{}", one.extra.size()), names});
  }
  return aligned(rows);
}

}  // namespace

void check_figure6(const ReproduceArguments& arguments) {
  const Options options = options_of(arguments);
  Settings settings;
  apply_sets(settings.visit(), options.fit.study.sets);
  // Ten people tell whether the settings of the cohort go together.
  SimulateOptions small = options.simulation;
  small.participants = 10;
  simulate("cohort", small, 0);
}

void reproduce_figure6(const ReproduceArguments& arguments, Terminal& terminal) {
  const Options options = options_of(arguments);
  const std::string truth_folder = join_path(arguments.out, "study/truth");
  simulate_once(arguments, options.simulation, terminal);
  const FittedStudy fitted = fit_study(resumed(options.fit), terminal);
  terminal.info("discover: latents and tables");
  const Graph graph = discover_in_run(options.fit.out, fitted, terminal);
  const Scores scores = evaluate_run(options.fit.out, truth_folder);
  write_report(options.fit.out);

  const Table true_latents = read_table(join_path(truth_folder, "latents.csv"));
  const Graph best = ceiling(true_latents, fitted, terminal);
  std::vector<std::string> latents;
  for (const LatentScore& latent : scores.latents) latents.push_back(latent.truth);
  // Columns that the study has no use for are not seen at this stage.
  std::set<std::string> observed(latents.begin(), latents.end());
  const std::map<std::string, std::string> names = names_in_truth(graph, &scores);
  const Graph truth = read_truth(truth_folder);
  for (const Node& node : graph.nodes) {
    const auto entry = names.find(node.id);
    const std::string& id = entry == names.end() ? node.id : entry->second;
    const auto same = [&](const Node& other) { return other.id == id; };
    if (std::any_of(truth.nodes.begin(), truth.nodes.end(), same)) observed.insert(id);
  }
  const Graph stage = observable_neighbours(truth, {observed.begin(), observed.end()});
  const std::vector<Neighbours> all = compare_neighbours(graph, stage, latents, names);
  const std::vector<Neighbours> at_best =
      compare_neighbours(best, stage, latents, names_in_truth(best, nullptr));

  write_file(join_path(arguments.out, "ceiling.csv"), csv_of(at_best, nullptr));
  write_file(join_path(arguments.out, "graph.svg"), graph_svg(around_latents(graph)));
  write_file(join_path(arguments.out, "fig6.csv"), csv_of(all, &scores));
  std::vector<std::string> changed = arguments.sets;
  if (arguments.participants)
    changed.push_back(fmt::format("simulate.participants={}", *arguments.participants));
  if (arguments.quick) changed.emplace_back("--quick");
  if (arguments.json) {
    Json json{{"participants", fitted.study.participants()},
              {"changed", changed},
              {"mcc_spearman", scores.mcc_spearman},
              {"mcc", scores.mcc},
              {"r2", scores.r2},
              {"neighbours", totals_json(totals_of(all))},
              {"ceiling", totals_json(totals_of(at_best))},
              {"latents", Json::array()}};
    for (std::size_t i = 0; i < all.size(); ++i) {
      json["latents"].push_back({{"latent", all[i].node},
                                 {"estimate", scores.latents[i].estimate},
                                 {"spearman", scores.latents[i].spearman},
                                 {"right", all[i].right},
                                 {"missed", all[i].missed},
                                 {"extra", all[i].extra}});
    }
    print_result(json.dump(2) + "\n");
    return;
  }
  print_result(fmt::format(
      "{}\n{} participants; MCC {:.3f} (rank correlation), {:.3f} (Pearson), R2 {:.3f}\n"
      "estimates:    {}\ntrue latents: {}\n{}\n{}\n",
      table_text(all, scores), fitted.study.participants(), scores.mcc_spearman, scores.mcc,
      scores.r2, totals_text(totals_of(all)), totals_text(totals_of(at_best)),
      changed.empty()
          ? ""
          : fmt::format("Not the figure's own settings: {}.\n", fmt::join(changed, ", ")),
      fmt::format("table: {}, picture: {}, report: {}", join_path(arguments.out, "fig6.csv"),
                  join_path(arguments.out, "graph.svg"),
                  join_path(options.fit.out, "report.html"))));
}

}  // namespace polycause::cli
