#include "base/settings.h"

#include <fmt/format.h>

#include <limits>

#include "methods/method.h"
#include "methods/model_impl.h"
#include "polycause/error.h"
#include "polycause/model.h"

namespace polycause {

void visit_settings(FitOptions& o, SettingsVisitor& v) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  v.visit("method.name", o.method, method_names(), "how latents and graph are learned");
  v.visit("method.prior", o.prior, {"auto", "additive", "general"},
          "causal mechanisms: additive noise, general, or whichever predicts held-out participants "
          "better");
  v.visit(
      "method.sparsity", o.sparsity, 0.0, kInfinity,
      "price of an edge during training, nat; staged: less where a modality has over 3 latents");
  v.visit(
      "method.edge_price", o.edge_price, 0.0, kInfinity,
      "price of an edge when branches are compared on held-out participants, nat; less as above");
  v.visit("method.prune", o.prune, 0.0, kInfinity,
          "an edge stays when held-out participants lose this much without it, nat; less as above");
  v.visit("method.within_price", o.within_price, 0.0, kInfinity,
          "staged: price of an edge inside a modality, in prices of one between modalities; 0: "
          "there are none");
  v.visit("method.autoencoder_width", o.autoencoder_width, 16, 1024,
          "hidden units of encoders and decoders");
  v.visit("method.conditioner_width", o.conditioner_width, 16, 256,
          "hidden units of the flow's conditioners");
  v.visit("method.gates", o.gates, {"hard_concrete", "threshold"},
          "joint: how edges are switched; threshold is the paper's Table 5 read literally");
  v.visit("method.divergence", o.divergence, {"posterior", "moments"},
          "joint: divergence of each posterior from the prior, or of the moments of a batch");
  v.visit("method.flow", o.flow, {"sigmoidal", "spline"}, "joint: from latents to noise");
  v.visit("method.warm_start", o.warm_start, {"none", "staged"},
          "joint: begin at random, or at the codes of the first steps of staged");
  v.visit("method.alpha_reconstruction", o.alpha_reconstruction, 0.0, kInfinity,
          "joint: weight of the reconstruction");
  v.visit("method.alpha_independence", o.alpha_independence, 0.0, kInfinity,
          "joint: weight of the divergence from independent normal noise");
  v.visit("method.alpha_sparsity", o.alpha_sparsity, 0.0, kInfinity,
          "joint: weight of the number of edges");
  v.visit("method.labels", o.labels, {},
          "causal_vae: covariates that label concepts: a table with columns named as latents, or "
          "latent=table.column, separated by commas");
  v.visit("method.beta", o.beta, 0.0, kInfinity,
          "beta_vae, causal_vae: weight of the divergence from the prior");
  v.visit("train.batch", o.batch, 64, 65536,
          "participants per step, rounded to a multiple of 64; staged: at most, fewer where a pass "
          "would be under 35 steps");
  v.visit("train.learning_rate", o.learning_rate, 1e-6, 1.0, "Adam's step size");
  v.visit("train.autoencoder_epochs", o.autoencoder_epochs, 1, 100000,
          "passes of each autoencoder, at most");
  v.visit("train.starts", o.starts, 1, 1000, "different rotations to start from");
  v.visit("train.start_epochs", o.start_epochs, 1, 100000, "passes of each start");
  v.visit("train.branches", o.branches, 1, 100, "best distinct starts that get a gated graph");
  v.visit("train.branch_epochs", o.branch_epochs, 1, 100000, "passes of each branch");
  v.visit("train.max_steps", o.max_steps, 1, kNoLimit,
          "cap on the steps of any one start or branch; staged: more where a modality has over 3 "
          "latents");
  v.visit("train.network_epochs", o.network_epochs, 1, 100000,
          "pictures and series: passes of the networks, at most");
  v.visit("train.network_batch", o.network_batch, 16, 65536,
          "pictures and series: participants per step; each is told apart from the others");
  v.visit("train.network_rate", o.network_rate, 1e-6, 1.0, "pictures and series: step size");
  v.visit("train.reconstruction", o.reconstruction, 0.0, kInfinity,
          "pictures and series: weight of the reconstruction beside the contrast");
  v.visit("train.augment", o.augment, 0.0, 0.5,
          "pictures and series: largest random shift, as a share of the side or length");
  v.visit("train.epochs", o.epochs, 1, 100000, "methods other than staged: passes, at most");
  v.visit("train.patience", o.patience, 1, 100000,
          "methods other than staged: passes without a better validation loss, then stop");
  visit_settings(o.pima, v);
  v.visit("train.restarts", o.restarts, 1, 1000,
          "independent repetitions, for the agreement of every latent");
}

void check_settings(const FitOptions& options) {
  FitOptions copy = options;
  const auto visit = [&](SettingsVisitor& visitor) { visit_settings(copy, visitor); };
  for (const SettingInfo& info : list_settings(visit)) {
    const bool text = info.type == "text";  // listed in quotes
    apply_setting(visit, info.key, text ? info.value.substr(1, info.value.size() - 2) : info.value,
                  "train");
  }
  if (!options.labels.empty() && options.method != "causal_vae") {
    throw ConfigError(
        fmt::format("method.labels: found \"{}\"; method '{}' takes none; expected method.name = "
                    "\"causal_vae\", or no labels",
                    options.labels, options.method));
  }
}

}  // namespace polycause
