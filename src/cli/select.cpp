#include "polycause/select.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "polycause/error.h"
#include "report/chart.h"
#include "report/csv.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Stands in the folder and says what the selection was begun with.
constexpr const char* kSelectFile = "select.toml";

struct SelectArguments {
  StudyArguments study;
  std::string latents = "1..5";
  std::string modality;
  std::string out;
  std::uint64_t seed = 0;
  std::optional<std::int64_t> threads;
  bool json = false;
};

/// "1..5" or "3" -> lowest and highest; false when it is neither.
bool parse_range(const std::string& text, std::int64_t& lowest, std::int64_t& highest) {
  const std::size_t dots = text.find("..");
  const auto number = [](const std::string& part, std::int64_t& value) {
    const char* end = part.data() + part.size();
    const auto [parsed, code] = std::from_chars(part.data(), end, value);
    return code == std::errc() && parsed == end && value >= 1 && value <= 1000;
  };
  if (dots == std::string::npos) {
    lowest = 1;
    return number(text, highest);
  }
  return number(text.substr(0, dots), lowest) && number(text.substr(dots + 2), highest) &&
         lowest <= highest;
}

std::string range_text(const std::string& text) {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  if (parse_range(text, lowest, highest)) return "";
  return fmt::format("found '{}'; expected a range such as 1..5", text);
}

/// The settings of the study and those of the selection.
struct Prepared {
  Settings settings;
  SelectOptions options;
};

Prepared prepared(const SelectArguments& arguments) {
  Prepared p;
  StudyArguments of_study = arguments.study;
  of_study.sets.clear();
  std::vector<std::string> of_selection;
  for (const std::string& set : arguments.study.sets)
    (set.rfind("select.", 0) == 0 ? of_selection : of_study.sets).push_back(set);
  p.settings = read_settings(of_study);
  apply_sets([&](SettingsVisitor& v) { visit_settings(p.options, v); }, of_selection);
  parse_range(arguments.latents, p.options.lowest, p.options.highest);
  p.options.modality = arguments.modality;
  p.options.seed = arguments.seed;
  p.options.threads = arguments.threads.value_or(0);
  return p;
}

/// What decides the result; a folder goes on only with the same.
std::string settings_text(const SelectArguments& arguments, Prepared& p) {
  return fmt::format("study = \"{}\"\nlatents = \"{}\"\nmodality = \"{}\"\nseed = {}\n{}",
                     fs::path(arguments.study.study).filename().string(), arguments.latents,
                     arguments.modality, arguments.seed, settings_toml([&](SettingsVisitor& v) {
                       visit_settings(p.settings.study, v);
                       visit_settings(p.options, v);
                       if (p.settings.fit.method == "pima") visit_settings(p.settings.fit, v);
                     }));
}

std::string counts_csv(const std::vector<LatentSelection>& all) {
  std::string text = "modality,latents,loss,loss_error,gain,gain_error,linear_gain,splits,chosen\n";
  for (const LatentSelection& one : all) {
    for (const LatentCount& count : one.counts) {
      const auto votes = std::count(one.by_split.begin(), one.by_split.end(), count.latents);
      text +=
          fmt::format("{},{},{},{},{},{},{},{},{}\n", csv_cell(one.modality), count.latents,
                      csv_number(count.loss), csv_number(count.loss_error), csv_number(count.gain),
                      csv_number(count.gain_error), csv_number(count.linear_gain), votes,
                      count.latents == one.chosen ? "yes" : "no");
    }
  }
  return text;
}

std::string widths_csv(const std::vector<LatentSelection>& all) {
  std::string text = "modality,width,r2,smallest_sufficient\n";
  for (const LatentSelection& one : all) {
    for (const CodeWidth& width : one.widths) {
      text += fmt::format("{},{},{},{}\n", csv_cell(one.modality), width.width,
                          csv_number(width.r2), width.width == one.width ? "yes" : "no");
    }
  }
  return text;
}

/// Held-out loss below that of no latent, as Figure 8(a) draws it; the choice as a diamond.
std::string curves_svg(const std::vector<LatentSelection>& all) {
  Chart chart;
  chart.title = "Held-out loss of predicting the other modalities";
  chart.x_label = "latents";
  chart.y_label = "nat, 0 latents = 0";
  ChartSeries chosen{"chosen", ChartStyle::kDiamonds, 6, {}};
  for (std::size_t s = 0; s < all.size(); ++s) {
    ChartSeries series{all[s].modality, ChartStyle::kLine, s, {}};
    const double base = all[s].counts.front().loss;
    for (const LatentCount& count : all[s].counts) {
      const ChartPoint point{static_cast<double>(count.latents), count.loss - base,
                             count.gain_error};
      series.points.push_back(point);
      if (count.latents == all[s].chosen) chosen.points.push_back({point.x, point.y, 0});
    }
    chart.series.push_back(std::move(series));
  }
  chart.series.push_back(std::move(chosen));
  return chart_svg(chart);
}

