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
#include "discover/column_checks.h"
#include "discover/dataset.h"
#include "discover/engines.h"
#include "discover/options.h"
#include "polycause/error.h"

namespace polycause {
namespace {

Dataset checked_dataset(const Table& table, std::string& test, const DiscoverOptions& options,
                        std::vector<std::size_t>* position) {
  Dataset data = dataset_for(table, test, options);
  check_columns(data);
  if (options.rank_normal) data = normal_scores(data);
  position->resize(data.variables.size());
  std::iota(position->begin(), position->end(), std::size_t{0});
  return order_free(options) ? canonical(data, position) : data;
}

/// Rows that belong together: what allows for it, and what does not.
void tell_of_groups(const Dataset& data, const std::string& test, const DiscoverOptions& options,
                    Observer& observer) {
  if (data.group.empty()) return;
  const bool score = uses_score(options);
  if (!score && knows_groups(test)) return;
  const std::size_t groups = *std::max_element(data.group.begin(), data.group.end()) + 1;
  observer.message(
      LogLevel::kWarning,
      fmt::format(
          "discover: {} rows of {} groups, and {} takes rows as independent, "
          "so the graph may have too many edges; expected {}",
          data.rows, groups, score ? "the score of engine = " + options.engine : "test = " + test,
          score ? "engine = pc, fci or rfci" : "another test, such as spearman, cg or gsq"));
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

  const Constraints constraints = constraints_on(names, knowledge, observer);
  check_dependent_columns(data[0], test_name, threads);
  if (observer != nullptr) warn_of_levels(data[0], *observer);
  if (observer != nullptr) tell_of_groups(data[0], test_name, options, *observer);
  const Found found = run_search(search_over(data[0], test_name, options, threads, observer),
                                 constraints, options, threads, observer, true);
  Graph graph = to_graph(names, position, found);
  check_and_tell(graph, found, test_name, options, observer);
  if (options.bootstrap > 0) {
    add_stability(replicate(data, test_name, constraints, options, threads, observer), position,
                  &graph);
  }
  return graph;
}

}  // namespace polycause
