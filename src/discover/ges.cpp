#include <algorithm>
#include <map>

#include "discover/independence.h"
#include "discover/orientation.h"
#include "discover/score_search.h"

namespace polycause {
namespace {

constexpr double kLeastGain = 1e-9;
constexpr std::size_t kMostSubsets = 12;  // members of a set all of whose subsets are tried

// Inserting or deleting x -> y together with the directions that go with it.
struct Move {
  double gain = 0;
  NodeSet set;  // insert: neighbours of y that become its parents; delete: those that lose their
                // edge end
};

NodeSet united(NodeSet a, const NodeSet& b) {
  NodeSet both;
  std::sort(a.begin(), a.end());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

class Ges {
 public:
  Ges(Score& score, const Constraints& constraints, MarkMatrix graph,
      const std::function<void()>& poll)
      : score_(score), constraints_(constraints), graph_(std::move(graph)), poll_(poll) {}

  void phase(bool insert) {
    const std::size_t size = graph_.size();
    std::vector<Move> best(size * size);
    std::vector<bool> stale(size, true);
    while (true) {
      poll_();
      for (std::size_t x = 0; x < size; ++x) {
        for (std::size_t y = 0; y < size; ++y) {
          if (x != y && (stale[x] || stale[y])) best[x * size + y] = find(x, y, insert);
        }
      }
      std::fill(stale.begin(), stale.end(), false);
      std::size_t chosen = 0;
      for (std::size_t i = 1; i < best.size(); ++i) {
        if (best[i].gain > best[chosen].gain + kLeastGain) chosen = i;
      }
      if (best[chosen].gain <= kLeastGain) return;
      const std::size_t x = chosen / size;
      const std::size_t y = chosen % size;
      const Move move = find(x, y, insert);  // a path elsewhere may have made it invalid
      if (move.gain + kLeastGain < best[chosen].gain) {
        best[chosen] = move;
        continue;
      }
      const MarkMatrix before = graph_;
      if (!apply(x, y, move.set, insert)) {
        best[chosen].gain = 0;
        continue;
      }
      for (std::size_t i = 0; i < size; ++i) {
        stale[i] = graph_.adjacent(i, x) && graph_.adjacent(i, y);
        for (std::size_t j = 0; j < size && !stale[i]; ++j) {
          stale[i] = before.at(i, j) != graph_.at(i, j) || before.at(j, i) != graph_.at(j, i);
        }
      }
    }
  }

  const MarkMatrix& graph() const { return graph_; }

 private:
  double local(std::size_t node, const NodeSet& parents) {
    const auto [place, made] = known_.try_emplace({node, parents}, 0.0);
    if (made) place->second = score_.local(node, parents);
    return place->second;
  }

  NodeSet parents(std::size_t node) const {
    NodeSet found;
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (graph_.directed(i, node)) found.push_back(i);
    }
    return found;
  }

  bool clique(const NodeSet& set) const {
    for (std::size_t i = 0; i < set.size(); ++i) {
      for (std::size_t j = i + 1; j < set.size(); ++j) {
        if (!graph_.adjacent(set[i], set[j])) return false;
      }
    }
    return true;
  }

  // A path from y to x against no arrow that avoids `blocked`.
  bool open_path(std::size_t y, std::size_t x, const NodeSet& blocked) const {
    std::vector<bool> seen(graph_.size(), false);
    for (const std::size_t b : blocked) seen[b] = true;
    NodeSet open = {y};
    seen[y] = true;
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      if (node == x) return true;
      for (std::size_t next = 0; next < graph_.size(); ++next) {
        if (!seen[next] && (graph_.directed(node, next) || graph_.undirected(node, next))) {
          seen[next] = true;
          open.push_back(next);
        }
      }
    }
    return false;
  }

  Move find(std::size_t x, std::size_t y, bool insert) {
    return insert ? find_insert(x, y) : find_delete(x, y);
  }

  Move find_insert(std::size_t x, std::size_t y) {
    Move best;
    if (graph_.adjacent(x, y) || constraints_.forbids(x, y)) return best;
    NodeSet near;   // neighbours of y joined to x
    NodeSet apart;  // and the others, which may become parents
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (!graph_.undirected(y, i)) continue;
      if (graph_.adjacent(i, x)) {
        near.push_back(i);
      } else if (!constraints_.forbids(i, y)) {
        apart.push_back(i);
      }
    }
    if (apart.size() > kMostSubsets) apart.resize(kMostSubsets);
    const NodeSet causes = parents(y);
    for (std::size_t depth = 0; depth <= apart.size(); ++depth) {
      for_each_subset(apart, depth, [&](const NodeSet& chosen) {
        const NodeSet block = united(near, chosen);
        if (!clique(block)) return true;
        const NodeSet base = united(block, causes);
        const double gain = local(y, united({x}, base)) - local(y, base);
        if (gain > best.gain + kLeastGain && !open_path(y, x, block)) best = {gain, chosen};
        return true;
      });
    }
    return best;
  }

  Move find_delete(std::size_t x, std::size_t y) {
    Move best;
    if (!(graph_.directed(x, y) || graph_.undirected(x, y)) || constraints_.keeps_joined(x, y))
      return best;
    NodeSet near;
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (graph_.undirected(y, i) && graph_.adjacent(i, x)) near.push_back(i);
    }
    if (near.size() > kMostSubsets) near.resize(kMostSubsets);
    NodeSet causes = parents(y);
    causes.erase(std::remove(causes.begin(), causes.end(), x), causes.end());
    for (std::size_t depth = 0; depth <= near.size(); ++depth) {
      for_each_subset(near, depth, [&](const NodeSet& out) {
        NodeSet rest;
        std::set_difference(near.begin(), near.end(), out.begin(), out.end(),
                            std::back_inserter(rest));
        if (!clique(rest)) return true;
        const NodeSet base = united(rest, causes);
        const double gain = local(y, base) - local(y, united({x}, base));
        if (gain > best.gain + kLeastGain) best = {gain, out};
        return true;
      });
    }
    return best;
  }

  bool apply(std::size_t x, std::size_t y, const NodeSet& set, bool insert) {
    MarkMatrix changed = graph_;
    if (insert) {
      changed.direct(x, y);
      for (const std::size_t t : set) changed.direct(t, y);
    } else {
      changed.remove(x, y);
      for (const std::size_t h : set) {
        changed.direct(y, h);
        if (changed.undirected(x, h)) changed.direct(x, h);
      }
    }
    Parents dag;
    if (!extend(changed, &dag)) return false;
    for (std::size_t child = 0; child < dag.size(); ++child) {
      for (const std::size_t p : dag[child]) {
        if (constraints_.forbids(p, child)) return false;
      }
    }
    graph_ = class_of(dag, constraints_);
    return true;
  }

  Score& score_;
  const Constraints& constraints_;
  MarkMatrix graph_;
  const std::function<void()>& poll_;
  std::map<std::pair<std::size_t, NodeSet>, double> known_;
};

}  // namespace

MarkMatrix ges(Score& score, const Constraints& constraints, MarkMatrix start, bool forward,
               const std::function<void()>& poll) {
  Ges search(score, constraints, std::move(start), poll);
  if (forward) search.phase(true);
  search.phase(false);
  return search.graph();
}

}  // namespace polycause
