// joint, beta_vae, causal_vae, contrastive and gcarl as methods of `train`: the networks learn
// (networks/end_to_end.h); this file brings a study there and reports what they found.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "base/random.h"
#include "methods/agreement.h"
#include "methods/end_to_end_data.h"
#include "methods/end_to_end_model.h"
#include "methods/method.h"
#include "methods/module_errors.h"
#include "model/subspace.h"
#include "networks/networks.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kBlockStep = 20;  // a step with pictures or series beside one of tables

bool has_blocks(const StagedProblem& problem) {
  return std::any_of(problem.blocks.begin(), problem.blocks.end(),
                     [](const auto& blocks) { return blocks != nullptr; });
}

Observed observed(const StagedProblem& problem) {
  return {problem.participants, problem.cells, problem.blocks, problem.present};
}

std::vector<EndToEndInput> shapes_of(const StagedProblem& problem) {
  std::vector<EndToEndInput> inputs(problem.names.size());
  for (std::size_t m = 0; m < inputs.size(); ++m) {
    EndToEndInput& input = inputs[m];
    input.name = problem.names[m];
    input.latents = problem.latents[m];
    input.privates = problem.privates[m];
    input.network = problem.networks[m];
    if (problem.blocks[m]) {
      input.shape = problem.blocks[m]->shape();
    } else {
      input.width = problem.cells[m].width;
      input.masked = !problem.cells[m].present.empty();
    }
  }
  return inputs;
}

/// Per modality the smallest canonical correlation of its latents with those of the others.
std::vector<double> traces(const StagedProblem& problem, const std::vector<float>& z) {
  Codes codes;
  codes.participants = problem.participants;
  codes.present = problem.present;
  std::size_t total = 0;
  for (const int k : problem.latents) total += static_cast<std::size_t>(k);
  std::size_t first = 0;
  for (const int k : problem.latents) {
    const auto width = static_cast<std::size_t>(k);
    std::vector<double> mean;
    std::vector<double> map;
    whitening(z, total, first, k, problem.complete.train, mean, map);
    std::vector<float> u(problem.participants * width, 0.0f);
    for (std::size_t i = 0; i < problem.participants; ++i) {
      for (std::size_t a = 0; a < width; ++a) {
        double value = 0;
        for (std::size_t b = 0; b < width; ++b)
          value += (static_cast<double>(z[i * total + first + b]) - mean[b]) * map[b * width + a];
        u[i * width + a] = static_cast<float>(value);
      }
    }
    codes.width.push_back(k);
    codes.u.push_back(std::move(u));
    first += width;
  }
  std::vector<std::vector<double>> canonical;
  canonical_maps(codes, problem.complete.train, &canonical);
  std::vector<double> weakest;
  for (std::size_t m = 0; m < canonical.size(); ++m) {
    const auto last = static_cast<std::size_t>(problem.latents[m]) - 1;
    weakest.push_back(last < canonical[m].size() ? canonical[m][last] : 0.0);
  }
  return weakest;
}

/// One trained restart.
struct Trained {
  std::unique_ptr<EndToEndModel> network;
  EndToEndCodes codes;
};

/// Edges of the reported restart; stability: the share of the others that join the pair.
Graph graph_of(const std::vector<Trained>& restarts, std::size_t reported,
               const FitContext& context) {
  Graph graph;
  const std::vector<int>& latents = context.problem.latents;
  for (std::size_t m = 0, i = 0; m < latents.size(); ++m) {
    for (int k = 0; k < latents[m]; ++k, ++i)
      graph.nodes.push_back({context.names[i], context.problem.names[m], "latent"});
  }
  for (const EndToEndEdge& found : restarts[reported].network->edges()) {
    Edge edge;
    edge.source = static_cast<std::size_t>(found.source);
    edge.target = static_cast<std::size_t>(found.target);
    edge.kind = "learned";
    edge.strength = found.strength;
    if (!found.directed) edge.mark_target = Mark::kTail;
    if (restarts.size() > 1) edge.stability = 0;
    graph.edges.push_back(edge);
  }
  for (std::size_t r = 0; r < restarts.size(); ++r) {
    if (r == reported) continue;
    std::vector<std::size_t> partner;
    matched_agreement(restarts[reported].codes.z, restarts[r].codes.z, latents, &partner);
    for (Edge& edge : graph.edges) {
      const std::size_t source = partner[edge.source];
      const std::size_t target = partner[edge.target];
      for (const EndToEndEdge& other : restarts[r].network->edges()) {
        const auto from = static_cast<std::size_t>(other.source);
        const auto to = static_cast<std::size_t>(other.target);
        const bool same = from == source && to == target;
        if (!same && !(from == target && to == source)) continue;
        edge.stability += 1.0 / static_cast<double>(restarts.size() - 1);
        break;
      }
    }
  }
  return graph;
}

