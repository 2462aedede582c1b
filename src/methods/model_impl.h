// What a fitted model holds behind polycause::Model.
#pragma once

#include <vector>

#include "data/encoding.h"
#include "methods/coders.h"
#include "methods/staged.h"
#include "model/cross_prediction.h"
#include "model/density.h"
#include "polycause/model.h"

namespace polycause {

/// written = sign * (raw - mean) / sd
struct Standard {
  double mean = 0;
  double sd = 1;
  double sign = 1;
};

struct Model::Impl {
  std::vector<Modality> modalities;           ///< without rows
  std::vector<TableEncoding> encodings;       ///< (M,) of tables; unused for blocks
  std::vector<Coder> coders;                  ///< (M,)
  std::vector<std::size_t> modality_of_unit;  ///< of the density's units
  std::vector<Density> density;               ///< one; a vector so that an empty model exists
  std::vector<std::string> conditions;        ///< covariates that the fit was conditioned on
  std::vector<Standard> latents;              ///< (D,)
  std::vector<Standard> exogenous;            ///< (D,)
  CrossPrediction prediction;                 ///< of latents by those of other modalities
};

/// Encoded cells of one modality; the mask per encoded column, empty when nothing is missing among
/// the participants `present` (n,) who have the modality (empty: everybody).
Cells cells_of(const TableEncoding& encoding, const Table& table,
               const std::vector<bool>& present = {});

/// (n, M) who has which modality; empty when everybody has all.
std::vector<std::uint8_t> presence_of(const Study& study);

/// Latents per modality.
std::vector<int> latents_of(const Model::Impl& model);

/// Names and standardised columns of a decomposition.
Encoding encoding_of(const Model::Impl& model, const Decomposition& parts,
                     const std::vector<std::string>& ids);

/// Encoding::predicted from z (n, D) of the participants `ids`, who have what `present` (n, M)
/// says.
Table predicted_of(const Model::Impl& model, const std::vector<float>& z,
                   const std::vector<std::uint8_t>& present, const std::vector<std::string>& ids);

/// Throws ConfigError naming the first setting that is out of its range.
void check_settings(const FitOptions& options);

}  // namespace polycause