/// "4 of 5 splits; the last adds 0.34 ± 0.03 nat, one more 0.00 ± 0.00"
std::string certainty(const LatentSelection& one) {
  std::string text = fmt::format("{} of {} splits",
                                 std::count(one.by_split.begin(), one.by_split.end(), one.chosen),
                                 one.by_split.size());
  for (std::size_t k = 1; k < one.counts.size(); ++k) {
    const LatentCount& count = one.counts[k];
    if (count.latents == one.chosen)
      text += fmt::format("; the last adds {:.3f} ± {:.3f} nat", count.gain, count.gain_error);
    if (one.counts[k - 1].latents == one.chosen)
      text += fmt::format("; one more {:.3f} ± {:.3f}", count.gain, count.gain_error);
  }
  return text;
}

std::string advice(const LatentSelection& one) {
  std::string text = fmt::format("{}: latents = {}", one.modality, one.chosen);
  if (one.width > one.chosen)
    text += fmt::format(", private = {} (a code of {} reconstructs it)", one.width - one.chosen,
                        one.width);
  text += "\n    " + certainty(one) + "\n";
  if (one.at_limit) text += "    the highest number tried; try more with --latents\n";
  if (one.chosen == one.possible)
    text += "    as many as there are independent components; more cannot be tried\n";
  if (one.chosen > 1 && one.counts[1].latents == one.chosen)
    text += "    the lowest number tried; try fewer with --latents\n";
  if (one.chosen == 0) text += "    the other modalities say nothing about it; leave it out\n";
  return text;
}

Json selection_json(const LatentSelection& one) {
  Json json{{"modality", one.modality}, {"latents", one.chosen},    {"agreement", one.agreement()},
            {"at_limit", one.at_limit}, {"by_split", one.by_split}, {"width", one.width},
            {"counts", Json::array()},  {"widths", Json::array()}};
  for (const LatentCount& c : one.counts) {
    json["counts"].push_back({{"latents", c.latents},
                              {"loss", c.loss},
                              {"loss_error", c.loss_error},
                              {"gain", c.gain},
                              {"gain_error", c.gain_error},
                              {"linear_gain", c.linear_gain}});
  }
  for (const CodeWidth& w : one.widths)
    json["widths"].push_back({{"width", w.width}, {"r2", w.r2}});
  return json;
}

std::string result_text(const std::vector<LatentSelection>& all, const std::string& out) {
  std::vector<std::vector<std::string>> cells{
      {"modality", "latents", "loss", "gain", "±", "linear", "splits", ""}};
  std::string choices;
  for (const LatentSelection& one : all) {
    for (const LatentCount& c : one.counts) {
      const auto votes = std::count(one.by_split.begin(), one.by_split.end(), c.latents);
      const bool first = c.latents == 0;
      cells.push_back({one.modality, fmt::format("{}", c.latents), fmt::format("{:.3f}", c.loss),
                       first ? "" : fmt::format("{:.3f}", c.gain),
                       first ? "" : fmt::format("{:.3f}", c.gain_error),
                       first ? "" : fmt::format("{:.3f}", c.linear_gain), fmt::format("{}", votes),
                       c.latents == one.chosen ? "chosen" : ""});
    }
    choices += advice(one);
  }
  return aligned(cells) + "\n" + choices + fmt::format("\ncurve and tables: {}\n", out);
}

std::string outcomes_text(const FeatureCount& one) {
  return fmt::format("{}", fmt::join(one.outcomes, ","));
}

std::string features_csv(const FeatureSelection& selection) {
  std::string text = "features,outcomes,criterion,likelihood,uncertainty,free,chosen\n";
  for (std::size_t k = 0; k < selection.tried.size(); ++k) {
    const FeatureCount& one = selection.tried[k];
    text +=
        fmt::format("{},{},{},{},{},{},{}\n", one.outcomes.size(), csv_cell(outcomes_text(one)),
                    csv_number(one.criterion), csv_number(one.likelihood),
                    csv_number(one.uncertainty), one.free, k == selection.chosen ? "yes" : "no");
  }
  return text;
}

Json features_json(const FeatureSelection& selection) {
  const FeatureCount& best = selection.tried[selection.chosen];
  Json json{{"nodes", best.outcomes.size()},    {"outcomes", best.outcomes},
            {"dimension", selection.dimension}, {"margin", selection.margin},
            {"at_limit", selection.at_limit},   {"tried", Json::array()}};
  for (const FeatureCount& one : selection.tried) {
    json["tried"].push_back({{"outcomes", one.outcomes},
                             {"criterion", one.criterion},
                             {"likelihood", one.likelihood},
                             {"uncertainty", one.uncertainty},
                             {"free", one.free}});
  }
  return json;
}