class EndToEnd : public Method {
 public:
  explicit EndToEnd(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

  void adapt(const Study& study, const FitOptions& options, StagedProblem& problem,
             Model::Impl& model) const override {
    if (problem.conditions.count > 0) {
      throw ConfigError(fmt::format(
          "study.condition_on: method '{}' takes no known causes; expected none, or method.name = "
          "\"staged\"; list them as covariates instead, so that they join the discovery",
          name_));
    }
    const std::size_t modalities = problem.names.size();
    if (name_ == "contrastive" && modalities != 2) {
      throw ConfigError(fmt::format(
          "method.name: 'contrastive' compares two modalities, the study has {}; expected two; "
          "leave the others out or use \"staged\"",
          modalities));
    }
    std::vector<int> latents;
    std::vector<int> privates;
    for (std::size_t m = 0; m < modalities; ++m) {
      const Modality& modality = study.modalities[m];
      if (problem.networks[m] == "streams") {
        throw ConfigError(fmt::format(
            "modality '{}': network \"streams\" belongs to method \"staged\"; expected small, "
            "resnet18, tcn or lstm for method '{}'; set its 'network'",
            modality.name, name_));
      }
      if (warm(options) && problem.blocks[m]) {
        throw ConfigError(fmt::format(
            "method.warm_start: \"staged\" starts tables only, modality '{}' is none; expected "
            "\"none\"",
            modality.name));
      }
      const auto z = static_cast<int>(modality.latents);
      const auto eta = static_cast<int>(modality.private_dims);
      latents.push_back(all_codes() ? z + eta : z);
      if (latents.back() == 0) {
        throw ConfigError(fmt::format(
            "modality '{}': it has no latents; method '{}' expects at least one of every modality; "
            "raise its 'latents', leave it out, or use \"staged\"",
            modality.name, name_));
      }
      privates.push_back(name_ == "joint" ? eta : 0);
      model.modalities[m].latents = static_cast<std::size_t>(latents[m]);
      model.modalities[m].private_dims = static_cast<std::size_t>(privates[m]);
    }
    if (name_ == "contrastive" && latents[0] != latents[1]) {
      throw ConfigError(fmt::format(
          "method.name: 'contrastive' compares the latents of two modalities one by one; found {} "
          "and {}; expected as many in both; set their 'latents' to one number",
          latents[0], latents[1]));
    }
    problem.latents = std::move(latents);
    problem.privates = std::move(privates);
    if (name_ == "causal_vae") {
      problem.labels = labels_of(options.labels, study, problem.split, names_of(model.modalities));
    }
  }

  double work(const StagedProblem& problem, const FitOptions& options) const override {
    const double batch = static_cast<double>(batch_of(problem, options));
    return start_of(problem, options) +
           static_cast<double>(options.epochs) * (has_blocks(problem) ? kBlockStep : 1.0) *
               std::ceil(static_cast<double>(problem.split.train.size()) / batch);
  }

  Findings fit(const FitContext& context) const override {
    const StagedProblem& problem = context.problem;
    const auto restarts = static_cast<std::size_t>(context.options.restarts);
    const std::vector<EndToEndInput> shapes = shapes_of(problem);
    const EndToEndOptions settings = settings_of(context);
    std::vector<Trained> trained(restarts);
    const Observed data = observed(problem);
    const std::vector<EndToEndInput> inputs = with_data(shapes, data);
    parallel_for(restarts, std::min(context.threads, restarts), [&](std::size_t r) {
      trained[r].network = train(context, inputs, settings, r);
      trained[r].codes = trained[r].network->encode(inputs, problem.participants);
    });
    Findings found;
    for (std::size_t r = 0; r < restarts; ++r) {
      const EndToEndModel& network = *trained[r].network;
      Solution solution;
      solution.name = fmt::format("restart{}", r);
      solution.parts = {trained[r].codes.z, trained[r].codes.eta, trained[r].codes.eps, {}};
      solution.objective = solution.nll = network.loss();
      solution.edges = network.edges().size();
      found.restarts.push_back({std::move(solution)});
    }
    found.reported = most_typical(found.restarts, problem.latents);
    Trained& best = trained[found.reported];
    found.learned = graph_of(trained, found.reported, context);
    for (const EndToEndEdge& edge : best.network->edges())
      found.edges.push_back({edge.source, edge.target});
    if (name_ == "joint" || name_ == "gcarl") found.canonical = traces(problem, best.codes.z);
    found.explained = best.network->explained();
    found.model = std::make_unique<EndToEndFitted>(shapes, settings, std::move(best.network));
    warn(context, found);
    return found;
  }

  std::unique_ptr<FittedModel> load(const ModelFile& file, const nlohmann::ordered_json& json,
                                    const Model::Impl& model) const override {
    return EndToEndFitted::load(name_, file, json, model);
  }

 private:
  /// The method does not tell z from eta: all codes of a modality are its latents.
  bool all_codes() const { return name_ == "beta_vae" || name_ == "causal_vae"; }

  bool warm(const FitOptions& options) const {
    return name_ == "joint" && options.warm_start == "staged";
  }
  double start_of(const StagedProblem& problem, const FitOptions& options) const {
    return warm(options) ? start_work(problem, options) : 0;
  }

  static std::size_t batch_of(const StagedProblem& problem, const FitOptions& options) {
    return static_cast<std::size_t>(has_blocks(problem) ? options.network_batch : options.batch);
  }

  EndToEndOptions settings_of(const FitContext& context) const {
    const FitOptions& options = context.options;
    EndToEndOptions settings;
    settings.method = name_;
    settings.width = static_cast<int>(options.autoencoder_width);
    settings.epochs = static_cast<int>(options.epochs);
    settings.patience = static_cast<int>(options.patience);
    settings.batch = batch_of(context.problem, options);
    settings.rate = has_blocks(context.problem) ? options.network_rate : options.learning_rate;
    settings.beta = options.beta;
    settings.alpha_reconstruction = options.alpha_reconstruction;
    settings.alpha_independence = options.alpha_independence;
    settings.alpha_sparsity = options.alpha_sparsity;
    settings.threshold_gates = options.gates == "threshold";
    settings.moments = options.divergence == "moments";
    settings.spline = options.flow == "spline";
    settings.ordered = context.problem.order_given;
    settings.participants = context.problem.participants;
    settings.labels = context.problem.labels;
    return settings;
  }

  std::unique_ptr<EndToEndModel> train(const FitContext& context,
                                       const std::vector<EndToEndInput>& inputs,
                                       EndToEndOptions settings, std::size_t restart) const {
    const std::string unit = fmt::format("restart{}/{}", restart, name_);
    const double start = start_of(context.problem, context.options);
    const double work = this->work(context.problem, context.options) - start;
    if (std::optional<UnitState> stored = context.checkpoint.load(unit)) {
      // The start is read from its own checkpoints, for its curves.
      if (warm(context.options)) codes_to_start(context, restart);
      for (const Metric& m : stored->metrics) context.watch.metric(m.series, m.step, m.value);
      context.watch.advance(unit, work);
      return networks().restore_end_to_end(inputs, settings, stored->values);
    }
    if (warm(context.options)) settings.start = codes_to_start(context, restart);
    Random random(context.options.seed, unit + "/init");
    settings.seed = random.bits();
    UnitState state;
    double advanced = 0;
    settings.metric = [&](const std::string& series, long epoch, double value) {
      context.watch.check();
      state.metrics.push_back({unit + "/" + series, epoch, value});
      context.watch.metric(state.metrics.back().series, epoch, value);
    };
    settings.advance = [&](double share) {
      advanced += share * work;
      context.watch.advance(unit, share * work);
    };
    std::unique_ptr<EndToEndModel> network;
    network = with_module_errors(
        [&] {
          return networks().fit_end_to_end(inputs, context.problem.split.train,
                                           context.problem.split.validation, settings);
        },
        "study: ", fmt::format("training '{}': ", unit));
    context.watch.advance(unit, work - advanced);  // stopped early
    state.values = network->values();
    state.finished = true;
    context.checkpoint.save(unit, state);
    return network;
  }

  void warn(const FitContext& context, Findings& found) const {
    if (all_codes()) {
      found.warnings.push_back(
          {"all_codes",
           fmt::format("'{}' does not tell latents from private parts: the latents of a modality "
                       "are all its codes, latents + private of them, and scores match over all",
                       name_)});
    }
    if (name_ == "joint" && !context.problem.order_given) {
      found.warnings.push_back(
          {"order",
           "'joint' takes the modalities as listed causes first, which study.order does not say: "
           "its edges are reported without a direction"});
    }
    if (!context.problem.labels.empty()) {
      const std::size_t width = context.names.size();
      std::size_t labelled = 0;
      for (std::size_t j = 0; j < width; ++j) {
        bool known = false;
        for (std::size_t i = j; i < context.problem.labels.size() && !known; i += width)
          known = std::isfinite(context.problem.labels[i]);
        labelled += known ? 1 : 0;
      }
      found.warnings.push_back(
          {"labelled", fmt::format("{} of {} latents were learned from labels (method.labels = "
                                   "\"{}\"): scores against these labels are no test",
                                   labelled, width, context.options.labels)});
    }
    if (name_ == "contrastive") {
      found.warnings.push_back(
          {"block_only",
           "'contrastive' finds what the modalities share up to an invertible map of all latents "
           "of a modality together: single latents mean nothing, and there is no graph"});
    }
  }

  std::string name_;
};

}  // namespace

const Method& end_to_end_method(const std::string& name) {
  static const EndToEnd joint("joint");
  static const EndToEnd beta_vae("beta_vae");
  static const EndToEnd causal_vae("causal_vae");
  static const EndToEnd contrastive("contrastive");
  static const EndToEnd gcarl("gcarl");
  for (const EndToEnd* method : {&joint, &beta_vae, &causal_vae, &contrastive}) {
    if (method->name() == name) return *method;
  }
  return gcarl;
}

}  // namespace polycause
