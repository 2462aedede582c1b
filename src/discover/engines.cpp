#include "discover/engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "discover/choose_test.h"
#include "discover/correlation.h"
#include "discover/options.h"
#include "discover/score_search.h"
#include "polycause/error.h"

namespace polycause {
namespace {

// Fewer complete rows than this many per column say little about a score.
constexpr std::size_t kRowsPerColumn = 2;

std::unique_ptr<Score> make_score(const Dataset& data, const std::string& test,
                                  const DiscoverOptions& options, std::size_t threads,
                                  Observer* observer) {
  const std::size_t rows = complete_rows(data).size();
  if (rows < kRowsPerColumn * data.variables.size() + 10) {
    throw DataError(
        data.name.empty() ? "discover" : data.name, 0, "",
        fmt::format("{} rows have no missing cell; expected at least {} for a score over {} "
                    "columns; leave columns out or take engine pc",
                    rows, kRowsPerColumn * data.variables.size() + 10, data.variables.size()));
  }
  if (rows < data.rows && observer != nullptr) {
    observer->message(
        LogLevel::kWarning,
        fmt::format("scores use the {} of {} rows without a missing cell", rows, data.rows));
  }
  const double penalty = options.penalty;
  if (options.score == "bdeu") {
    return make_bdeu_score(data, options.sample_prior, options.structure_prior);
  }
  const bool discrete = std::any_of(data.variables.begin(), data.variables.end(),
                                    [](const Variable& v) { return v.levels > 0; });
  if (discrete) return make_mixed_score(data, penalty);
  if (test != "spearman") return make_gaussian_score(data, penalty, threads);
  std::vector<double> correlation = correlation_matrix(ranked(data), threads);
  for (double& r : correlation) r = gaussian_from_ranks(r);
  return make_gaussian_score(correlation, static_cast<double>(rows), penalty);
}

Found run_score(const Search& search, const Constraints& constraints,
                const DiscoverOptions& options, std::size_t threads, Observer* observer,
                bool evidence) {
  const std::unique_ptr<Score> score = search.score();
  const std::function<void()> poll = [observer] {
    if (observer != nullptr && observer->cancelled()) throw Interrupted("discover: interrupted");
  };
  const std::size_t size = score->size();
  Found found;
  if (options.engine == "boss") {
    found.marks = ges(*score, constraints, class_of(boss(*score, constraints, poll), constraints),
                      false, poll);
  } else {
    Parents required(size);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        if (constraints.requires_edge(j, i)) required[i].push_back(j);
      }
    }
    found.marks = ges(*score, constraints, class_of(required, constraints), true, poll);
  }
  found.by_tests = false;
  found.evidence = Skeleton(size);
  if (!evidence) return found;
  found.evidence = test_markov(*search.test(), found.marks, threads, observer);
  leave_out_weak(found.evidence, constraints, options.min_strength);
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = 0; i < j; ++i) {
      if (!found.evidence.adjacent(i, j)) found.marks.remove(i, j);
    }
  }
  return found;
}

}  // namespace

const std::vector<std::string>& engine_names() {
  static const std::vector<std::string> names = {"pc", "boss", "ges", "fci", "rfci"};
  return names;
}

const std::vector<std::string>& score_names() {
  static const std::vector<std::string> names = {"bic", "bdeu"};
  return names;
}

Skeleton test_markov(const IndependenceTest& test, const MarkMatrix& marks, std::size_t threads,
                     Observer* observer) {
  const std::size_t size = marks.size();
  Parents parents;
  if (!extend(marks, &parents)) {  // conflicts: fall back on the arrows that there are
    for (std::size_t i = 0; i < size; ++i) {
      parents[i].clear();
      for (std::size_t j = 0; j < size; ++j) {
        if (marks.directed(j, i)) parents[i].push_back(j);
      }
    }
  }
  std::vector<std::size_t> rank(size);
  const NodeSet order = causal_order(parents);
  for (std::size_t i = 0; i < size; ++i) rank[order[i]] = i;
  Skeleton evidence(size);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = 0; i < j; ++i) pairs.emplace_back(i, j);
  }
  evidence.tests = for_each_with_test(test, pairs.size(), threads, observer,
                                      [&](IndependenceTest& own, std::size_t unit) {
                                        const auto [i, j] = pairs[unit];
                                        const std::size_t later = rank[i] > rank[j] ? i : j;
                                        const std::size_t earlier = later == i ? j : i;
                                        NodeSet given;
                                        for (const std::size_t p : parents[later]) {
                                          if (p != earlier) given.push_back(p);
                                        }
                                        PairEvidence& pair = evidence.pair(i, j);
                                        pair.adjacent = marks.adjacent(i, j);
                                        pair.weakest = {own.test(i, j, given), given};
                                      });
  return evidence;
}

Search search_over(const Dataset& data, const std::string& test, const DiscoverOptions& options,
                   std::size_t threads, Observer* observer) {
  Search search;
  search.test = [&data, test, &options, threads] {
    return make_test(data, test, options, threads);
  };
  search.score = [&data, test, &options, threads, observer] {
    return make_score(data, test, options, threads, observer);
  };
  return search;
}

Found run_search(const Search& search, const Constraints& constraints,
                 const DiscoverOptions& options, std::size_t threads, Observer* observer,
                 bool evidence) {
  const std::string& engine = options.engine;
  if (uses_score(options)) {
    return run_score(search, constraints, options, threads, observer, evidence);
  }
  const auto run = engine == "fci" ? run_fci : engine == "rfci" ? run_rfci : run_pc;
  return run(*search.test(), constraints, options, threads, observer);
}

}  // namespace polycause
