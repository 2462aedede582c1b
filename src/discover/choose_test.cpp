#include "discover/choose_test.h"

#include <fmt/format.h>

#include "discover/discrete_test.h"
#include "discover/fisher_z.h"
#include "polycause/error.h"

namespace polycause {

const std::vector<std::string>& test_names() {
  static const std::vector<std::string> names = {"fisherz", "chisq", "gsq", "gsq-unadjusted"};
  return names;
}

Dataset dataset_for(const Table& table, std::string& test) {
  if (test == "fisherz") return numeric_dataset(table);
  if (test == "chisq" || test == "gsq" || test == "gsq-unadjusted") return discrete_dataset(table);
  throw ConfigError(fmt::format("discover.test = \"{}\"; expected one of {}", test,
                                fmt::join(test_names(), ", ")));
}

std::unique_ptr<IndependenceTest> make_test(const Dataset& data, const std::string& test,
                                            std::size_t threads) {
  if (test == "chisq") return make_discrete_test(data, DiscreteStatistic::kChiSquare);
  if (test == "gsq") return make_discrete_test(data, DiscreteStatistic::kGSquare);
  if (test == "gsq-unadjusted") {
    return make_discrete_test(data, DiscreteStatistic::kGSquareUnadjusted);
  }
  return make_fisher_z(data, threads);
}

}  // namespace polycause
