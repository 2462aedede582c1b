// The experiments of the ICLR 2025 paper as data: which studies, which methods, and what the paper
// reports (docs/methods/reproduce.md).
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace polycause::cli {

inline constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();

/// Covariate table of a row's study that holds the true latents, for methods that are given labels.
inline constexpr const char* kTruthTable = "truth";

/// What the paper prints for one method: value and the number that it prints beside it.
struct Published {
  std::string contender;  ///< Contender::name
  double mcc = kNotGiven;
  double mcc_spread = kNotGiven;
  double r2 = kNotGiven;
  double r2_spread = kNotGiven;
};

/// One kind of study, drawn once per seed. Equal names are equal studies in every experiment.
struct ExperimentSetting {
  std::string name;  ///< of files and CSV cells: "case2_ratio_1_3"
  std::string title;
  std::string simulation;
  std::vector<std::string> sets;  ///< "simulate.key=value"
  std::vector<Published> published;
};

/// A method with its settings. With `choices`, every choice is run and the best is shown.
struct Contender {
  std::string name;
  std::string title;
  std::string method;             ///< method.name, or "select" for the number of latents
  std::vector<std::string> sets;  ///< "method.key=value"
  std::vector<std::string> choices;
  bool two_modalities = false;  ///< is for exactly two
  bool shared = false;          ///< knows latents that several modalities show
};

struct Experiment {
  std::string name;   ///< "table4"
  std::string title;  ///< of the page
  std::string where;  ///< in the paper
  std::string note;   ///< what to know when reading
  std::vector<ExperimentSetting> settings;
  std::vector<Contender> contenders;
  bool needs_pictures = false;  ///< files of MNIST and Fashion-MNIST
};

/// All, in the paper's order; only what this program can run: settings whose simulation exists and
/// contenders whose method and settings exist.
std::vector<Experiment> experiments();

/// Contender names of all experiments, in order of appearance.
std::vector<std::string> contender_names();

}  // namespace polycause::cli
