// The searches by name: from a test over checked columns to a graph and the evidence behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "discover/constraints.h"
#include "discover/dataset.h"
#include "discover/independence.h"
#include "discover/orientation.h"
#include "discover/score.h"
#include "discover/skeleton.h"
#include "polycause/discover.h"

namespace polycause {

struct Found {
  MarkMatrix marks;
  Skeleton evidence;      ///< per pair; pairs never tested have no p
  bool by_tests = true;   ///< edges stay unless a test says otherwise (else a score chose them)
  bool conflicts = true;  ///< two arrows mean contradictory claims (else a hidden common cause)
};

/// Names of the orientation rules, for settings and messages.
const std::vector<std::string>& rule_names();

/// False for the rules of other programs, which depend on the order of the columns.
bool order_free(const DiscoverOptions& options);

/// Names of the scores, for settings and messages.
const std::vector<std::string>& score_names();

/// Names of the searches, for settings and messages.
const std::vector<std::string>& engine_names();

/// What an engine may ask for; each is made when it is needed.
struct Search {
  std::function<std::unique_ptr<IndependenceTest>()> test;
  std::function<std::unique_ptr<Score>()> score;
};

/// Over checked columns; `data` and `options` must outlive it.
Search search_over(const Dataset& data, const std::string& test, const DiscoverOptions& options,
                   std::size_t threads, Observer* observer);

/// The search that `options.engine` names. Without `evidence` a score engine makes no tests.
Found run_search(const Search& search, const Constraints& constraints,
                 const DiscoverOptions& options, std::size_t threads, Observer* observer,
                 bool evidence);

Found run_pc(const IndependenceTest& test, const Constraints& constraints,
             const DiscoverOptions& options, std::size_t threads, Observer* observer);

Found run_fci(const IndependenceTest& test, const Constraints& constraints,
              const DiscoverOptions& options, std::size_t threads, Observer* observer);

/// FCI without the search among possible d-separators (Colombo, Maathuis, Kalisch, Richardson
/// 2012).
Found run_rfci(const IndependenceTest& test, const Constraints& constraints,
               const DiscoverOptions& options, std::size_t threads, Observer* observer);

/// What the settings say about colliders.
ColliderOptions collider_options(const DiscoverOptions& options, std::size_t threads);

/// Tests every pair given the parents of the later one in a DAG of the class `marks`.
Skeleton test_markov(const IndependenceTest& test, const MarkMatrix& marks, std::size_t threads,
                     Observer* observer);

/// Takes out edges weaker than options.min_strength, unless they are required.
void leave_out_weak(Skeleton& evidence, const Constraints& constraints, double min_strength);

}  // namespace polycause
