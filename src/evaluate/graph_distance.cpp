#include "evaluate/graph_distance.h"

#include <utility>

#include "evaluate/correlation.h"

namespace polycause {
namespace {

using Pair = std::pair<std::string, std::string>;  // smaller name first

// How a pair is joined, as a set: bit 0 first -> second, bit 1 second -> first, bit 2 anything
// else.
using Joins = std::map<Pair, unsigned>;

template <typename Rename>
Joins joins_of(const Graph& graph, const Rename& rename) {
  Joins joins;
  for (const Edge& edge : graph.edges) {
    if (edge.kind == "forbidden") continue;
    const std::string source = rename(graph.nodes[edge.source].id);
    const std::string target = rename(graph.nodes[edge.target].id);
    if (source.empty() || target.empty() || source == target) continue;
    const bool ordered = source < target;
    unsigned how = 4;
    if (edge.mark_source == Mark::kTail && edge.mark_target == Mark::kArrow) how = ordered ? 1 : 2;
    if (edge.mark_source == Mark::kArrow && edge.mark_target == Mark::kTail) how = ordered ? 2 : 1;
    joins[ordered ? Pair{source, target} : Pair{target, source}] |= how;
  }
  return joins;
}

}  // namespace

GraphDistance graph_distance(const Graph& learned, const Graph& truth,
                             const std::map<std::string, std::string>& truth_of) {
  const Joins found = joins_of(learned, [&](const std::string& id) {
    const auto entry = truth_of.find(id);
    return entry == truth_of.end() ? std::string() : entry->second;
  });
  const Joins wanted = joins_of(truth, [](const std::string& id) { return id; });
  std::map<Pair, std::pair<unsigned, unsigned>> both;
  for (const auto& [pair, how] : found) both[pair].first = how;
  for (const auto& [pair, how] : wanted) both[pair].second = how;
  GraphDistance distance;
  for (const auto& [pair, how] : both) {
    const bool inside = modality_of(pair.first) == modality_of(pair.second);
    const bool one_lacks = (how.first == 0) != (how.second == 0);
    const bool both_ways = (how.first | how.second) == 3;  // two edges where one graph has none
    if (how.first != how.second) {
      (inside ? distance.within : distance.across) += one_lacks && both_ways ? 2 : 1;
    }
    if (inside) continue;
    distance.skeleton += one_lacks ? 1 : 0;
    distance.joined += one_lacks ? 0 : 1;
    distance.extra += how.second == 0 ? 1 : 0;
  }
  return distance;
}

}  // namespace polycause
