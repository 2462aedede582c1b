// Learning the latents and their graph: train, encode, save, load.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "polycause/features.h"
#include "polycause/fit_options.h"
#include "polycause/graph.h"
#include "polycause/observer.h"
#include "polycause/study.h"
#include "polycause/table.h"

namespace polycause {

/// Estimated latents z, private parts eta and exogenous noise eps of participants.
/// Columns "<modality>.z1" ..., "<modality>.eta1" ..., "<modality>.eps1" ...; z has mean 0, sd 1
/// over the participants of the fit, and the sign that makes its strongest relation to an own
/// column positive. NaN where a participant lacks the modality, and for eps also where a modality
/// with a parent is absent.
struct Encoding {
  Table latents;
  Table private_parts;
  Table exogenous;  ///< NaN for new participants of a model with StudySpec::condition_on
  Table predicted;  ///< columns and units as latents: what the other modalities that are there say;
                    ///< NaN where there is no other
  Table features;   ///< `pima`: likeliest outcome and its probability, "node1", "node1.p", ...
  Table responsibilities;  ///< `pima`: of every joint outcome, "0.2.1"
};

/// A candidate solution kept as evidence.
struct Branch {
  std::string name;      ///< "restart0/branch1"
  std::string prior;     ///< additive | general
  double objective = 0;  ///< held-out negative log-likelihood + edge_price * edges, nat
  double negative_log_likelihood = 0;
  std::size_t edges = 0;
  bool selected = false;
  double agreement = 1;  ///< mean matched |Spearman| of its latents with the selected branch's
};

struct LatentReport {
  std::string name;      ///< "<modality>.z1"
  double agreement = 1;  ///< mean matched |Spearman| with the same latent in the other restarts
  double agreement_min = 1;
  std::size_t replicates = 0;  ///< number of other restarts and rival branches compared with
  double predicted_r2 = 0;     ///< by the other modalities, held-out participants who have all
  /// Expected |Spearman| with a true latent, and what nine in ten such latents exceeded in
  /// simulated studies (docs/methods/staged.md); NaN where no restart was compared or the method is
  /// another.
  double expected = std::numeric_limits<double>::quiet_NaN();
  double expected_low = std::numeric_limits<double>::quiet_NaN();
  std::size_t rivals = 0;  ///< of `replicates`: solutions of the same restart that fit as well
};

struct Warning {
  std::string code;  ///< "tie", "unstable_latent", "rank_deficient", "weak_link", "blas", ...
  std::string text;
};

class Model {
 public:
  Model();
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  /// Writes DIR/model.safetensors and DIR/model.json. Throws Error when it cannot.
  void save(const std::string& directory) const;
  static Model load(const std::string& directory);

  /// The modalities (names, sizes, columns without rows) that the model was fitted to.
  const std::vector<Modality>& modalities() const;

  struct Impl;
  Impl& impl() { return *impl_; }
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Everything that one fit leaves.
struct Fit {
  Model model;
  Encoding encoding;              ///< of every participant of the study
  std::vector<Table> replicates;  ///< latents of the other restarts and rival branches
  std::vector<std::string> replicate_names;
  Graph learned;  ///< over the latents (`pima`: the features); strength = P(gate open)
  std::shared_ptr<const Features> features;  ///< of `pima`; null for other methods
  std::vector<Branch> branches;
  std::vector<LatentReport> latents;
  std::vector<double> reconstruction_r2;               ///< held out, per modality
  std::string prior;                                   ///< chosen: additive | general
  std::vector<std::pair<std::string, double>> checks;  ///< Propositions 5.1, 5.2 and rank checks
  std::vector<Warning> warnings;
  std::vector<std::pair<std::string, double>> seconds;  ///< per stage
};

/// Fits latents and graph (docs/methods/ has a page per method). Same study, options and
/// machine: same bytes, whatever the number of threads. Throws ConfigError, NumericError,
/// Interrupted.
Fit train(const Study& study, const FitOptions& options, Observer* observer = nullptr);

/// Latents of the participants of `study` (load it with `load_study_like(spec,
/// model.modalities())`).
Encoding encode(const Model& model, const Study& study);

}  // namespace polycause
