#include "discover/choose_test.h"

#include <fmt/format.h>

#include "discover/discrete_test.h"
#include "discover/fisher_z.h"
#include "discover/grouped_test.h"
#include "discover/incomplete_fisher_z.h"
#include "discover/kernel_test.h"
#include "discover/mixed_test.h"
#include "polycause/error.h"

namespace polycause {

const std::vector<std::string>& test_names() {
  static const std::vector<std::string> names = {
      "auto", "fisherz", "spearman", "chisq", "gsq", "gsq-unadjusted", "cg", "kci", "rcit"};
  return names;
}

namespace {

std::string fitting_test(const Table& table) {
  bool discrete = false;
  bool numeric = false;
  for (const Column& column : table.columns) {
    const bool levels =
        column.type == ColumnType::kCategorical || column.type == ColumnType::kBinary;
    (levels ? discrete : numeric) = true;
  }
  return !discrete ? "fisherz" : numeric ? "cg" : "gsq";
}

}  // namespace

Dataset dataset_for(const Table& table, std::string& test, const DiscoverOptions& options) {
  if (test == "auto") {
    test = options.mvpc ? "fisherz" : options.score == "bdeu" ? "gsq" : fitting_test(table);
  }
  if (test == "cg" || test == "kci" || test == "rcit") return mixed_dataset(table);
  if (test == "fisherz" || test == "spearman") return numeric_dataset(table);
  if (test == "chisq" || test == "gsq" || test == "gsq-unadjusted") return discrete_dataset(table);
  throw ConfigError(fmt::format("discover.test = \"{}\"; expected one of {}", test,
                                fmt::join(test_names(), ", ")));
}

namespace {

std::unique_ptr<IndependenceTest> make_plain(const Dataset& data, const std::string& test,
                                             const DiscoverOptions& options, std::size_t threads) {
  if (test == "chisq") return make_discrete_test(data, DiscreteStatistic::kChiSquare);
  if (test == "gsq") return make_discrete_test(data, DiscreteStatistic::kGSquare);
  if (test == "gsq-unadjusted") {
    return make_discrete_test(data, DiscreteStatistic::kGSquareUnadjusted);
  }
  if (test == "cg") return make_mixed_test(data);
  if (test == "kci") return make_kci(data);
  if (test == "rcit") return make_rcit(data, 0);
  if (options.mvpc && complete_rows(data).size() < data.rows) {
    return make_corrected_fisher_z(data, options.alpha);
  }
  return make_fisher_z(test == "spearman" ? ranked(data) : data, threads, test == "spearman");
}

}  // namespace

bool knows_groups(const std::string& test) { return test != "kci" && test != "rcit"; }

std::unique_ptr<IndependenceTest> make_test(const Dataset& data, const std::string& test,
                                            const DiscoverOptions& options, std::size_t threads) {
  auto plain = make_plain(data, test, options, threads);
  if (data.group.empty() || !knows_groups(test)) return plain;
  return make_grouped(std::move(plain), test == "spearman" ? ranked(data) : data);
}

}  // namespace polycause
