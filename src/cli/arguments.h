// Options that several subcommands share, and the settings that come of them: defaults, then the
// sections of study.toml, then --set, then options of their own such as --seed.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/settings.h"
#include "polycause/discover.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause::cli {

struct StudyArguments {
  std::string study;
  std::string root;
  std::vector<std::string> sets;
};

struct FitArguments {
  StudyArguments study;
  std::string out;
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> restarts;
  std::optional<std::int64_t> threads;
  std::string device = "cpu";
  bool resume = false;
  bool force = false;
  bool json = false;
};

/// Check of a --seed: "" when `text` is one, otherwise what is wrong.
std::string seed_text(const std::string& text);

void add_study_options(CLI::App& command, StudyArguments& arguments);
void add_fit_options(CLI::App& command, FitArguments& arguments);
/// --set; `section` of 'polycause config' that the help points to, "" = all.
void add_set_option(CLI::App& command, std::vector<std::string>& sets, const std::string& section);
void add_json_flag(CLI::App& command, bool& json);
void add_force_flag(CLI::App& command, bool& force);

/// Everything that can be set for a study.
struct Settings {
  StudySpec study;
  FitOptions fit;
  DiscoverOptions discover;

  VisitSettings visit();  ///< refers to this object
};

/// Throws ConfigError: unknown key, value out of range.
Settings read_settings(const StudyArguments& arguments);
Settings read_settings(const FitArguments& arguments);

/// Applies "key=value" texts, as after --set.
void apply_sets(const VisitSettings& visit, const std::vector<std::string>& sets);

}  // namespace polycause::cli
