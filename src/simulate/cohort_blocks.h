// The pictures and nights of the clinical cohort.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "polycause/simulate.h"
#include "simulate/mechanisms.h"

namespace polycause::simulation {

/// Latents are numbered through the modalities: 0, 1 body; 2, 3 blood; 4, 5 sleep; 6, 7 vessels;
/// then three for every night and every eye.
struct CohortCause {
  std::size_t source;
  std::size_t target;
  Effect effect;
  double weight;
};

struct BlockModality {
  std::string name;
  std::string kind;                        ///< image | series
  std::vector<std::string> latents;        ///< what they mean
  std::vector<std::string> private_parts;  ///< what they mean
  bool right_eye = false;
};

/// Causes first: the nights, then the eyes, as far as the options ask for them.
std::vector<BlockModality> cohort_blocks(const SimulateOptions& options);

/// What acts on the three latents of `modality`, the first of which has number `first`.
std::vector<CohortCause> causes_of(const BlockModality& modality, std::size_t first);

/// Its files; latents (n, 3), private parts (n, .) of all participants `ids`; a share `absent` of
/// them lacks the modality.
SimulatedBlocks draw_blocks(const BlockModality& modality, const SimulateOptions& options,
                            const std::vector<std::string>& ids, const Eigen::MatrixXd& latents,
                            const Eigen::MatrixXd& private_parts, double absent,
                            std::uint64_t seed);

}  // namespace polycause::simulation
