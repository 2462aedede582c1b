#include "methods/pima.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/parallel.h"
#include "base/random.h"
#include "base/stopwatch.h"
#include "methods/agreement.h"
#include "methods/module_errors.h"
#include "methods/pima_model.h"
#include "methods/pima_problem.h"
#include "methods/problem.h"
#include "methods/standards.h"
#include "model/latent_grid.h"
#include "networks/networks.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/evaluate_features.h"
#include "train/checkpoint.h"
#include "train/watch.h"

namespace polycause {
namespace {

constexpr double kReproducible = 0.9;  // agreement of features below this is called unstable
constexpr double kCollapsed = 0.1;     // share of the outcomes' entropy that the latents tell
constexpr double kEmpty = 1;           // participants

struct Restart {
  std::unique_ptr<PimaModel> network;
  PimaCode code;
  std::vector<int> features;  ///< (n, L), -1 = unknown
};

PimaGrid grid_of(const float* latents, std::size_t count, std::size_t width,
                 const std::vector<int>& outcomes, std::uint64_t seed, std::size_t threads,
                 const Watch& watch) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> x(latents, static_cast<Eigen::Index>(count),
                                 static_cast<Eigen::Index>(width));
  const GridSearch found = search_latent_grid(x, outcomes, seed, threads, [&] { watch.check(); });
  const auto flat = [](const Rows& m) { return std::vector<float>(m.data(), m.data() + m.size()); };
  return {flat(found.coordinates),          flat(found.rest),
          flat(found.responsibilities),     flat(found.positions.cast<float>()),
          flat(found.spread.cast<float>()), found.divergence};
}

Restart fit_restart(const PimaProblem& problem, const std::vector<PimaInput>& inputs,
                    PimaOptions settings, std::size_t index, std::uint64_t seed,
                    std::size_t threads, const Checkpoint& checkpoint, Watch& watch) {
  const std::string unit = fmt::format("restart{}/pima", index);
  Restart restart;
  if (const std::optional<UnitState> stored = checkpoint.load(unit)) {
    for (const Metric& m : stored->metrics) watch.metric(m.series, m.step, m.value);
    watch.advance(unit, 1);
    restart.network = networks().restore_pima(inputs, settings, stored->values);
  } else {
    settings.seed = Random(seed, unit).bits();
    settings.grid = [&](const float* latents, std::size_t count, std::size_t width,
                        const std::vector<int>& outcomes) {
      return grid_of(latents, count, width, outcomes, settings.seed, threads, watch);
    };
    UnitState state;
    double advanced = 0;
    settings.metric = [&](const std::string& series, long epoch, double value) {
      watch.check();
      state.metrics.push_back({fmt::format("restart{}/{}", index, series), epoch, value});
      watch.metric(state.metrics.back().series, epoch, value);
    };
    settings.advance = [&](double share) {
      watch.check();
      advanced += share;
      watch.advance(unit, share);
    };
    restart.network = with_module_errors([&] {
      return networks().fit_pima(inputs, problem.split.train, problem.split.validation, settings);
    });
    watch.advance(unit, std::max(0.0, 1 - advanced));
    state.values = restart.network->values();
    state.finished = true;
    checkpoint.save(unit, state);
  }
  restart.code = encoded(*restart.network, inputs, problem.data.participants);
  const FeatureNetwork network = feature_network(settings.outcomes, restart.network->network());
  const std::vector<std::string> ids(problem.data.participants);
  const Table table = features_table(restart.code.gamma, network, ids);
  for (std::size_t d = 0; d < ids.size(); ++d) {
    for (std::size_t i = 0; i < settings.outcomes.size(); ++i) {
      const double value = table.columns[2 * i].values[d];
      restart.features.push_back(std::isnan(value) ? -1 : static_cast<int>(value));
    }
  }
  return restart;
}

/// Of latents that every modality shows.
std::vector<Standard> standards_of(const Study& study, const std::vector<float>& mean,
                                   std::size_t width) {
  std::vector<const Table*> shown_by;
  for (const Modality& m : study.modalities) shown_by.push_back(&m.table);
  std::vector<Standard> out = standards(mean, width);
  for (std::size_t k = 0; k < width; ++k) out[k].sign = readable_sign(mean, width, k, shown_by);
  return out;
}

/// The class of the network: a direction is stated where every equivalent network has it.
Graph learned_graph_of(const std::vector<Restart>& restarts, std::size_t reported,
                       const std::vector<int>& outcomes, const FeatureNetwork& network) {
  Graph graph;
  for (const FeatureNode& node : network.nodes)
    graph.nodes.push_back({node.name, "features", "latent"});
  const PimaNetwork& own = restarts[reported].network->network();
  const std::size_t nodes = outcomes.size();
  const std::vector<bool> identified = identified_edges(own.parents, nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = 0; j < nodes; ++j) {
      if (!own.parents[i * nodes + j]) continue;
      Edge edge;
      edge.source = i;
      edge.target = j;
      edge.kind = "learned";
      edge.strength = own.edges[i * nodes + j];
      if (!identified[i * nodes + j]) edge.mark_target = Mark::kTail;
      if (restarts.size() > 1) edge.stability = 0;
      graph.edges.push_back(edge);
    }
  }
  for (std::size_t r = 0; r < restarts.size(); ++r) {
    if (r == reported) continue;
    std::vector<std::size_t> partner;
    feature_agreement(restarts[reported].features, outcomes, restarts[r].features, outcomes,
                      &partner);
    const std::vector<bool>& other = restarts[r].network->network().parents;
    for (Edge& edge : graph.edges) {
      const std::size_t a = partner[edge.source];
      const std::size_t b = partner[edge.target];
      if (other[a * nodes + b] || other[b * nodes + a])
        edge.stability += 1.0 / static_cast<double>(restarts.size() - 1);
    }
  }
  return graph;
}

