// What a fitted model holds behind polycause::Model: what all methods share, and the part that each
// has its own class for.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/encoding.h"
#include "model/autoencoder.h"
#include "model/cross_prediction.h"
#include "model/density_shape.h"
#include "model/safetensors.h"
#include "polycause/blocks.h"
#include "polycause/model.h"

namespace polycause {

/// written = sign * (raw - mean) / sd
struct Standard {
  double mean = 0;
  double sd = 1;
  double sign = 1;
};

/// A study in the numbers of a fitted model.
struct Observed {
  std::size_t participants = 0;
  std::vector<Cells> cells;                           ///< (M,) encoded; empty for blocks
  std::vector<std::shared_ptr<const Blocks>> blocks;  ///< (M,) null for tables
  std::vector<std::uint8_t> present;                  ///< (n, M), empty = everybody has all
};

/// What one method learned. "Latents" are counted over all modalities, (D,).
class FittedModel {
 public:
  virtual ~FittedModel() = default;
  /// As in "method.name".
  virtual std::string method() const = 0;
  /// Latents that belong to all modalities together; 0: each modality has its own.
  virtual int shared_latents() const { return 0; }
  /// All that `encode` says of everybody observed.
  virtual Encoding encoding(const Model::Impl& model, const Observed& data,
                            const std::vector<std::string>& ids) const;
  /// Of everybody observed: z and eta NaN without the modality, eps where it cannot be known.
  virtual Decomposition decompose(const Observed& data) const = 0;
  /// What is expected of a modality at z (n, D), its private parts at 0: encoded cells (n, width)
  /// or blocks (n, channels, height, width); empty for a method without decoders.
  virtual std::vector<float> expected(std::size_t modality, const std::vector<float>& z) const = 0;
  /// Latents that cause this one, and what they say of it: (n, D) -> (n,).
  virtual std::vector<int> parents(int latent) const = 0;
  virtual std::vector<float> conditional_mean(int latent, const std::vector<float>& z) const = 0;
  /// Adds all that its loader needs to model.json and to the tensors.
  virtual void save(nlohmann::ordered_json& json, std::vector<NamedTensor>& tensors) const = 0;
};

struct Model::Impl {
  std::vector<Modality> modalities;      ///< without rows; their latents are those reported
  std::vector<TableEncoding> encodings;  ///< (M,) of tables; unused for blocks
  std::unique_ptr<FittedModel> fitted;   ///< null: an empty model
  std::vector<std::string> conditions;   ///< covariates that the fit was conditioned on
  std::vector<Standard> latents;         ///< (D,)
  std::vector<Standard> exogenous;       ///< (D,)
  CrossPrediction prediction;            ///< of latents by those of other modalities
};

/// Encoded cells of one modality; the mask per encoded column, empty when nothing is missing among
/// the participants `present` (n,) who have the modality (empty: everybody).
Cells cells_of(const TableEncoding& encoding, const Table& table,
               const std::vector<bool>& present = {});

/// (n, M) who has which modality; empty when everybody has all.
std::vector<std::uint8_t> presence_of(const Study& study);

/// Latents per modality.
std::vector<int> latents_of(const Model::Impl& model);

/// "<modality>.z1", ... of all latents.
std::vector<std::string> names_of(const std::vector<Modality>& modalities);

/// Whose latents are read off the same measurements: shared latents and their members', and blocks
/// of shared latents with a common member.
CrossPrediction::OneSource one_source(const std::vector<Modality>& modalities);

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
