// What end-to-end methods may be given beside the modalities: labels of concepts, codes to start
// at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "methods/method.h"

namespace polycause {

/// "method.labels" -> (n, D): the label of every latent of `names`, standardised over the
/// participants who train, NaN where unknown; empty without labels. A comma-separated list of
/// covariate tables whose columns are named as latents ("blood.z1"), and of "latent=table.column".
/// Throws ConfigError.
std::vector<float> labels_of(const std::string& labels, const Study& study, const Split& split,
                             const std::vector<std::string>& names);

/// Latents and private parts (n, d(z) + d(eta)) per modality after steps 1 and 2 of `staged`, z
/// first. Tables only.
std::vector<std::vector<float>> codes_to_start(const FitContext& context, std::size_t restart);
/// Steps of that, in the unit that Watch counts.
double start_work(const StagedProblem& problem, const FitOptions& options);

}  // namespace polycause
