// study.toml: which files make up a study, and the settings of the later stages.
#pragma once

#include <string>
#include <vector>

#include "base/settings.h"
#include "polycause/study.h"

namespace polycause {

/// Applies every key of the named sections ("method", "train", "discover", ...) of a study file to
/// some options; `discover.tiers` is skipped, since read_study_spec returns it. Throws ConfigError
/// with file and line for unknown keys, wrong types and values out of range.
void apply_study_settings(const std::string& path, const std::vector<std::string>& sections,
                          const VisitSettings& visit);

/// The sections that read_study_spec leaves to others.
const std::vector<std::string>& settings_sections();

}  // namespace polycause
