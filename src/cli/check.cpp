#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "data/visits.h"
#include "methods/method.h"
#include "methods/pima_problem.h"
#include "methods/problem.h"

namespace polycause::cli {
namespace {

using Json = nlohmann::ordered_json;

std::size_t held_out(const Study& study) {
  std::size_t count = 0;
  for (const bool validation : study.validation) count += validation ? 1 : 0;
  return count;
}

std::size_t holders(const Modality& modality) {
  if (modality.present.empty()) return modality.table.rows();
  return static_cast<std::size_t>(
      std::count(modality.present.begin(), modality.present.end(), true));
}

/// "12 columns", "3 x 64 x 64 pixels", "4 channels x 480 samples at 0.0166667 Hz".
std::string content(const Modality& modality) {
  if (!modality.members.empty())
    return fmt::format("shown by {} modalities", modality.members.size());
  if (!modality.blocks) return fmt::format("{} columns", modality.table.columns.size());
  const BlockShape& shape = modality.blocks->shape();
  const double mebibytes = static_cast<double>(modality.blocks->bytes()) / 1048576.0;
  const std::string cache = fmt::format("{:.1f} MiB in the cache", mebibytes);
  if (shape.kind == "image") {
    return fmt::format("{} {} x {} pixels, {}", shape.channels == 1 ? "grey" : "rgb", shape.height,
                       shape.width, cache);
  }
  return fmt::format("{} channels x {} samples{}, {}", shape.channels, shape.width,
                     shape.rate > 0 ? fmt::format(" at {:.6g} Hz", shape.rate) : "", cache);
}

Json account_json(const Study& study) {
  Json json = {{"study", study.spec.name},      {"participants", study.participants()},
               {"validation", held_out(study)}, {"modalities", Json::array()},
               {"tables", Json::array()},       {"columns", Json::array()},
               {"warnings", study.warnings}};
  for (const Modality& modality : study.modalities) {
    Json one = {{"name", modality.name},
                {"kind", modality.kind},
                {"participants", holders(modality)},
                {"latents", modality.latents},
                {"private", modality.private_dims},
                {"columns", modality.table.columns.size()}};
    if (modality.blocks) {
      const BlockShape& shape = modality.blocks->shape();
      one["shape"] = {shape.channels, shape.height, shape.width};
      one["channels"] = shape.channel_names;
      one["rate"] = shape.rate;
      one["cache_bytes"] = modality.blocks->bytes();
    }
    json["modalities"].push_back(one);
  }
  for (const TableAccount& table : study.tables) {
    Json dropped = Json::object();
    for (const auto& [reason, count] : table.dropped) dropped[reason] = count;
    json["tables"].push_back(
        {{"name", table.table}, {"rows", table.rows}, {"kept", table.kept}, {"dropped", dropped}});
  }
  for (const ColumnAccount& column : study.columns) {
    json["columns"].push_back({{"table", column.table},
                               {"column", column.column},
                               {"type", to_string(column.type)},
                               {"missing", column.missing},
                               {"used", column.used},
                               {"note", column.note}});
  }
  return json;
}

std::string account_text(const Study& study) {
  std::vector<std::vector<std::string>> modalities{
      {"modality", "content", "participants", "latents", "private"}};
  for (const Modality& modality : study.modalities) {
    modalities.push_back({modality.name, content(modality), fmt::format("{}", holders(modality)),
                          fmt::format("{}", modality.latents),
                          fmt::format("{}", modality.private_dims)});
  }
  std::vector<std::vector<std::string>> tables{{"table", "rows", "used", "not used because"}};
  for (const TableAccount& table : study.tables) {
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : table.dropped)
      reasons.push_back(fmt::format("{} {}", count, reason));
    tables.push_back({table.table, fmt::format("{}", table.rows), fmt::format("{}", table.kept),
                      fmt::format("{}", fmt::join(reasons, "; "))});
  }
  std::vector<std::vector<std::string>> columns{
      {"table", "column", "type", "missing", "used", "note"}};
  for (const ColumnAccount& column : study.columns) {
    columns.push_back({column.table, column.column, to_string(column.type),
                       fmt::format("{}", column.missing), column.used ? "yes" : "no", column.note});
  }
  return fmt::format("{}: {}, {} of them held out for validation\n\n{}\n{}\n{}", study.spec.name,
                     whom(study), held_out(study), aligned(modalities), aligned(tables),
                     aligned(columns));
}

/// What a fit would refuse of the study or its settings.
void check_fit(const Study& study, const FitOptions& options) {
  check_settings(options);
  const bool blocks =
      std::any_of(study.modalities.begin(), study.modalities.end(),
                  [](const Modality& modality) { return modality.blocks != nullptr; });
  if (blocks) return;  // would load the networks, which a machine that only checks may lack
  Model model;
  if (options.method == "pima") {
    pima_options(options, problem_of_pima(study, model.impl()));
    return;
  }
  StagedProblem problem = problem_of(study, model.impl());
  method_named(options.method).adapt(study, options, problem, model.impl());
}

}  // namespace

void add_check(CLI::App& program, Terminal& terminal) {
  struct Arguments {
    StudyArguments study;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("check", "Read everything, say what would be used, and stop");
  add_study_options(*command, arguments->study);
  add_json_flag(*command, arguments->json);
  command->footer(
      "Example:\n"
      "  polycause check cohort/study.toml");
  command->callback([arguments, &terminal] {
    const Settings settings = read_settings(arguments->study);
    const Study study = load_study(settings.study, settings.fit.seed, &terminal);
    for (const std::string& warning : study.warnings) terminal.warning(warning);
    print_result(arguments->json ? account_json(study).dump(2) + "\n" : account_text(study));
    check_fit(study, settings.fit);
  });
}

}  // namespace polycause::cli
