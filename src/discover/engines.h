// The searches by name: from a test over checked columns to a graph and the evidence behind it.
#pragma once

#include <string>
#include <vector>

#include "discover/constraints.h"
#include "discover/dataset.h"
#include "discover/independence.h"
#include "discover/skeleton.h"
#include "polycause/discover.h"

namespace polycause {

struct Found {
  MarkMatrix marks;
  Skeleton evidence;      ///< per pair; pairs never tested have no p
  bool conflicts = true;  ///< two arrows mean contradictory claims (else a hidden common cause)
};

/// Names of the orientation rules, for settings and messages.
const std::vector<std::string>& rule_names();

/// False for the rules of other programs, which depend on the order of the columns.
bool order_free(const std::string& rule);

/// The search that `options.engine` names, on checked columns.
Found run_search(const Dataset& data, const std::string& test, const Constraints& constraints,
                 const DiscoverOptions& options, std::size_t threads, Observer* observer);

Found run_pc(const IndependenceTest& test, const Constraints& constraints,
             const DiscoverOptions& options, std::size_t threads, Observer* observer);

}  // namespace polycause
