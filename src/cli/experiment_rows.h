// Rows of an experiment: one study, one method, one seed. Planning them, running one, its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/experiments.h"
#include "cli/reproduce.h"
#include "polycause/observer.h"

namespace polycause::cli {

struct Row {
  std::string key;         ///< names its file: "case1.beta_vae.beta_0.1.s3"
  std::string experiment;  ///< the first that asks for it
  std::string setting;
  std::string contender;
  std::string choice;  ///< "" or "method.beta=0.1"
  std::uint64_t seed = 0;
  std::string simulation;
  std::string method;
  std::vector<std::string> simulation_sets;
  std::vector<std::string> fit_sets;
  /// What the user changed of this row's settings: "train.batch=64", "--quick".
  std::vector<std::string> changed;
  double expected_seconds = 0;  ///< of one core, before anything was measured
};

/// What a row leaves. Scores are NaN where they do not exist.
struct RowResult {
  std::string error;  ///< "" = it succeeded
  double mcc_spearman = kNotGiven;
  double mcc = kNotGiven;
  double r2 = kNotGiven;
  double shd = kNotGiven;
  double seconds = 0;                                        ///< processor time
  std::vector<std::pair<std::string, std::string>> truth;    ///< edges
  std::vector<std::pair<std::string, std::string>> learned;  ///< in the names of the truth
  /// select: per modality the held-out loss of 0, 1, 2 ... latents (nat), and the number chosen.
  std::vector<std::string> modalities;
  std::vector<std::vector<double>> losses;
  std::vector<std::int64_t> chosen;
  std::vector<std::int64_t> true_numbers;
};

/// Rows of the experiments, each study-method-seed once.
std::vector<Row> plan_rows(const std::vector<Experiment>& all, const ReproduceArguments& arguments);

/// Throws ConfigError for settings that do not exist or cannot be, before anything is computed.
void check_rows(const std::vector<Row>& rows);

/// Simulates, fits and scores in `folder`, which is the row's own; what an interrupted call left
/// there is used.
RowResult run_row(const Row& row, const std::string& folder, Observer& observer);

/// The file of a row: settings and result. `read_row` gives nothing when there is no file, or that
/// of other settings or another version of the program.
void write_row(const std::string& path, const Row& row, const RowResult& result);
std::optional<RowResult> read_row(const std::string& path, const Row& row);

}  // namespace polycause::cli
