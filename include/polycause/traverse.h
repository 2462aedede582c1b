// What a fitted model expects to see when one latent moves: pictures, nights and columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "polycause/blocks.h"
#include "polycause/model.h"

namespace polycause {

/// Values that a latent takes, in standard deviations. Changes are those from the second (-1) to
/// the fourth (+1).
inline constexpr double kTraversalSteps[] = {-2, -1, 0, 1, 2};
inline constexpr std::size_t kTraversalLength = 5;
inline constexpr std::size_t kTraversalLow = 1;
inline constexpr std::size_t kTraversalHigh = 3;

/// A column of a table at -1 and +1. Binary and categorical columns: the likelihood of a value,
/// "name=value".
struct ColumnResponse {
  std::string column;
  double low = 0;
  double high = 0;
  double scaled = 0;  ///< change in units of the column's spread (robust sd)
};

/// A latent at -1 and +1, in standard deviations.
struct LatentResponse {
  std::string latent;
  double low = 0;
  double high = 0;
};

/// What is expected of one modality.
struct ModalityResponse {
  std::string modality;
  BlockShape shape;                     ///< of pictures and series
  std::vector<float> blocks;            ///< (steps, channels, height, width); empty for tables
  std::vector<ColumnResponse> columns;  ///< of tables, largest |scaled| first
};

struct Traversal {
  std::string latent;  ///< "<modality>.z1"
  /// The own modality, all other latents held at 0 (their mean).
  ModalityResponse held;
  /// With the children following, as after an intervention on the latent: every descendant along
  /// the model's edges at its expected value given its parents, all others at 0. The modalities
  /// that hold a descendant, in the order of the model.
  std::vector<LatentResponse> descendants;  ///< parents before children
  std::vector<ModalityResponse> following;
};

/// Private parts stand at 0. The blocks are averages that the decoders make of latent values, no
/// participant's. Same model: same numbers. Throws ConfigError for a latent that the model lacks,
/// NumericError when something expected is not finite.
Traversal traverse(const Model& model, const std::string& latent);

/// "<modality>.z1", ... of a model, in the order of latents.csv.
std::vector<std::string> latent_names(const Model& model);

}  // namespace polycause
