#include "methods/prune.h"

#include "model/additive_fit.h"

namespace polycause {
namespace {

constexpr std::size_t kPruneRows = 20000;  // of training and of held-out participants

}  // namespace

std::vector<bool> prune(const Candidate& candidate, const StagedProblem& problem,
                        double threshold) {
  AdditiveScores scores(candidate.parts.z, static_cast<std::size_t>(candidate.density.latents()),
                        problem.complete.train, problem.complete.validation, kPruneRows,
                        problem.conditions);
  const std::vector<LatentPair>& pairs = candidate.density.shape().pairs;
  std::vector<bool> kept = candidate.edges;
  for (int i = 0; i < candidate.density.latents(); ++i) {
    while (true) {
      std::vector<std::size_t> parents;
      for (std::size_t e = 0; e < pairs.size(); ++e) {
        if (kept[e] && pairs[e].target == i)
          parents.push_back(static_cast<std::size_t>(pairs[e].source));
      }
      if (parents.empty()) break;
      const double full = scores.validation_nll(static_cast<std::size_t>(i), parents);
      double least = 0;  // gain less its threshold
      std::size_t weakest = pairs.size();
      for (std::size_t e = 0; e < pairs.size(); ++e) {
        if (!kept[e] || pairs[e].target != i) continue;
        std::vector<std::size_t> fewer;
        for (const std::size_t p : parents) {
          if (p != static_cast<std::size_t>(pairs[e].source)) fewer.push_back(p);
        }
        const double gain =
            scores.validation_nll(static_cast<std::size_t>(i), fewer) - full - threshold;
        if (gain < least) {
          least = gain;
          weakest = e;
        }
      }
      if (weakest == pairs.size()) break;
      kept[weakest] = false;
    }
  }
  return kept;
}

}  // namespace polycause
