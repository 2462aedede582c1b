// Tables and texts that every simulation needs.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "polycause/simulate.h"

namespace polycause::simulation {

/// "S00001" .. ; at least five digits.
std::vector<std::string> participant_ids(char prefix, std::size_t count);

/// A continuous column, values rounded to 1e-6: ample for data of unit variance, and half the file.
Column rounded_column(const std::string& name, const Eigen::Ref<const Eigen::VectorXd>& values);

struct StudyText {
  std::string name;
  std::string order;  ///< "given" | "unknown"
  struct Entry {
    std::string name;
    std::string path;
    std::size_t latents = 0;
    std::size_t private_dims = 0;
  };
  bool rank_normal = false;  ///< map every column to normal by its ranks
  std::vector<Entry> modalities;
  std::vector<Entry> covariates;
};

/// Text of study.toml.
std::string study_toml(const StudyText& study);

}  // namespace polycause::simulation
