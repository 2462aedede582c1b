// The run folder (docs/formats.md): everything that a fit, a discovery and an evaluation leave,
// written whole or not at all, readable by the owner only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "polycause/evaluate.h"
#include "polycause/graph.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause {

inline constexpr int kRunFormat = 1;  ///< of run.json

/// What a run folder says beside the study and the fit.
struct RunHeader {
  std::string config_toml;                              ///< all settings, as settings_toml writes
  std::vector<std::pair<std::string, double>> seconds;  ///< of stages before the fit, e.g. "read"
};

/// Writes config.toml, run.json, latents.csv, private.csv, exogenous.csv, predicted.csv, split.csv,
/// replicates/K/latents.csv, learned_edges.csv, learned_graph.{json,graphml,dot} and relations.csv
/// (the model itself is written by Model::save); traversals of a model that is not empty. Rows
/// follow Study::ids.
void write_fit(const std::string& directory, const Study& study, const Fit& fit,
               const FitOptions& options, const RunHeader& header);

/// edges.csv and graph.{json,graphml,dot,tetrad.txt}; separations.csv and frequencies.csv where the
/// graph holds such.
void write_discovered(const std::string& directory, const Graph& graph);

/// scores.json.
void write_scores(const std::string& directory, const Scores& scores);

/// Adds the time of a later stage, and its warnings, to run.json; a stage run again replaces its
/// time, and a warning already there is not repeated. Throws DataError when run.json is absent or
/// foreign.
void append_to_run(const std::string& directory, const std::string& stage, double seconds,
                   const std::vector<Warning>& warnings = {});

}  // namespace polycause
