#include "polycause/discover.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/parallel.h"
#include "discover/assemble.h"
#include "discover/bootstrap.h"
#include "discover/choose_test.h"
#include "discover/dataset.h"
#include "discover/engines.h"
#include "polycause/error.h"

namespace polycause {
namespace {

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
  if (options.mvpc && (options.engine == "boss" || options.engine == "ges")) {
    throw ConfigError(
        fmt::format("discover.mvpc: found engine \"{}\"; expected pc, fci or rfci, since scores "
                    "use complete rows "
                    "only; choose one of these",
                    options.engine));
  }
}

Dataset checked_dataset(const Table& table, std::string& test, const DiscoverOptions& options,
                        std::vector<std::size_t>* position) {
  Dataset data = dataset_for(table, test, options);
  check_columns(data);
  position->resize(data.variables.size());
  std::iota(position->begin(), position->end(), std::size_t{0});
  return order_free(options) ? canonical(data, position) : data;
}

void check_alike(const Dataset& data, const Dataset& estimate) {
  bool alike = data.rows == estimate.rows && data.variables.size() == estimate.variables.size();
  for (std::size_t i = 0; alike && i < data.variables.size(); ++i) {
    alike = data.variables[i].id == estimate.variables[i].id;
  }
  if (!alike) {
    throw DataError(
        estimate.name.empty() ? "discover" : estimate.name, 0, "",
        "differs in rows or columns from the first table; expected another estimate of the "
        "same columns for the same participants");
  }
}

}  // namespace

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
  visitor.visit("discover.subsample", options.subsample, 0.0, 1.0,
                "share of rows a replicate draws without replacement; 0 = all, with replacement");
  visitor.visit(
      "discover.mvpc", options.mvpc,
      "correct partial correlations for cells missing at random (MVPC); without it each test uses "
      "the rows that show its columns");
  visitor.visit("discover.seed", options.seed, 0, kNoLimit, "seed of the replicates");
  visitor.visit("discover.threads", options.threads, 0, kNoLimit,
                "threads; 0 = all cores; the result does not depend on it");
}

Graph discover(const Table& table, const Knowledge& knowledge, const DiscoverOptions& options,
               Observer* observer, const std::vector<Table>& estimates) {
  check_options(options);
  const std::size_t threads = thread_count(options.threads);
  std::string test_name = options.test;
  std::vector<std::size_t> position;
  std::vector<Dataset> data = {checked_dataset(table, test_name, options, &position)};
  for (const Table& estimate : estimates) {
    std::vector<std::size_t> same;
    data.push_back(checked_dataset(estimate, test_name, options, &same));
    check_alike(data.front(), data.back());
  }
  std::vector<std::string> names;
  for (const Variable& variable : data[0].variables) names.push_back(variable.id);

  std::vector<std::string> warnings;
  const Constraints constraints(knowledge, names, &warnings);
  if (observer != nullptr) {
    for (const std::string& warning : warnings) observer->message(LogLevel::kWarning, warning);
  }
  check_dependent_columns(data[0], test_name, threads);
  const Found found = run_search(data[0], test_name, constraints, options, threads, observer, true);
  Graph graph = to_graph(names, position, found);
  if (order_free(options) && has_directed_cycle(graph)) {
    throw std::logic_error("discover: the graph holds a directed cycle");
  }
  if (observer != nullptr) {
    observer->message(LogLevel::kInfo,
                      fmt::format("{} tests ({}), sets of up to {}, {} edges", found.evidence.tests,
                                  test_name, found.evidence.depth, graph.edges.size()));
  }
  if (options.bootstrap > 0) {
    add_stability(replicate(data, test_name, constraints, options, threads, observer), position,
                  &graph);
  }
  return graph;
}

}  // namespace polycause
