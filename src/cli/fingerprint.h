// config.toml of a run folder: the settings in full and a digest of the data, so that a run that is
// continued can be told from another one.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "polycause/study.h"

namespace polycause::cli {

/// Sixteen hexadecimal digits over what a fit depends on: ids, groups, split, modalities, and the
/// covariates where it takes them as conditions or labels (`labelled`).
std::string study_digest(const Study& study, bool labelled);

/// The text of config.toml.
std::string config_text(const Settings& settings, const Study& study);

/// Two config.toml texts: "" when a fit computes the same with both (threads, places of files and
/// discovery do not matter), otherwise the first pair of lines that differ, for a message.
std::string first_difference(const std::string& a, const std::string& b);

}  // namespace polycause::cli
