#include "data/study_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "data/windows.h"
#include "polycause/error.h"

namespace polycause {

void check_windows(const StudySpec& spec) {
  const SourceSpec* cut = nullptr;
  const SourceSpec* whole = nullptr;
  for (const SourceSpec& source : spec.modalities) {
    if (source.kind != "series") continue;
    if (!cuts_windows(source.block)) {
      whole = &source;
      continue;
    }
    if (cut == nullptr) cut = &source;
    const BlockSpec& a = cut->block;
    const BlockSpec& b = source.block;
    if (std::tie(a.window, a.from, a.to) == std::tie(b.window, b.from, b.to)) continue;
    throw ConfigError(fmt::format(
        "{}: '{}' and '{}' have other windows; expected the same window, from and to, since "
        "their windows are the rows of the study",
        spec.path, cut->name, source.name));
  }
  if (cut == nullptr) {
    if (std::none_of(spec.covariates.begin(), spec.covariates.end(),
                     [](const SourceSpec& source) { return source.kind == "windows"; }))
      return;
    throw ConfigError(spec.path +
                      ": covariates of kind \"windows\" without windows; expected window = "
                      "\"...\" in a modality of series; add it, or remove the covariates");
  }
  if (whole != nullptr) {
    throw ConfigError(
        fmt::format("{}: '{}' is cut into windows and '{}' is not; expected the same window in all "
                    "recordings, since windows are the rows of the study",
                    spec.path, cut->name, whole->name));
  }
  if (spec.visit == "rows") {
    throw ConfigError(
        fmt::format("{}: visit = \"rows\" beside window = \"{}\"; expected one of them, since "
                    "either says what a row is",
                    spec.path, cut->block.window));
  }
}

std::string SharedSpec::name() const {
  return fmt::format("shared.{}", fmt::join(modalities, "+"));
}

void check_latents(const StudySpec& spec) {
  for (const SourceSpec& source : spec.modalities) {
    if (source.name == "shared" && !spec.shared.empty()) {
      throw ConfigError(spec.path +
                        ": a modality is called 'shared'; expected another name, since shared "
                        "latents are called shared.<a>+<b>.z1");
    }
    const bool shows =
        std::any_of(spec.shared.begin(), spec.shared.end(), [&](const SharedSpec& shared) {
          return std::find(shared.modalities.begin(), shared.modalities.end(), source.name) !=
                 shared.modalities.end();
        });
    if (shows && source.network == "streams") {
      throw ConfigError(fmt::format(
          "{}: '{}' has network = \"streams\" and shared latents; expected another network, since "
          "the streams have two outputs of their own; remove it from [[shared]], or set network",
          spec.path, source.name));
    }
    if (source.latents > 0 || shows || source.private_dims > 0) continue;
    throw ConfigError(
        fmt::format("{}: '{}' has neither latents nor shared ones{}; expected some; set latents{}",
                    spec.path, source.name, source.kind == "tabular" ? " nor private parts" : "",
                    source.kind == "tabular" ? ", or private" : ""));
  }
  for (std::size_t a = 0; a < spec.shared.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (spec.shared[a].modalities != spec.shared[b].modalities) continue;
      throw ConfigError(fmt::format(
          "{}: two [[shared]] of the same modalities, {}; expected one with all their latents",
          spec.path, fmt::join(spec.shared[a].modalities, ", ")));
    }
  }
}

}  // namespace polycause