std::vector<ClusterMeans> decoded_means(const PimaProblem& problem, const Model::Impl& model,
                                        const PimaModel& network) {
  const std::size_t clusters = network.network().joint.size();
  std::vector<float> own(clusters * clusters, 0.0f);  // every cluster is surely itself
  for (std::size_t c = 0; c < clusters; ++c) own[c * clusters + c] = 1;
  std::vector<ClusterMeans> all;
  for (std::size_t m = 0; m < problem.shapes.inputs.size(); ++m) {
    const PimaInput& input = problem.shapes.inputs[m];
    ClusterMeans means;
    means.modality = input.name;
    means.kind = model.modalities[m].kind;
    means.explained = network.quality().explained[m];
    means.predicted = network.quality().predicted[m];
    std::vector<float> values(clusters * input.shape.size());
    network.decode(m, network.means().data(), own.data(), clusters, values.data());
    if (model.modalities[m].blocks) {
      means.shape = input.shape;
      means.values = std::move(values);
    } else if (input.expert != nullptr) {
      for (const Column& c : model.modalities[m].table.columns) means.columns.push_back(c.name);
      means.values = std::move(values);
    } else {
      const Table table = model.encodings[m].expected(values, std::vector<std::string>(clusters));
      for (const Column& c : table.columns) means.columns.push_back(c.name);
      for (std::size_t c = 0; c < clusters; ++c) {
        for (const Column& column : table.columns)
          means.values.push_back(static_cast<float>(column.values[c]));
      }
    }
    if (input.expert != nullptr) {
      means.parameter_names = input.expert->parameter_names();
      means.parameters = network.parameters(m);
    }
    all.push_back(std::move(means));
  }
  return all;
}

void warn(const Features& features, const std::vector<double>& agreement, Fit& fit) {
  std::size_t empty = 0;
  double people = 0;
  double entropy = 0;
  for (const double n : features.occupation) {
    empty += n < kEmpty;
    people += n;
  }
  for (const double n : features.occupation)
    entropy -= n > 0 ? n / people * std::log(n / people) : 0;
  if (empty > 0) {
    fit.warnings.push_back(
        {"empty_cluster",
         fmt::format(
             "{} of {} joint outcomes are expected in fewer than one participant: what they "
             "look like is extrapolated from the others; fewer features or outcomes "
             "(method.nodes, method.outcomes), or more participants, may help",
             empty, features.occupation.size())});
  }
  if (!(features.information > kCollapsed * entropy) || !(entropy > 0.05)) {
    fit.warnings.push_back(
        {"collapse",
         fmt::format("the latents hardly tell the clusters apart ({:.2f} of {:.2f} nat): the "
                     "features are not to be used; try another seed, more train.pretrain_epochs or "
                     "fewer clusters",
                     features.information, entropy)});
  }
  for (std::size_t i = 0; i < agreement.size(); ++i) {
    if (agreement[i] >= kReproducible) continue;
    fit.warnings.push_back(
        {"unstable_feature",
         fmt::format("{}: restarts agree only in {:.2f} of the participants (expected at least "
                     "{}); do not interpret it; fewer features or outcomes may help",
                     features.network.nodes[i].name, agreement[i], kReproducible)});
  }
}

}  // namespace

