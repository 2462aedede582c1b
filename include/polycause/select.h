// How many latents a modality has: as many numbers of it as help to predict the other modalities,
// by held-out loss (docs/methods/select.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "polycause/fit_options.h"
#include "polycause/observer.h"
#include "polycause/settings.h"
#include "polycause/study.h"

namespace polycause {

/// Keys "select.*".
struct SelectOptions {
  std::int64_t lowest = 1;  ///< latents tried
  std::int64_t highest = 5;
  std::string modality;     ///< "" = every one
  std::int64_t splits = 5;  ///< every participant is held out once
  std::int64_t epochs = 40;
  std::int64_t hidden = 64;
  double least_gain = 0.02;   ///< nat: what a latent must add at least ...
  double least_share = 0.02;  ///< ... and as a share of what all latents tried add
  bool widths = true;         ///< also reconstruct, for the number of latents and private parts
  std::int64_t features = 4;  ///< pima: at most so many ...
  std::int64_t outcomes = 4;  ///< ... of so many outcomes each
  std::uint64_t seed = 0;
  std::int64_t threads = 0;    ///< 0 = all cores; the result does not depend on it
  std::string checkpoint_dir;  ///< "" = none; finished units are stored here and reused
};
void visit_settings(SelectOptions& options, SettingsVisitor& visitor);

/// One number of latents of one modality.
struct LatentCount {
  std::int64_t latents = 0;
  double loss = 0;         ///< held-out -log p(other modalities | so many numbers of it), nat
  double loss_error = 0;   ///< standard error
  double gain = 0;         ///< by how much the loss is below that of one latent less
  double gain_error = 0;   ///< paired over participants and splits
  double linear_gain = 0;  ///< the same by linear canonical correlation, held out
};

struct CodeWidth {
  std::int64_t width = 0;  ///< latents + private parts
  double r2 = 0;           ///< held-out reconstruction
};

struct LatentSelection {
  std::string modality;
  std::vector<LatentCount> counts;     ///< 0, lowest, lowest + 1, ... highest
  std::int64_t chosen = 0;             ///< 0: the others say nothing of this modality
  bool at_limit = false;               ///< the highest number tried was chosen: try more
  std::int64_t possible = 0;           ///< independent components: more cannot be tried
  std::vector<std::int64_t> by_split;  ///< what each split alone would choose
  std::vector<CodeWidth> widths;       ///< of tables; empty when not asked for
  std::int64_t width = 0;  ///< smallest that no wider code surpasses by .5 %; 0 = unknown

  /// Share of the splits that choose the same.
  double agreement() const;
};

/// One entry per modality asked for. Participants who lack a modality take no part. Throws
/// ConfigError, DataError, NumericError, Interrupted.
std::vector<LatentSelection> select_latents(const Study& study, const SelectOptions& options,
                                            Observer* observer = nullptr);

/// One number of discrete features, with the outcomes of each, ascending.
struct FeatureCount {
  std::vector<int> outcomes;
  double likelihood = 0;   ///< nat per participant, of the latents
  double uncertainty = 0;  ///< which joint outcome a participant has, nat
  int free = 0;            ///< numbers fitted
  /// Integrated completed likelihood (Biernacki, Celeux and Govaert 2000), nat per participant: BIC
  /// less the uncertainty. The highest is chosen.
  double criterion = 0;
};

struct FeatureSelection {
  double dimension = 0;  ///< of the sheet that the latents form (Levina and Bickel 2004)
  std::vector<FeatureCount> tried;
  std::size_t chosen = 0;  ///< of `tried`
  bool at_limit = false;   ///< more features or outcomes than were tried may be better
  double margin = 0;       ///< by how much the next best criterion is below the chosen one
};

/// How many features with how many ordered outcomes `pima` should look for: one autoencoder is
/// trained with the settings `fit`, then grids of many sizes are laid into its latents. Uses seed,
/// threads, checkpoint_dir, features and outcomes of `options`. Throws as select_latents.
FeatureSelection select_outcomes(const Study& study, const SelectOptions& options,
                                 const FitOptions& fit, Observer* observer = nullptr);

}  // namespace polycause
