#include "methods/pima_problem.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "methods/problem.h"
#include "polycause/error.h"

namespace polycause {
namespace {

std::string law_identity(const ExpertSpec& expert) {
  std::string law = expert.decoder + expert.formula;
  for (const auto& [name, start] : expert.parameters) law += fmt::format("{}={};", name, start);
  for (const double at : expert.at) law += fmt::format("{};", at);
  return law;
}

}  // namespace

PimaProblem problem_of_pima(const Study& study, Model::Impl& model) {
  PimaProblem problem;
  problem.split = split_of(study, 2);
  const std::vector<std::size_t> fit_rows(problem.split.train.begin(), problem.split.train.end());
  if (!study.spec.condition_on.empty()) {
    throw ConfigError(
        "study.condition_on: method 'pima' takes no known causes; expected none; list them as "
        "covariates instead, so that they join the discovery over the features");
  }
  problem.data.participants = study.participants();
  problem.data.present = presence_of(study);
  StagedProblem& identity = problem.identity;
  for (const Modality& m : study.modalities) {
    model.modalities.push_back(without_rows(m));
    problem.data.blocks.push_back(m.blocks);
    const std::string law = law_identity(m.expert);
    if (m.blocks) {
      const std::string& network = model.modalities.back().network;
      identity.networks.push_back(network);
      identity.block_digests.push_back(hash64(law + "/" + network + blocks_identity(m)));
      model.encodings.emplace_back();
      problem.data.cells.emplace_back();
    } else {
      identity.networks.push_back(law);
      identity.block_digests.push_back(0);
      model.encodings.push_back(TableEncoding::fit(m.table, m.rank_normal, fit_rows));
      problem.data.cells.push_back(cells_of(model.encodings.back(), m.table, m.present));
    }
  }
  identity.cells = problem.data.cells;
  identity.present = problem.data.present;
  identity.split = problem.split;
  problem.shapes = pima_shapes(model);
  return problem;
}

PimaOptions pima_options(const FitOptions& options, const PimaProblem& problem) {
  const PimaSettings& s = options.pima;
  if (s.last_temperature > s.first_temperature) {
    throw ConfigError(fmt::format(
        "method.last_temperature = {} is above method.first_temperature = {}; expected at most "
        "that; the temperature only falls",
        s.last_temperature, s.first_temperature));
  }
  const bool blocks = std::any_of(problem.data.blocks.begin(), problem.data.blocks.end(),
                                  [](const auto& b) { return b != nullptr; });
  PimaOptions out;
  out.outcomes = outcomes_of(s);
  const bool grid = starts_on_grid(s);
  out.latents = static_cast<int>(s.latent_width > 0 ? s.latent_width : s.nodes + 2);
  out.width = static_cast<int>(options.autoencoder_width);
  out.graph = s.graph;
  out.responsibility = s.responsibilities;
  if (s.responsibilities == "auto") out.responsibility = grid ? "latent" : "exact";
  out.start = grid ? "grid" : s.mixture_start == "published" ? "published" : "additive";
  out.means = s.means == "auto" ? (grid ? "own" : "free") : s.means;
  out.encoders_held = s.encoders == "held" || (s.encoders == "auto" && grid);
  out.decoder_variance = s.decoder_variance;
  out.dropout = s.modality_dropout;
  out.network_price = s.network_price;
  out.first_temperature = s.first_temperature;
  out.last_temperature = s.last_temperature;
  out.node_orders = static_cast<int>(s.node_orders);
  out.pretrain_epochs = static_cast<int>(s.pretrain_epochs);
  out.epochs = static_cast<int>(s.mixture_epochs);
  out.batch = static_cast<std::size_t>(blocks ? options.network_batch : options.batch);
  out.max_steps = static_cast<std::size_t>(options.max_steps);
  out.rate = blocks ? options.network_rate : options.learning_rate;
  return out;
}

}  // namespace polycause
