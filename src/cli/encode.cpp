#include <fmt/format.h>

#include <memory>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "data/visits.h"
#include "methods/model_impl.h"
#include "polycause/anndata.h"
#include "polycause/error.h"
#include "polycause/model.h"

namespace polycause::cli {
namespace {

struct EncodeArguments {
  std::string run;
  std::string study;
  std::string root;
  std::string out;
  std::string predicted;
  std::string features;
  bool force = false;
};

/// Columns in which the new participants are nothing like those of the fit.
void warn_of_units(const Model& model, const Study& study, Terminal& terminal) {
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    const Modality& modality = study.modalities[m];
    if (modality.kind != "tabular") continue;
    for (const TableEncoding::Unlike& one : model.impl().encodings.at(m).unlike(modality.table)) {
      terminal.warning(
          fmt::format("{}.{}: {} of {} participants lie far outside of what the model was fitted "
                      "to, where half "
                      "of all lay between {:.3g} and {:.3g}; are the units the same?",
                      modality.name, one.column, one.far, one.present, one.low, one.high));
    }
  }
}

std::string rows_text(const Study& study) {
  std::string text;
  for (const TableAccount& table : study.tables) {
    std::vector<std::string> reasons;
    for (const auto& [reason, count] : table.dropped)
      reasons.push_back(fmt::format("{} {}", count, reason));
    text += fmt::format("  {}: {} of {} rows{}{}\n", table.table, table.kept, table.rows,
                        reasons.empty() ? "" : "; not used: ", fmt::join(reasons, "; "));
  }
  return text;
}

void run_encode(const EncodeArguments& arguments, Terminal& terminal) {
  require_new_file(arguments.out, arguments.force);
  if (!arguments.predicted.empty()) require_new_file(arguments.predicted, arguments.force);
  if (!arguments.features.empty()) require_new_file(arguments.features, arguments.force);
  const Model model = Model::load(join_path(arguments.run, "model"));
  const StudySpec spec = read_study_spec(arguments.study, arguments.root);
  const bool annotated = is_anndata_name(arguments.out);
  const Study study = load_study_like(spec, model.modalities(), &terminal, annotated);
  for (const std::string& warning : study.warnings) terminal.warning(warning);
  warn_of_units(model, study, terminal);
  const Encoding encoding = encode(model, study);
  if (!arguments.predicted.empty() && encoding.predicted.columns.empty()) {
    throw ConfigError(
        "--predicted: the model's latents belong to all modalities together; expected latents of "
        "single ones, which the others predict; leave the option out");
  }
  if (!arguments.features.empty() && encoding.features.columns.empty()) {
    throw ConfigError(
        "--features: the model has no discrete features; expected one of method 'pima'; leave the "
        "option out");
  }
  if (annotated) {
    write_anndata(arguments.out, encoding.latents, study.covariates);
  } else {
    write_file(arguments.out, table_csv(encoding.latents, "sample_id", 9));
  }
  if (!arguments.predicted.empty())
    write_file(arguments.predicted, table_csv(encoding.predicted, "sample_id", 9));
  if (!arguments.features.empty())
    write_file(arguments.features, table_csv(encoding.features, "sample_id", 9));
  print_result(fmt::format("{}: {}, {} latents\n{}", arguments.out, whom(study),
                           encoding.latents.columns.size(), rows_text(study)));
}

}  // namespace

void add_encode(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<EncodeArguments>();
  CLI::App* command =
      program.add_subcommand("encode", "Latents of new participants with a fitted model");
  command->add_option("run", arguments->run, "Run folder of the fit")
      ->required()
      ->option_text("RUN");
  command->add_option("--study", arguments->study, "Study file with the same modalities")
      ->required()
      ->option_text("STUDY.toml");
  command->add_option("--root", arguments->root, "Directory that the study's paths are relative to")
      ->option_text("DIR");
  command
      ->add_option("--out", arguments->out,
                   "File to write: .csv, or .h5ad or .h5mu with the study's covariates")
      ->required()
      ->option_text("FILE");
  command
      ->add_option("--predicted", arguments->predicted,
                   "CSV file for the latents as the other modalities predict them")
      ->option_text("FILE.csv");
  command
      ->add_option("--features", arguments->features,
                   "CSV file for the discrete features of a model of method pima")
      ->option_text("FILE.csv");
  add_force_flag(*command, arguments->force);
  command->footer(
      "Example:\n"
      "  polycause encode cohort-fit --study new/study.toml --out new-latents.csv\n"
      "  polycause encode cohort-fit --study new/study.toml --out new-latents.h5ad");
  command->callback([arguments, &terminal] { run_encode(*arguments, terminal); });
}

}  // namespace polycause::cli
