// polycause::train: restarts, choice of the restart to report, certificate, warnings, model.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.h"
#include "base/stopwatch.h"
#include "methods/agreement.h"
#include "methods/certificate.h"
#include "methods/checks.h"
#include "methods/method.h"
#include "methods/model_impl.h"
#include "methods/pima.h"
#include "methods/problem.h"
#include "methods/staged.h"
#include "methods/standards.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/model.h"

namespace polycause {
namespace {

constexpr double kReproducible = 0.9;  // agreement below this is called unstable
constexpr double kTie = 0.05;          // nat: rivals closer than this are not told apart

/// Every latent goes up with the measured column that it goes with most.
void choose_signs(const Study& study, Model::Impl& model, const std::vector<float>& z) {
  std::size_t j = 0;
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    std::vector<const Table*> shown_by;
    for (const std::size_t member : study.modalities[m].members)  // of shared latents
      shown_by.push_back(&study.modalities[member].table);
    if (shown_by.empty()) shown_by = {&study.modalities[m].table};
    for (std::size_t k = 0; k < model.modalities[m].latents; ++k, ++j)
      model.latents[j].sign = readable_sign(z, model.latents.size(), j, shown_by);
  }
}

double mean_of(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(1, v.size()));
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

/// Every other solution, matched latent by latent: branches, replicates, agreement, ties.
void add_evidence(const Findings& found, const Study& study, const StagedProblem& problem,
                  Fit& fit) {
  const Solution& best = found.restarts[found.reported][0];
  std::vector<std::string> names;
  for (const Column& c : fit.encoding.latents.columns) names.push_back(c.name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    fit.latents.push_back(
        {names[i], 1, 1, 0,
         explained(fit.encoding.latents.columns[i].values, fit.encoding.predicted.columns[i].values,
                   problem.complete.validation)});
  }
  for (std::size_t r = 0; r < found.restarts.size(); ++r) {
    for (std::size_t c = 0; c < found.restarts[r].size(); ++c) {
      const Solution& other = found.restarts[r][c];
      const bool self = r == found.reported && c == 0;
      const std::vector<double> each =
          self ? std::vector<double>(names.size(), 1.0)
               : matched_agreement(best.parts.z, other.parts.z, problem.latents);
      Branch branch;
      branch.name = other.name;
      branch.prior = other.prior;
      branch.objective = other.objective;
      branch.negative_log_likelihood = other.nll;
      branch.edges = other.edges;
      branch.selected = self;
      branch.agreement = mean_of(each);
      fit.branches.push_back(branch);
      const bool rival = r == found.reported && c > 0;
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
      if (self || (rival && !tie) || (c > 0 && r != found.reported)) continue;
      for (std::size_t i = 0; i < names.size(); ++i) {
        LatentReport& latent = fit.latents[i];
        latent.agreement = (latent.agreement * static_cast<double>(latent.replicates) + each[i]) /
                           static_cast<double>(latent.replicates + 1);
        latent.agreement_min = std::min(latent.agreement_min, each[i]);
        ++latent.replicates;
        latent.rivals += rival ? 1 : 0;
      }
      Table replicate = encoding_of(fit.model.impl(), other.parts, study.ids).latents;
      fit.replicate_names.push_back(other.name);
      fit.replicates.push_back(std::move(replicate));
    }
  }
  for (const LatentReport& latent : fit.latents) {
    if (latent.replicates == 0 || latent.agreement >= kReproducible) continue;
    const bool repeated = latent.replicates > latent.rivals;
    std::string text;
    if (repeated) {
      text = fmt::format(
          "{}: restarts{} agree only to {:.2f} (expected at least {}); do not interpret it; fewer "
          "latents in its modality, or more participants, may help",
          latent.name, latent.rivals > 0 ? " and rival solutions" : "", latent.agreement,
          kReproducible);
    } else {
      text = fmt::format(
          "{}: a rival solution of the same fit has another variable in its place (agreement "
          "{:.2f}, expected at least {}); do not interpret it; the fit was made once, so that it "
          "is "
          "not known whether it comes back: repeat it (--restarts 3)",
          latent.name, latent.agreement, kReproducible);
    }
    fit.warnings.push_back({"unstable_latent", text});
  }
}

/// Rows of one group (windows, visits of a person) are no further evidence.
void certify(const Study& study, std::vector<LatentReport>& latents) {
  const std::size_t people = study.people();
  for (LatentReport& latent : latents) {
    const Certificate certificate = certificate_of(latent, people);
    latent.expected = certificate.expected;
    latent.expected_low = certificate.low;
  }
}

void check_shared(const Study& study, const std::string& method) {
  const bool shared = std::any_of(study.modalities.begin(), study.modalities.end(),
                                  [](const Modality& m) { return m.kind == "shared"; });
  if (!shared || method == "staged") return;
  throw ConfigError(
      fmt::format("method.name: '{}' knows no shared latents, and the study has [[shared]]; "
                  "expected \"staged\"; choose it, or remove the section",
                  method));
}

}  // namespace

Fit train(const Study& study, const FitOptions& options, Observer* observer) {
  check_settings(options);
  check_shared(study, options.method);
  if (options.method == "pima") return train_pima(study, options, observer);
  Stopwatch clock;
  Fit fit;
  Model::Impl& model = fit.model.impl();
  StagedProblem problem = problem_of(study, model);
  const Method& method = method_named(options.method);
  method.adapt(study, options, problem, model);
  if (names_of(model.modalities).empty()) {
    throw ConfigError(
        "study: no modality has latents; expected some, since they are what a fit finds; set "
        "'latents' of at least one modality");
  }
  fit.seconds.emplace_back("encode", clock.lap());
  Watch watch(observer, static_cast<double>(options.restarts) * method.work(problem, options));
  const Checkpoint checkpoint(options.checkpoint_dir, options.checkpoint_dir.empty()
                                                          ? 0
                                                          : fingerprint_of(problem, options));
  Findings found =
      method.fit({study, problem, options, names_of(model.modalities),
                  thread_count(static_cast<long>(options.threads)), checkpoint, watch});
  fit.seconds.emplace_back("train", clock.lap());

  const Solution& best = found.restarts[found.reported][0];
  const std::vector<int> latents = latents_of(model);
  const auto total = static_cast<std::size_t>(std::accumulate(latents.begin(), latents.end(), 0));
  model.fitted = std::move(found.model);
  model.latents = standards(best.parts.z, total);
  choose_signs(study, model, best.parts.z);
  model.exogenous = standards(best.parts.eps, total);
  for (std::size_t i = 0; i < total; ++i) model.exogenous[i].sign = model.latents[i].sign;
  model.prediction = CrossPrediction(best.parts.z, latents, problem.complete.train,
                                     one_source(model.modalities), problem.groups);
  fit.encoding = encoding_of(model, best.parts, study.ids);
  fit.encoding.predicted = predicted_of(model, best.parts.z, problem.present, study.ids);
  fit.reconstruction_r2 = found.explained;
  fit.prior = best.prior;
  fit.learned = std::move(found.learned);
  fit.warnings = std::move(found.warnings);
  add_evidence(found, study, problem, fit);
  run_checks(problem, best.parts, found.edges, found.canonical, model, fit);
  if (options.method == "staged") certify(study, fit.latents);
  fit.seconds.emplace_back("finish", clock.lap());
  return fit;
}

}  // namespace polycause
