// What the report page shows, gathered from a run folder: names, counts and other aggregates.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace polycause {

/// Keys: run (run.json), settings (text), learned and discovered (graph.json), frequencies,
/// relations, distributions, correlations, curves, traversals, scores; null where the folder holds
/// no such file. Throws DataError.
nlohmann::ordered_json page_data(const std::string& run_directory);

/// Counts of `values` in `kBins` bins of equal width over [-3, 3]; the outer bins take what lies
/// beyond. `person`: (n,) whose each value is. A count of values of 1 to 4 people is given as -1:
/// it is not to be shown.
inline constexpr std::size_t kBins = 30;
std::vector<int> safe_histogram(const std::vector<double>& values,
                                const std::vector<std::size_t>& person);

}  // namespace polycause
