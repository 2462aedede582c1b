// `staged` as a method of `train`: restarts, the one to report, its model and graph.
#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "methods/learned_graph.h"
#include "methods/method.h"
#include "methods/staged_model.h"

namespace polycause {
namespace {

class Staged : public Method {
 public:
  void adapt(const Study&, const FitOptions&, StagedProblem&, Model::Impl&) const override {}

  double work(const StagedProblem& problem, const FitOptions& options) const override {
    return staged_work(problem, options);
  }

  Findings fit(const FitContext& context) const override {
    const StagedProblem& problem = context.problem;
    const auto restarts = static_cast<std::size_t>(context.options.restarts);
    std::vector<StagedResult> results(restarts);
    const std::size_t outer = std::min(context.threads, restarts);
    parallel_for(restarts, outer, [&](std::size_t r) {
      results[r] = fit_staged(
          problem, context.options, context.options.seed, fmt::format("restart{}", r),
          std::max<std::size_t>(1, context.threads / outer), context.checkpoint, context.watch);
    });
    Findings found;
    const LatentLayout layout = problem.layout();
    for (StagedResult& result : results) {
      found.restarts.emplace_back();
      for (Candidate& c : result.candidates) {
        found.restarts.back().push_back({c.name, prior_of(c), layout.visible(c.parts), c.objective,
                                         c.nll, edges_of(layout, c).size()});
      }
    }
    found.reported = most_typical(found.restarts, problem.latents);
    StagedResult& result = results[found.reported];
    Candidate& best = result.candidates[0];
    best.density.close_gates(best.edges);
    best.parts = best.density.decompose(codes_of(result.coders, problem), {});
    found.restarts[found.reported][0].parts = layout.visible(best.parts);
    std::vector<const Candidate*> others;
    for (std::size_t r = 0; r < restarts; ++r) {
      if (r != found.reported) others.push_back(&results[r].candidates[0]);
    }
    std::vector<std::string> unit_names;
    for (const std::size_t m : problem.modality_of_unit) unit_names.push_back(problem.names[m]);
    std::vector<std::string> names(layout.total());  // copies have none
    for (std::size_t i = 0; i < context.names.size(); ++i)
      names[layout.reported()[i]] = context.names[i];
    found.learned = without_copies(learned_graph(best, others, names, unit_names), layout);
    found.edges = edges_of(layout, best);
    found.canonical = result.code_canonical;
    for (std::size_t m = 0; m < result.coders.size(); ++m) {
      found.explained.push_back(result.coders[m].explained);
      if (result.coders[m].lacking > 0) found.warnings.push_back(low_rank(problem, m, result));
    }
    const bool directed =
        std::any_of(found.learned.edges.begin(), found.learned.edges.end(),
                    [](const Edge& edge) { return edge.mark_target == Mark::kArrow; });
    if (!problem.order_given && restarts == 1 && directed) {
      found.warnings.push_back(
          {"one_order",
           "the order of the modalities was searched once: its directions are surer where several "
           "restarts agree; raise train.restarts (--restarts 3)"});
    }
    found.model =
        std::make_unique<StagedModel>(context.study.modalities, std::move(result.coders),
                                      best.density, problem.modality_of_unit, problem.shared);
    return found;
  }

  std::unique_ptr<FittedModel> load(const ModelFile& file, const nlohmann::ordered_json& json,
                                    const Model::Impl& model) const override {
    return load_staged(file, json, model);
  }

 private:
  static Warning low_rank(const StagedProblem& problem, std::size_t m, const StagedResult& result) {
    const int code = result.coders[m].autoencoder.code();
    return {"low_rank",
            fmt::format("modality '{}': its columns vary in {} independent directions, latents + "
                        "private (+ shared) are {}: the rest can only be bends of these; lower "
                        "'private' ('polycause select' says how wide a code has to be)",
                        problem.names[m], code - result.coders[m].lacking, code)};
  }

  /// Edges between latents that are reported, by their places among those.
  static std::vector<LatentPair> edges_of(const LatentLayout& layout, const Candidate& candidate) {
    std::vector<LatentPair> edges;
    for (std::size_t e = 0; e < candidate.edges.size(); ++e) {
      const LatentPair& pair = candidate.density.shape().pairs[e];
      if (!candidate.edges[e] || layout.is_copy(static_cast<std::size_t>(pair.target))) continue;
      edges.push_back({layout.place(pair.source), layout.place(pair.target)});
    }
    return edges;
  }

  static Graph without_copies(Graph graph, const LatentLayout& layout) {
    if (layout.reported().size() == layout.total()) return graph;
    Graph kept;
    for (const std::size_t latent : layout.reported()) kept.nodes.push_back(graph.nodes[latent]);
    for (Edge& edge : graph.edges) {
      if (layout.is_copy(edge.target)) continue;
      edge.source = static_cast<std::size_t>(layout.place(static_cast<int>(edge.source)));
      edge.target = static_cast<std::size_t>(layout.place(static_cast<int>(edge.target)));
      kept.edges.push_back(std::move(edge));
    }
    return kept;
  }

  static std::string prior_of(const Candidate& candidate) {
    return candidate.density.shape().prior == PriorKind::kAdditive ? "additive" : "general";
  }
};

}  // namespace

const Method& staged_method() {
  static const Staged method;
  return method;
}

}  // namespace polycause