std::string features_text(const FeatureSelection& selection, const std::string& out) {
  std::vector<std::vector<std::string>> cells{
      {"features", "outcomes", "criterion", "likelihood", "uncertainty", "numbers", ""}};
  for (std::size_t k = 0; k < selection.tried.size(); ++k) {
    const FeatureCount& one = selection.tried[k];
    cells.push_back({fmt::format("{}", one.outcomes.size()), outcomes_text(one),
                     fmt::format("{:.4f}", one.criterion), fmt::format("{:.4f}", one.likelihood),
                     fmt::format("{:.4f}", one.uncertainty), fmt::format("{}", one.free),
                     k == selection.chosen ? "chosen" : ""});
  }
  const FeatureCount& best = selection.tried[selection.chosen];
  std::string text =
      aligned(cells) + "\n" +
      fmt::format(
          "method.nodes = {}, method.outcomes = \"{}\"\n"
          "    the next best is {:.4f} nat per participant behind; the "
          "latents form a sheet of {:.1f} dimensions\n",
          best.outcomes.size(), outcomes_text(best), selection.margin, selection.dimension);
  if (selection.at_limit)
    text +=
        "    at the limit of what was tried; raise select.features or select.outcomes with --set\n";
  return text + fmt::format("\ntable: {}\n", out);
}

/// What was asked for, with files in `out`; returns what to print.
std::string selected_features(const Study& study, const SelectArguments& arguments,
                              const Prepared& p, OutputDirectory& out, Terminal& terminal) {
  const FeatureSelection selection = select_outcomes(study, p.options, p.settings.fit, &terminal);
  write_file(out.file("select.csv"), features_csv(selection));
  return arguments.json ? features_json(selection).dump(2) + "\n"
                        : features_text(selection, arguments.out);
}

std::string selected_latents(const Study& study, const SelectArguments& arguments,
                             const Prepared& p, OutputDirectory& out, Terminal& terminal) {
  const std::vector<LatentSelection> all = select_latents(study, p.options, &terminal);
  write_file(out.file("select.csv"), counts_csv(all));
  write_file(out.file("widths.csv"), widths_csv(all));
  write_file(out.file("select.svg"), curves_svg(all));
  if (!arguments.json) return result_text(all, arguments.out);
  Json json = Json::array();
  for (const LatentSelection& one : all) json.push_back(selection_json(one));
  return json.dump(2) + "\n";
}

void run_select(const SelectArguments& arguments, Terminal& terminal) {
  Prepared p = prepared(arguments);
  const std::string settings = settings_text(arguments, p);
  OutputDirectory out(arguments.out, begun_with(arguments.out, kSelectFile, settings));
  remove_partial_files(out.path());
  const Study study = load_study(p.settings.study, arguments.seed, &terminal);
  for (const std::string& warning : study.warnings) terminal.warning(warning);
  write_file(out.file(kSelectFile), settings);
  p.options.checkpoint_dir = out.file("checkpoints");
  make_directory(p.options.checkpoint_dir);
  std::string result;
  try {
    result = p.settings.fit.method == "pima" ? selected_features(study, arguments, p, out, terminal)
                                             : selected_latents(study, arguments, p, out, terminal);
  } catch (const Interrupted&) {
    out.keep();
    throw Interrupted(fmt::format(
        "interrupted; finished parts are kept in {}; the same command goes on from there",
        arguments.out));
  }
  out.keep();
  print_result(result);
}

}  // namespace

void add_select(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<SelectArguments>();
  CLI::App* command =
      program.add_subcommand("select", "How many latents, or for pima features and outcomes");
  add_study_options(*command, arguments->study);
  command->add_option("--latents", arguments->latents, "Numbers of latents to try")
      ->check(range_text)
      ->option_text("A..B  (default 1..5)");
  command->add_option("--modality", arguments->modality, "Only this one")
      ->option_text("NAME  (default: every modality in turn)");
  command
      ->add_option("--out", arguments->out,
                   "Directory to write: new, empty, or that of the same command, which goes on")
      ->required()
      ->option_text("DIR");
  command->add_option("--seed", arguments->seed, "Seed of splits and networks")
      ->check(seed_text)
      ->option_text("N  (default 0)");
  command
      ->add_option("--threads", arguments->threads, "Threads; the result does not depend on them")
      ->check(CLI::Range(0, 4096))
      ->option_text("T  (default: all cores)");
  add_json_flag(*command, arguments->json);
  command->footer(
      "Counts how many numbers of a modality help to predict all others on participants held out.\n"
      "'latents' and 'private' in the study file play no part. Writes select.csv, widths.csv and\n"
      "select.svg, a curve as Figure 8(a) of the paper.\n"
      "With method.name = \"pima\": how many discrete features with how many outcomes, by "
      "integrated\n"
      "completed likelihood; --latents and --modality play no part.\n"
      "Example:\n"
      "  polycause select cohort/study.toml --latents 1..6 --out cohort-select");
  command->callback([arguments, &terminal] { run_select(*arguments, terminal); });
}

}  // namespace polycause::cli
