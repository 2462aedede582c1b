// What a fit can be told: which method, its settings, those of its training.
#pragma once

#include <cstdint>
#include <string>

#include "polycause/pima_settings.h"
#include "polycause/settings.h"

namespace polycause {

/// Settings of the methods and of their training; keys "method.*" and "train.*".
struct FitOptions {
  std::string method = "staged";
  std::string prior = "auto";  ///< additive | general | auto
  double sparsity = 0.05;      ///< lambda, nat per edge, in phase B
  double edge_price = 0.02;    ///< nat per edge when branches are compared on held-out participants
  double prune = 0.03;         ///< nat: an edge whose held-out gain is smaller is removed
  double within_price = 0.1;   ///< of an edge inside a modality, in prices of others; 0 = none
  std::int64_t autoencoder_width = 64;
  std::int64_t conditioner_width = 32;

  std::int64_t batch = 256;
  double learning_rate = 3e-3;
  std::int64_t autoencoder_epochs = 30;
  std::int64_t starts = 8;
  std::int64_t start_epochs = 12;
  std::int64_t branches = 2;
  std::int64_t branch_epochs = 40;
  std::int64_t max_steps = 4000;  ///< cap on the optimiser steps of any one stage

  // Pictures and series.
  std::int64_t network_epochs = 20;
  std::int64_t network_batch = 128;
  double network_rate = 2e-3;
  double reconstruction = 0.3;  ///< weight beside the contrast with the other modalities
  double augment = 0;           ///< largest random shift, share of the side or length

  // joint, beta_vae, causal_vae, contrastive, gcarl.
  std::string gates = "hard_concrete";   ///< hard_concrete | threshold
  std::string divergence = "posterior";  ///< posterior | moments
  std::string flow = "sigmoidal";        ///< sigmoidal | spline
  std::string warm_start = "none";       ///< none | staged
  double alpha_reconstruction = 1;       ///< weights of joint's loss, Eq. (6) of the paper
  double alpha_independence = 0.1;
  double alpha_sparsity = 0.01;
  std::string labels;          ///< causal_vae: covariates that label concepts, "" = none
  double beta = 1;             ///< weight of the divergence of the variational autoencoders
  std::int64_t epochs = 200;   ///< at most
  std::int64_t patience = 20;  ///< epochs without a better validation loss

  PimaSettings pima;

  std::int64_t restarts = 3;  ///< independent repetitions kept as replicates (own seeds)
  std::uint64_t seed = 0;
  std::int64_t threads = 0;    ///< 0 = all cores; the result does not depend on it
  std::string checkpoint_dir;  ///< "" = none; finished units are stored here and reused
};
void visit_settings(FitOptions& options, SettingsVisitor& visitor);

/// Has the method a graph among its latents? Without one there is no distance to a true graph.
bool learns_graph(const std::string& method);

}  // namespace polycause
