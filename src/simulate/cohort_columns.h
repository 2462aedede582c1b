// What the cohort measures: every column's name, unit, meaning, and how it arises from its
// modality.
#pragma once

#include <string>
#include <vector>

namespace polycause::simulation {

/// How the score u (mean 0, variance 1, tails bounded at +-3.5) becomes a measurement.
enum class Link {
  kLinear,    ///< location + scale u
  kLog,       ///< location exp(scale u)
  kDeficit,   ///< 100 - location exp(scale u), percent
  kLogistic,  ///< low + (high - low) / (1 + exp(-(location + scale u)))
  kLevels,    ///< texts, cut where u passes the thresholds
  kDerived,   ///< from other columns of the table
};

struct ColumnSpec {
  std::string name;
  std::string unit;
  std::string meaning;
  Link link = Link::kLinear;
  double z1 = 0;  ///< loadings of u on the (bent) sources
  double z2 = 0;
  double eta = 0;
  double location = 0;
  double scale = 1;
  int decimals = 0;
  double low = 0;  ///< of kLogistic
  double high = 0;
  std::vector<std::string> levels;
  std::vector<double> thresholds;  ///< one fewer than levels
  std::vector<std::string> parts;  ///< of kDerived: the columns it follows from
};

struct ModalitySpec {
  std::string name;
  std::string z1;  ///< what the latents mean
  std::string z2;
  std::string eta;
  std::vector<ColumnSpec> columns;
};

/// body, blood, sleep, vessels: causes first.
const std::vector<ModalitySpec>& cohort_modalities();

}  // namespace polycause::simulation
