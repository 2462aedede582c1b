#include "discover/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "discover/choose_test.h"
#include "discover/engines.h"
#include "polycause/error.h"

namespace polycause {

bool uses_score(const DiscoverOptions& options) {
  return options.engine == "boss" || options.engine == "ges";
}

void check_options(const DiscoverOptions& options) {
  const auto check = [](const char* key, const std::string& value,
                        const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) != known.end()) return;
    throw ConfigError(fmt::format("discover.{} = \"{}\"; expected one of {}", key, value,
                                  fmt::join(known, ", ")));
  };
  check("engine", options.engine, engine_names());
  check("test", options.test, test_names());
  check("rule", options.rule, rule_names());
  check("score", options.score, score_names());
  if (options.score == "bdeu" && options.engine != "boss" && options.engine != "ges") {
    throw ConfigError(fmt::format(
        "discover.score: found \"bdeu\" with engine \"{}\"; expected boss or ges, the engines that "
        "maximise a score; choose one of these",
        options.engine));
  }
  if (!(options.alpha > 0 && options.alpha < 1)) {
    throw ConfigError(
        fmt::format("discover.alpha = {}; expected a number between 0 and 1", options.alpha));
  }
  if (options.mvpc && options.test != "auto" && options.test != "fisherz") {
    throw ConfigError(
        fmt::format("discover.mvpc: found test \"{}\"; expected \"fisherz\" or \"auto\", the "
                    "correction is one of "
                    "partial correlations; leave out one of the two settings",
                    options.test));
  }
  if (options.mvpc && uses_score(options)) {
    throw ConfigError(
        fmt::format("discover.mvpc: found engine \"{}\"; expected pc, fci or rfci, since scores "
                    "use complete rows "
                    "only; choose one of these",
                    options.engine));
  }
}

void visit_settings(DiscoverOptions& options, SettingsVisitor& visitor) {
  visitor.visit(
      "discover.engine", options.engine, engine_names(),
      "search: pc = PC-stable; boss = best order score search; ges = greedy equivalence search; "
      "fci = hidden common causes allowed; rfci = the same with fewer tests");
  visitor.visit(
      "discover.score", options.score, score_names(),
      "of boss and ges: bic = likelihood less a price per parameter, for any columns; bdeu = "
      "probability under Dirichlet priors, for discrete columns");
  visitor.visit("discover.penalty", options.penalty, 0.0, 1e6,
                "bic: a parameter costs penalty / 2 * log(n)");
  visitor.visit("discover.sample_prior", options.sample_prior, 1e-6, 1e6,
                "bdeu: rows that the prior of a variable is worth");
  visitor.visit("discover.structure_prior", options.structure_prior, 1e-12, 1e6,
                "bdeu: parents that a variable is expected to have");
  visitor.visit(
      "discover.test", options.test, test_names(),
      "independence test: auto = by the types of the columns; fisherz = partial correlation, "
      "spearman = of ranks; chisq, gsq = discrete columns; cg = mixed; kci, rcit = any dependence, "
      "by "
      "kernels and by random features");
  visitor.visit("discover.rank_normal", options.rank_normal,
                "numeric columns by the normal scores of their ranks: skewed columns and a few "
                "extreme cells do not count");
  visitor.visit(
      "discover.rule", options.rule, rule_names(),
      "colliders: majority = by the majority of separating sets, definite = by all, maxp = by the "
      "set with the largest p, each with conflicts marked; others as "
      "in the program named");
  visitor.visit("discover.alpha", options.alpha, 0.0, 1.0,
                "level of the tests: a pair is separated when p is above it");
  visitor.visit("discover.min_strength", options.min_strength, 0.0, 1.0,
                "edges with a smaller |partial correlation| are left out");
  visitor.visit("discover.max_depth", options.max_depth, -1, kNoLimit,
                "largest separating set tried; -1 = no limit");
  visitor.visit("discover.bootstrap", options.bootstrap, 0, 1000000,
                "replicates that say how stable every edge is");
  visitor.visit(
      "discover.subsample", options.subsample, 0.0, 1.0,
      "share of rows a replicate draws, each at most once: halves vary as bootstrap samples "
      "do; 0 = as many rows as there are, with repeats, which tests take for dependence");
  visitor.visit(
      "discover.mvpc", options.mvpc,
      "correct partial correlations for cells missing at random (MVPC); without it each test uses "
      "the rows that show its columns");
  visitor.visit("discover.seed", options.seed, 0, kNoLimit, "seed of the replicates");
  visitor.visit("discover.threads", options.threads, 0, kNoLimit,
                "threads; 0 = all cores; the result does not depend on it");
}

}  // namespace polycause
