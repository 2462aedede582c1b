// Finished rows of an experiment as lines of its table: means over seeds, the paper's beside them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/experiment_rows.h"

namespace polycause::cli {

/// Of the finite values among those given; NaN where there is none (sd: fewer than two).
struct Statistic {
  std::size_t count = 0;
  double mean = kNotGiven;
  double sd = kNotGiven;  ///< of a sample, n - 1
  double least = kNotGiven;
  double most = kNotGiven;
};
Statistic statistic(const std::vector<double>& values);

/// One setting and one method.
struct ExperimentLine {
  const ExperimentSetting* setting = nullptr;
  const Contender* contender = nullptr;
  std::string choice;              ///< the best one, "method.beta=4"
  std::vector<const Row*> rows;    ///< those that succeeded
  std::vector<RowResult> results;  ///< of `rows`
  std::size_t failed = 0;
  std::size_t missing = 0;           ///< not run yet
  std::vector<std::string> changed;  ///< Row::changed
  Statistic mcc_spearman;
  Statistic mcc;
  Statistic r2;
  Statistic shd;
  Statistic seconds;
  Published paper;
};

using Results = std::map<std::string, RowResult>;  ///< by Row::key

/// Lines in the order settings, contenders; contenders without a planned row are left out. Of
/// several choices the one with the highest mean Spearman MCC is taken.
std::vector<ExperimentLine> experiment_lines(const Experiment& experiment,
                                             const std::vector<Row>& rows, const Results& results);

/// What the user changed of the experiment's settings, in one sentence; "" for nothing.
std::string changes_text(const std::vector<ExperimentLine>& lines);

/// "0.984 ± 0.003", "0.984" for one value, "–" for none.
std::string statistic_text(const Statistic& statistic, int digits);

/// Table for a terminal.
std::string lines_text(const Experiment& experiment, const std::vector<ExperimentLine>& lines);
std::string lines_csv(const std::vector<ExperimentLine>& lines);
/// One page with chart, table and what to know; opens without a network.
std::string lines_page(const Experiment& experiment, const std::vector<ExperimentLine>& lines);

}  // namespace polycause::cli
