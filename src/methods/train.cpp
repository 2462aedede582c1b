// polycause::train: restarts, choice of the restart to report, certificate, warnings, model.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"
#include "methods/agreement.h"
#include "methods/checks.h"
#include "methods/learned_graph.h"
#include "methods/model_impl.h"
#include "methods/problem.h"
#include "methods/staged.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/model.h"

namespace polycause {
namespace {

constexpr double kReproducible = 0.9;  // agreement below this is called unstable
constexpr double kTie = 0.05;          // nat: rivals closer than this are not told apart
constexpr std::size_t kSignRows = 5000;

/// Mean and sd over all participants who have a value, and for latents the sign by the strongest
/// own column.
std::vector<Standard> standards(const std::vector<float>& values, std::size_t width) {
  const std::size_t n = values.size() / width;
  std::vector<Standard> out(width);
  for (std::size_t j = 0; j < width; ++j) {
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(values[i * width + j])) continue;
      sum += static_cast<double>(values[i * width + j]);
      ++known;
    }
    const double mean = sum / static_cast<double>(std::max<std::size_t>(1, known));
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(values[i * width + j])) continue;
      const double d = static_cast<double>(values[i * width + j]) - mean;
      squares += d * d;
    }
    out[j].mean = mean;
    out[j].sd =
        std::sqrt(std::max(1e-12, squares / static_cast<double>(std::max<std::size_t>(1, known))));
  }
  return out;
}

void choose_signs(const Study& study, const std::vector<float>& z, std::vector<Standard>& latents) {
  const std::size_t step = std::max<std::size_t>(1, study.participants() / kSignRows);
  std::size_t j = 0;
  for (const Modality& m : study.modalities) {
    for (std::size_t k = 0; k < m.latents; ++k, ++j) {
      std::vector<double> x;
      for (std::size_t i = 0; i < study.participants(); i += step) {
        x.push_back(static_cast<double>(z[i * latents.size() + j]));
      }
      double strongest = 0;
      for (const Column& c : m.table.columns) {
        if (c.type == ColumnType::kCategorical) continue;  // its codes have no direction
        std::vector<double> y;
        for (std::size_t i = 0; i < study.participants(); i += step) y.push_back(c.values[i]);
        const double r = spearman(x, y);
        if (std::isfinite(r) && std::fabs(r) > std::fabs(strongest)) strongest = r;
      }
      if (strongest < 0) latents[j].sign = -1;
    }
  }
}

double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, v.size()));
}

/// The restart that agrees best with the others: no truth is needed, and a run that went astray
/// alone is never reported.
std::size_t most_typical(const std::vector<StagedResult>& results, const StagedProblem& problem) {
  std::size_t best = 0;
  double highest = -1;
  for (std::size_t a = 0; a < results.size() && results.size() > 2; ++a) {
    double total = 0;
    for (std::size_t b = 0; b < results.size(); ++b) {
      if (a == b) continue;
      total += mean_of(matched_agreement(results[a].candidates[0].parts.z,
                                         results[b].candidates[0].parts.z, problem.latents));
    }
    if (total > highest + 1e-9) {
      highest = total;
      best = a;
    }
  }
  return best;
}

/// R2 of a prediction over `rows`; NaN for fewer than three.
double explained(const std::vector<double>& values, const std::vector<double>& predicted,
                 const std::vector<std::uint32_t>& rows) {
  double mean = 0;
  for (const std::uint32_t row : rows) mean += values[row] / static_cast<double>(rows.size());
  double total = 0;
  double rest = 0;
  for (const std::uint32_t row : rows) {
    total += (values[row] - mean) * (values[row] - mean);
    rest += (values[row] - predicted[row]) * (values[row] - predicted[row]);
  }
  return rows.size() < 3 ? std::numeric_limits<double>::quiet_NaN() : 1 - rest / total;
}

class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

