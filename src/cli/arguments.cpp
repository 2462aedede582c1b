#include "cli/arguments.h"

#include <fmt/format.h>

#include <charconv>

#include "data/study_file.h"
#include "polycause/error.h"

namespace polycause::cli {

std::string seed_text(const std::string& text) {
  std::int64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, code] = std::from_chars(text.data(), end, seed);
  if (code == std::errc() && parsed == end && seed >= 0) return "";
  return fmt::format("found '{}'; expected a whole number 0 .. {}", text, kNoLimit);
}

void add_study_options(CLI::App& command, StudyArguments& arguments) {
  command.add_option("study", arguments.study, "The study file (TOML)")
      ->required()
      ->option_text("STUDY.toml");
  command.add_option("--root", arguments.root, "Directory that the study's paths are relative to")
      ->option_text("DIR  (default: where the study file lies)");
  add_set_option(command, arguments.sets, "");
}

void add_fit_options(CLI::App& command, FitArguments& arguments) {
  add_study_options(command, arguments.study);
  command.add_option("--out", arguments.out, "Run folder to write; must be new or empty")
      ->required()
      ->option_text("RUN");
  command.add_option("--seed", arguments.seed, "Seed of all random numbers (default 0)")
      ->check(seed_text)
      ->option_text("N");
  command.add_option("--restarts", arguments.restarts, "Independent repetitions kept as evidence")
      ->option_text("R");
  command.add_option("--threads", arguments.threads, "Threads; the result does not depend on them")
      ->check(CLI::Range(0, 4096))
      ->option_text("T  (default: all cores)");
  command.add_option("--device", arguments.device, "Only 'cpu' in this version")
      ->option_text("cpu");
  command.add_flag("--resume", arguments.resume, "Go on with an interrupted run in RUN");
  add_force_flag(command, arguments.force);
  add_json_flag(command, arguments.json);
}

void add_set_option(CLI::App& command, std::vector<std::string>& sets, const std::string& section) {
  const std::string listing = section.empty() ? "" : " " + section;
  command
      .add_option("--set", sets,
                  "Change one setting; repeats; see 'polycause config" + listing + "'")
      ->allow_extra_args(false)
      ->option_text("KEY=VALUE");
}

void add_json_flag(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "Print the result as JSON");
}

void add_force_flag(CLI::App& command, bool& force) {
  command.add_flag("--force", force, "Write into a directory that is not empty");
}

VisitSettings Settings::visit() {
  return [this](SettingsVisitor& visitor) {
    visit_settings(study, visitor);
    visit_settings(fit, visitor);
    visit_settings(discover, visitor);
  };
}

Settings read_settings(const StudyArguments& arguments) {
  Settings settings;
  settings.study = read_study_spec(arguments.study, arguments.root);
  apply_study_settings(arguments.study, {"method", "train", "discover"}, settings.visit());
  apply_sets(settings.visit(), arguments.sets);
  return settings;
}

Settings read_settings(const FitArguments& arguments) {
  if (arguments.device != "cpu") {
    throw ConfigError(
        fmt::format("--device: found '{}'; this version computes on 'cpu' only; leave "
                    "the option out",
                    arguments.device));
  }
  if (arguments.resume && arguments.force) {
    throw ConfigError(
        "--resume: found with --force; the one keeps what the other overwrites; give one");
  }
  Settings settings = read_settings(arguments.study);
  if (arguments.seed) settings.fit.seed = *arguments.seed;
  if (arguments.restarts) {
    apply_setting(settings.visit(), "train.restarts", fmt::format("{}", *arguments.restarts),
                  "--restarts");
  }
  if (arguments.threads) settings.fit.threads = settings.discover.threads = *arguments.threads;
  return settings;
}

void apply_sets(const VisitSettings& visit, const std::vector<std::string>& sets) {
  for (const std::string& text : sets) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError(
          fmt::format("--set: found '{}'; expected key=value, for example "
                      "--set train.batch=512",
                      text));
    }
    apply_setting(visit, text.substr(0, equals), text.substr(equals + 1), "--set");
  }
}

}  // namespace polycause::cli
