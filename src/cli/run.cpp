#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/pipeline.h"
#include "cli/summary.h"
#include "polycause/report.h"

namespace polycause::cli {
namespace {

/// The truth that `simulate` writes beside a study, or nothing.
std::optional<std::string> truth_beside(const std::string& study) {
  const std::string truth = (std::filesystem::path(study).parent_path() / "truth").string();
  if (!std::filesystem::is_directory(truth)) return std::nullopt;
  return truth;
}

/// Without the edges among covariates, which a reader knows already.
Graph edges_of_latents(const Graph& graph) {
  Graph out;
  out.nodes = graph.nodes;
  for (const Edge& edge : graph.edges) {
    const auto latent = [&](std::size_t node) { return graph.nodes[node].type == "latent"; };
    if (latent(edge.source) || latent(edge.target)) out.edges.push_back(edge);
  }
  return out;
}

void run_all(const FitArguments& arguments, Terminal& terminal) {
  const FittedStudy fitted = fit_study(arguments, terminal);
  const Graph graph = discover_in_run(arguments.out, fitted, terminal);
  std::optional<Scores> scores;
  std::optional<FeatureScores> features;
  if (const auto truth = truth_beside(arguments.study.study)) {
    terminal.info("evaluate: against " + *truth);
    features = evaluate_features_of(arguments.out, *truth);
    if (!features && !fitted.fit.features) scores = evaluate_run(arguments.out, *truth);
  }
  write_report(arguments.out);
  const std::string report = join_path(arguments.out, "report.html");

  if (arguments.json) {
    nlohmann::ordered_json json = fit_json(fitted.study, fitted.fit);
    json["discovered_edges"] = graph.edges.size();
    if (scores) json["scores"] = nlohmann::ordered_json::parse(scores_json(*scores));
    if (features) json["scores"] = nlohmann::ordered_json::parse(feature_scores_json(*features));
    json["report"] = report;
    print_result(json.dump(2) + "\n");
    return;
  }
  std::string text = fit_text(fitted.study, fitted.fit);
  const Graph touching = edges_of_latents(graph);
  text += fmt::format(
      "\nDiscovered among latents and covariates: {} edges, {} with a latent; the strongest of "
      "these\n{}",
      graph.edges.size(), touching.edges.size(),
      edge_lines(touching, 20, fitted.study.participants()));
  if (features) text += "\n" + feature_scores_text(*features);
  if (scores) text += "\n" + scores_text(*scores);
  print_result(text + "\nreport: " + report + "\n");
}

}  // namespace

void add_run(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = program.add_subcommand(
      "run", "fit, discover over latents and covariates, evaluate when the truth is known, report");
  add_fit_options(*command, *arguments);
  command->footer(
      "Scores are computed when a directory truth/ lies beside the study.\n"
      "Example:\n"
      "  polycause run cohort/study.toml --out cohort-run --seed 1");
  command->callback([arguments, &terminal] { run_all(*arguments, terminal); });
}

}  // namespace polycause::cli