Fit train(const Study& study, const FitOptions& options, Observer* observer) {
  check_settings(options);
  Stopwatch clock;
  Fit fit;
  Model::Impl& model = fit.model.impl();
  const StagedProblem problem = problem_of(study, model);
  fit.seconds.emplace_back("encode", clock.lap());
  const auto restarts = static_cast<std::size_t>(options.restarts);
  Watch watch(observer, static_cast<double>(restarts) * staged_work(problem, options));
  const Checkpoint checkpoint(options.checkpoint_dir, options.checkpoint_dir.empty()
                                                          ? 0
                                                          : fingerprint_of(problem, options));
  const std::size_t threads = thread_count(static_cast<long>(options.threads));
  std::vector<StagedResult> results(restarts);
  const std::size_t outer = std::min(threads, restarts);
  parallel_for(restarts, outer, [&](std::size_t r) {
    results[r] = fit_staged(problem, options, options.seed, fmt::format("restart{}", r),
                            std::max<std::size_t>(1, threads / outer), checkpoint, watch);
  });
  fit.seconds.emplace_back("train", clock.lap());

  const std::size_t reported = most_typical(results, problem);
  StagedResult& result = results[reported];
  Candidate& best = result.candidates[0];
  best.density.close_gates(best.edges);
  best.parts = best.density.decompose(codes_of(result.coders, problem), {});
  model.latents = standards(best.parts.z, static_cast<std::size_t>(best.density.latents()));
  choose_signs(study, best.parts.z, model.latents);
  model.exogenous = standards(best.parts.eps, model.latents.size());
  for (std::size_t i = 0; i < model.latents.size(); ++i)
    model.exogenous[i].sign = model.latents[i].sign;
  model.density.push_back(best.density);
  model.prediction = CrossPrediction(best.parts.z, latents_of(model), problem.complete.train);
  fit.encoding = encoding_of(model, best.parts, study.ids);
  fit.encoding.predicted = predicted_of(model, best.parts.z, problem.present, study.ids);
  for (const Coder& coder : result.coders) fit.reconstruction_r2.push_back(coder.explained);
  model.coders = std::move(result.coders);
  fit.prior = best.density.shape().prior == PriorKind::kAdditive ? "additive" : "general";

  std::vector<std::string> names;
  for (const Column& c : fit.encoding.latents.columns) names.push_back(c.name);
  std::vector<const Candidate*> others;
  for (std::size_t r = 0; r < restarts; ++r) {
    if (r != reported) others.push_back(&results[r].candidates[0]);
  }
  std::vector<std::string> unit_names;
  for (const std::size_t m : problem.modality_of_unit) unit_names.push_back(problem.names[m]);
  fit.learned = learned_graph(best, others, names, unit_names);

  // Evidence: every other solution, matched latent by latent.
  for (std::size_t i = 0; i < names.size(); ++i) {
    fit.latents.push_back(
        {names[i], 1, 1, 0,
         explained(fit.encoding.latents.columns[i].values, fit.encoding.predicted.columns[i].values,
                   problem.complete.validation)});
  }
  for (std::size_t r = 0; r < restarts; ++r) {
    for (std::size_t c = 0; c < results[r].candidates.size(); ++c) {
      const Candidate& other = results[r].candidates[c];
      const bool self = r == reported && c == 0;
      const std::vector<double> each =
          self ? std::vector<double>(names.size(), 1.0)
               : matched_agreement(best.parts.z, other.parts.z, problem.latents);
      Branch branch;
      branch.name = other.name;
      branch.prior = other.density.shape().prior == PriorKind::kAdditive ? "additive" : "general";
      branch.objective = other.objective;
      branch.negative_log_likelihood = other.nll;
      branch.edges =
          static_cast<std::size_t>(std::count(other.edges.begin(), other.edges.end(), true));
      branch.selected = self;
      branch.agreement = mean_of(each);
      fit.branches.push_back(branch);
      const bool rival = r == reported && c > 0;
      // Objectives compare within a restart only: another restart has other codes.
      const bool tie =
          rival && branch.agreement < kDistinct && other.objective - best.objective < kTie;
      if (tie) {
        fit.warnings.push_back(
            {"tie", fmt::format("{} fits as well as the reported solution ({:.3f} nat apart) but "
                                "its latents agree "
                                "only to {:.2f}: the data do not tell them apart",
                                other.name, other.objective - best.objective, branch.agreement)});
      }
      if (self || (rival && !tie) || (c > 0 && r != reported)) continue;
      for (std::size_t i = 0; i < names.size(); ++i) {
        LatentReport& latent = fit.latents[i];
        latent.agreement = (latent.agreement * static_cast<double>(latent.replicates) + each[i]) /
                           static_cast<double>(latent.replicates + 1);
        latent.agreement_min = std::min(latent.agreement_min, each[i]);
        ++latent.replicates;
      }
      Table replicate = encoding_of(model, other.parts, study.ids).latents;
      fit.replicate_names.push_back(other.name);
      fit.replicates.push_back(std::move(replicate));
    }
  }
  for (const LatentReport& latent : fit.latents) {
    if (latent.replicates > 0 && latent.agreement < kReproducible) {
      fit.warnings.push_back(
          {"unstable_latent", fmt::format("{}: restarts agree only to {:.2f} (expected at least "
                                          "{}); do not interpret it; fewer "
                                          "latents in its modality, or more participants, may help",
                                          latent.name, latent.agreement, kReproducible)});
    }
  }
  run_checks(problem, best, result.code_canonical, model, fit);
  fit.seconds.emplace_back("finish", clock.lap());
  return fit;
}

}  // namespace polycause
