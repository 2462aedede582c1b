// Who is joined to whom, in a graph found and in the truth.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

using Names = std::set<std::string>;

std::vector<std::string> listed(const Names& names) { return {names.begin(), names.end()}; }

Names neighbours_of(const Graph& graph, const std::string& node,
                    const std::map<std::string, std::string>& truth_of) {
  const auto name = [&](std::size_t k) {
    const auto entry = truth_of.find(graph.nodes[k].id);
    return entry == truth_of.end() ? graph.nodes[k].id : entry->second;
  };
  Names names;
  for (const Edge& edge : graph.edges) {
    if (edge.kind == "forbidden") continue;
    if (name(edge.source) == node) names.insert(name(edge.target));
    if (name(edge.target) == node) names.insert(name(edge.source));
  }
  names.erase(node);
  return names;
}

}  // namespace

Graph observable_neighbours(const Graph& truth, const std::vector<std::string>& observed) {
  Graph out;
  std::vector<std::size_t> place(truth.nodes.size(), observed.size());
  for (const std::string& id : observed) {
    const auto same = [&](const Node& node) { return node.id == id; };
    const auto found = std::find_if(truth.nodes.begin(), truth.nodes.end(), same);
    if (found == truth.nodes.end()) {
      throw DataError(fmt::format("truth: there is no '{}'; expected every observed node", id));
    }
    place[static_cast<std::size_t>(found - truth.nodes.begin())] = out.nodes.size();
    out.nodes.push_back(*found);
  }
  const auto seen = [&](std::size_t node) { return place[node] < observed.size(); };
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  const auto join = [&](std::size_t a, std::size_t b) {
    if (a != b) pairs.emplace(std::min(place[a], place[b]), std::max(place[a], place[b]));
  };
  for (const Edge& edge : truth.edges) {
    if (seen(edge.source) && seen(edge.target)) join(edge.source, edge.target);
    if (seen(edge.source)) continue;
    // A hidden cause joins its effects with each other and with its own causes.
    for (const Edge& other : truth.edges) {
      if (!seen(edge.target)) break;
      if (other.source == edge.source && seen(other.target)) join(edge.target, other.target);
      if (other.target == edge.source && seen(other.source)) join(edge.target, other.source);
    }
  }
  for (const auto& [a, b] : pairs) {
    Edge edge;
    edge.source = a;
    edge.target = b;
    edge.mark_target = Mark::kTail;
    edge.kind = "true";
    out.edges.push_back(edge);
  }
  return out;
}

std::vector<Neighbours> compare_neighbours(const Graph& found, const Graph& truth,
                                           const std::vector<std::string>& nodes,
                                           const std::map<std::string, std::string>& truth_of) {
  std::vector<Neighbours> all;
  for (const std::string& node : nodes) {
    const Names seen = neighbours_of(found, node, truth_of);
    const Names real = neighbours_of(truth, node, {});
    Neighbours one;
    one.node = node;
    one.found = listed(seen);
    one.truth = listed(real);
    std::set_intersection(seen.begin(), seen.end(), real.begin(), real.end(),
                          std::back_inserter(one.right));
    std::set_difference(real.begin(), real.end(), seen.begin(), seen.end(),
                        std::back_inserter(one.missed));
    std::set_difference(seen.begin(), seen.end(), real.begin(), real.end(),
                        std::back_inserter(one.extra));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace polycause
