// Settings of the method `pima` (docs/methods/pima.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "polycause/settings.h"

namespace polycause {

/// Keys "method.*" and "train.*", beside those of FitOptions that pima shares with other methods:
/// autoencoder_width, batch, learning_rate, network_batch, network_rate, max_steps, restarts.
struct PimaSettings {
  std::int64_t nodes = 3;
  std::string outcomes = "3";     ///< of every node, or one number per node: "3,3,2"
  std::int64_t latent_width = 0;  ///< 0 = nodes + 2
  std::string graph = "potentials";
  std::string responsibilities = "auto";
  std::string mixture_start = "auto";
  std::string means = "auto";
  std::string encoders = "auto";
  double decoder_variance = 0;  ///< of standardised data; 0 = learned
  double modality_dropout = 0.3;
  double network_price = 1;
  double first_temperature = 1;
  double last_temperature = 0.05;
  std::int64_t node_orders = 24;
  std::int64_t pretrain_epochs = 30;
  std::int64_t mixture_epochs = 30;
};
void visit_settings(PimaSettings& settings, SettingsVisitor& visitor);

/// Whether clusters begin on a grid: asked for, or "auto", two nodes or more, at most 729 joint
/// outcomes, and no fewer latents than nodes.
bool starts_on_grid(const PimaSettings& settings);

/// (L,) outcomes of every node. Throws ConfigError for a list that does not fit `nodes`, fewer than
/// two outcomes, or more than 4,096 joint ones.
std::vector<int> outcomes_of(const PimaSettings& settings);

}  // namespace polycause