Fit train_pima(const Study& study, const FitOptions& options, Observer* observer) {
  Stopwatch clock;
  Fit fit;
  Model::Impl& model = fit.model.impl();
  const PimaProblem problem = problem_of_pima(study, model);
  const PimaOptions settings = pima_options(options, problem);
  const std::vector<PimaInput> inputs = with_readers(problem.shapes, model, problem.data);
  const auto count = static_cast<std::size_t>(options.restarts);
  Watch watch(observer, static_cast<double>(count));
  const Checkpoint checkpoint(
      options.checkpoint_dir,
      options.checkpoint_dir.empty() ? 0 : fingerprint_of(problem.identity, options));
  fit.seconds.emplace_back("encode", clock.lap());
  std::vector<Restart> restarts(count);
  const std::size_t threads = thread_count(static_cast<long>(options.threads));
  parallel_for(count, std::min(threads, count), [&](std::size_t r) {
    restarts[r] = fit_restart(problem, inputs, settings, r, options.seed,
                              std::max<std::size_t>(1, threads / count), checkpoint, watch);
  });
  fit.seconds.emplace_back("train", clock.lap());

  // The bound is nearly all reconstruction; where clusters began on a grid, how well that fits says
  // more of the features' names. Else held-out bounds compare, on the same data.
  std::size_t best = 0;
  const auto better = [&](const PimaQuality& a, const PimaQuality& b) {
    if (std::isfinite(a.divergence) && std::isfinite(b.divergence))
      return a.divergence < b.divergence;
    return a.objective > b.objective;
  };
  for (std::size_t r = 1; r < count; ++r) {
    if (better(restarts[r].network->quality(), restarts[best].network->quality())) best = r;
  }
  const PimaModel& network = *restarts[best].network;
  const auto width = static_cast<std::size_t>(network.latents());
  model.latents = standards_of(study, restarts[best].code.mean, width);
  auto features = std::make_shared<Features>();
  features->network = feature_network(settings.outcomes, network.network());
  features->occupation = network.quality().occupation;
  features->bound = network.quality().bound;
  features->information = network.quality().information;
  features->decoded = decoded_means(problem, model, network);
  for (std::size_t k = 0; k < network.means().size(); ++k) {
    const Standard& s = model.latents[k % width];
    features->means.push_back(s.sign * (static_cast<double>(network.means()[k]) - s.mean) / s.sd);
    features->deviations.push_back(std::sqrt(static_cast<double>(network.variances()[k])) / s.sd);
  }
  fit.encoding.latents = shared_latents_table(restarts[best].code.mean, model.latents, study.ids);
  for (Table* t : {&fit.encoding.private_parts, &fit.encoding.exogenous, &fit.encoding.predicted})
    t->ids = study.ids;
  fit.encoding.features = features_table(restarts[best].code.gamma, features->network, study.ids);
  fit.encoding.responsibilities =
      responsibilities_table(restarts[best].code.gamma, features->network, study.ids);
  fit.learned = learned_graph_of(restarts, best, settings.outcomes, features->network);
  fit.reconstruction_r2 = network.quality().explained;
  for (std::size_t k = 0; k < width; ++k)
    fit.latents.push_back(
        {fmt::format("shared.z{}", k + 1), 1, 1, 0, std::numeric_limits<double>::quiet_NaN()});
  std::vector<double> same(settings.outcomes.size(), 0.0);
  for (std::size_t r = 0; r < count; ++r) {
    const PimaModel& other = *restarts[r].network;
    Branch branch;
    branch.name = fmt::format("restart{}", r);
    branch.objective = -other.quality().objective;
    branch.negative_log_likelihood = -other.quality().bound;
    const std::vector<bool>& parents = other.network().parents;
    branch.edges = static_cast<std::size_t>(std::count(parents.begin(), parents.end(), true));
    branch.selected = r == best;
    if (r != best) {
      const std::vector<double> each = feature_agreement(restarts[best].features, settings.outcomes,
                                                         restarts[r].features, settings.outcomes);
      branch.agreement =
          std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(each.size());
      for (std::size_t i = 0; i < each.size(); ++i)
        same[i] += each[i] / static_cast<double>(count - 1);
      const std::vector<double> z = matched_agreement(
          restarts[best].code.mean, restarts[r].code.mean, {static_cast<int>(width)});
      for (std::size_t k = 0; k < width; ++k) {
        LatentReport& latent = fit.latents[k];
        const auto seen = static_cast<double>(latent.replicates);
        latent.agreement = (latent.agreement * seen + z[k]) / (seen + 1);
        latent.agreement_min = std::min(latent.agreement_min, z[k]);
        ++latent.replicates;
      }
      fit.replicate_names.push_back(branch.name);
      fit.replicates.push_back(shared_latents_table(
          restarts[r].code.mean, standards_of(study, restarts[r].code.mean, width), study.ids));
    }
    fit.branches.push_back(branch);
  }
  if (count > 1)
    features->agreement =
        std::accumulate(same.begin(), same.end(), 0.0) / static_cast<double>(same.size());
  warn(*features, count > 1 ? same : std::vector<double>(), fit);
  for (std::size_t m = 0; m < features->decoded.size(); ++m) {
    const ClusterMeans& means = features->decoded[m];
    if (std::isfinite(means.predicted))
      fit.checks.emplace_back(fmt::format("predicted_r2/{}", means.modality), means.predicted);
  }
  fit.checks.emplace_back("bound", features->bound);
  fit.checks.emplace_back("information", features->information);
  if (std::isfinite(network.quality().divergence))
    fit.checks.emplace_back("grid_divergence", network.quality().divergence);
  fit.features = std::move(features);
  model.fitted =
      std::make_unique<PimaFitted>(problem.shapes, settings, std::move(restarts[best].network));
  fit.seconds.emplace_back("finish", clock.lap());
  return fit;
}

}  // namespace polycause
