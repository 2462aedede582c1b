#include "methods/learned_graph.h"

#include "methods/agreement.h"

namespace polycause {
namespace {

constexpr double kOriented = 3;  // standard errors by which the turned edge must be worse

/// Does the solution speak for source -> target? An order that was given always does, between
/// modalities: inside one, the latents were turned to suit the direction.
bool orients(const Candidate& candidate, std::size_t pair,
             const std::vector<std::string>& modalities) {
  const LatentPair& ends = candidate.density.shape().pairs[pair];
  const auto modality = [&](int latent) {  // streams are units of one modality
    return modalities[static_cast<std::size_t>(candidate.density.modality_of(latent))];
  };
  if (modality(ends.source) == modality(ends.target)) return false;
  return candidate.margins.empty() || candidate.margins[pair] > kOriented;
}

}  // namespace

Graph learned_graph(const Candidate& reported, const std::vector<const Candidate*>& others,
                    const std::vector<std::string>& names,
                    const std::vector<std::string>& modalities) {
  Graph graph;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto m = static_cast<std::size_t>(reported.density.modality_of(static_cast<int>(i)));
    graph.nodes.push_back({names[i], modalities[m], "latent"});
  }
  const std::vector<double> open = reported.density.gate_probability();
  for (std::size_t e = 0; e < reported.edges.size(); ++e) {
    if (!reported.edges[e]) continue;
    const LatentPair& pair = reported.density.shape().pairs[e];
    Edge edge;
    edge.source = static_cast<std::size_t>(pair.source);
    edge.target = static_cast<std::size_t>(pair.target);
    edge.kind = "learned";
    edge.strength = open[e];
    if (!orients(reported, e, modalities)) edge.mark_target = Mark::kTail;
    if (!others.empty()) edge.stability = 0;
    graph.edges.push_back(edge);
  }
  for (const Candidate* other : others) {
    std::vector<std::size_t> partner;
    matched_agreement(reported.parts.z, other->parts.z, reported.density.shape().latents, &partner);
    for (Edge& edge : graph.edges) {
      const std::size_t source = partner[edge.source];
      const std::size_t target = partner[edge.target];
      for (std::size_t e = 0; e < other->edges.size(); ++e) {
        if (!other->edges[e]) continue;
        const auto from = static_cast<std::size_t>(other->density.shape().pairs[e].source);
        const auto to = static_cast<std::size_t>(other->density.shape().pairs[e].target);
        const bool same = from == source && to == target;
        if (!same && !(from == target && to == source)) continue;
        edge.stability += 1;
        if (!same || !orients(*other, e, modalities)) edge.mark_target = Mark::kTail;
      }
    }
  }
  for (Edge& edge : graph.edges) edge.stability /= static_cast<double>(others.size());
  return graph;
}

}  // namespace polycause
