#include "polycause/pima_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::int64_t kMostOutcomes = 64;
constexpr std::int64_t kMostJoint = 4096;
constexpr int kMostOnGrid = 729;

}  // namespace

void visit_settings(PimaSettings& o, SettingsVisitor& v) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  v.visit("method.nodes", o.nodes, 1, 12, "pima: discrete features to find");
  v.visit("method.outcomes", o.outcomes, {},
          "pima: outcomes of every feature, or a list with one number per feature: 3,3,2");
  v.visit("method.latent_width", o.latent_width, 0, 64, "pima: latents, 0 = features + 2");
  v.visit(
      "method.graph", o.graph, {"potentials", "search", "notears", "dagma", "full", "empty"},
      "pima: how the network over the features is learned: by node potentials as published, the "
      "exact optimum given the clusters, penalised cycles, or fixed");
  v.visit(
      "method.responsibilities", o.responsibilities, {"auto", "exact", "latent", "sample"},
      "pima: of clusters for participants: those that maximise the bound, the same without what "
      "laws say of the data, or as published by one sample of the latents; auto: latent after a "
      "start on a grid, else exact");
  v.visit("method.mixture_start", o.mixture_start, {"auto", "grid", "additive", "published"},
          "pima: clusters begin on a bent grid of the features' ordered outcomes, where sums over "
          "the features fit best, or at random; auto: grid from two features on");
  v.visit(
      "method.means", o.means, {"auto", "free", "additive", "own"},
      "pima: clusters lie anywhere, where sums over the features say, or with a latent of its own "
      "for every feature; auto: own after a start on a grid, else free");
  v.visit(
      "method.encoders", o.encoders, {"auto", "held", "trained"},
      "pima: once clusters have begun, encoders stay or learn on; auto: they stay after a start "
      "on a grid");
  v.visit("method.decoder_variance", o.decoder_variance, 0.0, kInfinity,
          "pima: variance of standardised data given the latents, 0 = learned");
  v.visit("method.modality_dropout", o.modality_dropout, 0.0, 0.95,
          "pima: chance that a modality is left out of a participant's latents in a step");
  v.visit("method.network_price", o.network_price, 0.0, kInfinity,
          "pima: price of a free probability of the network, in units of BIC");
  v.visit("method.first_temperature", o.first_temperature, 1e-3, 1e3,
          "pima: temperature of the edges at first");
  v.visit("method.last_temperature", o.last_temperature, 1e-3, 1e3, "pima: and in the end");
  v.visit("method.node_orders", o.node_orders, 1, 1000,
          "pima: orders of the features that the network starts from side by side");
  v.visit("train.pretrain_epochs", o.pretrain_epochs, 1, 100000,
          "pima: passes before there are clusters, at most");
  v.visit("train.mixture_epochs", o.mixture_epochs, 1, 100000,
          "pima: passes with clusters and network, at most");
}

bool starts_on_grid(const PimaSettings& settings) {
  const std::vector<int> outcomes = outcomes_of(settings);
  const bool fits = settings.latent_width == 0 || settings.latent_width >= settings.nodes;
  if (settings.mixture_start == "grid" && !fits) {
    throw ConfigError(fmt::format(
        "method.mixture_start = \"grid\": found method.latent_width = {} and method.nodes = {}; "
        "expected at least as many latents as features; raise method.latent_width or set it to 0",
        settings.latent_width, settings.nodes));
  }
  if (settings.mixture_start != "auto") return settings.mixture_start == "grid";
  int joint = 1;
  for (const int c : outcomes) joint *= c;
  return fits && outcomes.size() > 1 && joint <= kMostOnGrid;
}

std::vector<int> outcomes_of(const PimaSettings& settings) {
  const std::string& text = settings.outcomes;
  const auto fail = [&](const std::string& found) {
    throw ConfigError(fmt::format(
        "method.outcomes = \"{}\": {}; expected a number of 2 .. {}, or one for each of the {} "
        "features (method.nodes) as in \"3,3,2\"",
        text, found, kMostOutcomes, settings.nodes));
  };
  std::vector<int> outcomes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::size_t first = begin;
    std::size_t last = end;
    while (first < last && text[first] == ' ') ++first;
    while (last > first && text[last - 1] == ' ') --last;
    int value = 0;
    const auto [stop, code] = std::from_chars(text.data() + first, text.data() + last, value);
    if (code != std::errc() || stop != text.data() + last || value < 2 || value > kMostOutcomes)
      fail(fmt::format("found '{}'", text.substr(begin, end - begin)));
    outcomes.push_back(value);
    begin = end + 1;
  }
  const auto nodes = static_cast<std::size_t>(settings.nodes);
  if (outcomes.size() == 1) outcomes.resize(nodes, outcomes[0]);
  if (outcomes.size() != nodes) fail(fmt::format("found {} numbers", outcomes.size()));
  std::int64_t joint = 1;
  for (const int c : outcomes) joint = std::min(joint * c, kMostJoint + 1);
  if (joint > kMostJoint) {
    throw ConfigError(fmt::format(
        "method.outcomes = \"{}\" of {} features: more than {} joint outcomes; expected fewer, "
        "since each is a cluster; lower method.nodes or method.outcomes",
        text, settings.nodes, kMostJoint));
  }
  return outcomes;
}

}  // namespace polycause
