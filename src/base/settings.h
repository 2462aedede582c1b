// Reading, changing and listing settings through their one description (polycause/settings.h).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "polycause/settings.h"

namespace polycause {

/// Calls visit_settings of some options with the visitor it is given.
using VisitSettings = std::function<void(SettingsVisitor&)>;

struct SettingInfo {
  std::string key;    ///< "train.batch"
  std::string type;   ///< "bool" | "integer" | "number" | "text"
  std::string value;  ///< current value, as TOML
  std::string range;  ///< ">= 1", "0 .. 1", "additive | general | auto", ""
  std::string meaning;
};

/// All settings in order of description.
std::vector<SettingInfo> list_settings(const VisitSettings& visit);

/// Sets one key from text as after `--set key=value`. `where` begins the message, e.g. "--set" or
/// "study.toml:12". Throws ConfigError: unknown key (with the nearest), wrong type, out of range.
void apply_setting(const VisitSettings& visit, const std::string& key, const std::string& value,
                   const std::string& where);

/// TOML text of all settings, grouped in [sections], meaning as a comment.
std::string settings_toml(const VisitSettings& visit);

/// The candidate nearest to `text` by edit distance, "" when none is near.
std::string nearest(const std::string& text, const std::vector<std::string>& candidates);

}  // namespace polycause
