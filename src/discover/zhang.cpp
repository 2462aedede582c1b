#include <algorithm>
#include <functional>
#include <queue>

#include "discover/fci.h"

namespace polycause {
namespace {

class Zhang {
 public:
  Zhang(MarkMatrix& graph, const Skeleton& skeleton, const std::set<Triple>& ambiguous,
        const PathCheck& check)
      : graph_(graph), skeleton_(skeleton), ambiguous_(ambiguous), check_(check) {
    for (std::size_t i = 0; i < graph.size(); ++i) near_.push_back(graph.neighbours(i));
  }

  // False when a discriminating path did not pass its check.
  bool run() {
    do {
      changed_ = false;
      for_each_edge([this](std::size_t a, std::size_t b) {
        away(a, b);
        through(a, b);
        between_colliders(a, b);
        if (!ended_) discriminate(a, b);
      });
      if (ended_) return false;
    } while (changed_);
    do {
      changed_ = false;
      for_each_edge([this](std::size_t a, std::size_t c) {
        if (circle(c, a) && arrow(a, c) && (shortcut(a, c) || around(a, c) || two_ways(a, c))) {
          put(c, a, End::kTail);
        }
      });
    } while (changed_);
    return true;
  }

 private:
  bool arrow(std::size_t from, std::size_t at) const { return graph_.at(from, at) == End::kArrow; }
  bool circle(std::size_t from, std::size_t at) const {
    return graph_.at(from, at) == End::kCircle;
  }
  bool tail(std::size_t from, std::size_t at) const { return graph_.at(from, at) == End::kTail; }

  // Only circles are ever replaced.
  void put(std::size_t from, std::size_t at, End mark) {
    if (!circle(from, at)) return;
    graph_.set(from, at, mark);
    changed_ = true;
  }

  bool sure(std::size_t x, std::size_t y, std::size_t z) const {
    return ambiguous_.count(x < z ? Triple{x, y, z} : Triple{z, y, x}) == 0;
  }

  void for_each_edge(const std::function<void(std::size_t, std::size_t)>& visit) {
    for (std::size_t a = 0; a < near_.size(); ++a) {
      for (const std::size_t b : near_[a]) visit(a, b);
    }
  }

  // R1: a *-> b o-* c, a and c apart: b -> c.
  void away(std::size_t a, std::size_t b) {
    if (!arrow(a, b)) return;
    for (const std::size_t c : near_[b]) {
      if (c == a || graph_.adjacent(a, c) || !circle(c, b) || !sure(a, b, c)) continue;
      put(c, b, End::kTail);
      put(b, c, End::kArrow);
    }
  }

  // R2: a -> b *-> c or a *-> b -> c, and a *-o c: a *-> c.
  void through(std::size_t a, std::size_t b) {
    if (!arrow(a, b)) return;
    for (const std::size_t c : near_[b]) {
      if (c == a || !graph_.adjacent(a, c) || !arrow(b, c)) continue;
      if (tail(b, a) || tail(c, b)) put(a, c, End::kArrow);
    }
  }

  // R3: a *-> b <-* c, a *-o d o-* c, a and c apart, d *-o b: d *-> b.
  void between_colliders(std::size_t d, std::size_t b) {
    if (!circle(d, b)) return;
    for (const std::size_t a : near_[b]) {
      if (a == d || !arrow(a, b) || !graph_.adjacent(a, d) || !circle(a, d)) continue;
      for (const std::size_t c : near_[b]) {
        if (c > a && c != d && arrow(c, b) && graph_.adjacent(c, d) && circle(c, d) &&
            !graph_.adjacent(a, c) && sure(a, d, c)) {
          put(d, b, End::kArrow);
        }
      }
    }
  }

  // R4: a discriminating path d, ..., a, b, c, where b o-* c.
  void discriminate(std::size_t b, std::size_t c) {
    if (!circle(c, b)) return;
    const std::size_t none = graph_.size();
    std::vector<std::size_t> before(graph_.size(), none);  // on the way from b
    std::queue<std::size_t> open;
    for (const std::size_t a : near_[b]) {
      if (a == c || !arrow(b, a) || !graph_.directed(a, c)) continue;
      before[a] = b;
      open.push(a);
    }
    while (!open.empty()) {
      const std::size_t v = open.front();
      open.pop();
      for (const std::size_t d : near_[v]) {
        if (d == b || d == c || before[d] != none || !arrow(d, v)) continue;
        if (!graph_.adjacent(d, c)) {
          const NodeSet& set = skeleton_.pair(d, c).weakest.set;
          NodeSet path = {d};
          for (std::size_t node = v; node != b; node = before[node]) path.push_back(node);
          const std::size_t a = path.back();
          path.insert(path.end(), {b, c});
          if (check_ && !check_(path, set)) {
            ended_ = true;
            return;
          }
          if (std::find(set.begin(), set.end(), b) != set.end()) {
            put(c, b, End::kTail);
            put(b, c, End::kArrow);
          } else {
            put(a, b, End::kArrow);
            put(c, b, End::kArrow);
            put(b, c, End::kArrow);
          }
          return;
        }
        if (arrow(v, d) && graph_.directed(d, c)) {
          before[d] = v;
          open.push(d);
        }
      }
    }
  }

  // R8: a -> b -> c or a -o b -> c.
  bool shortcut(std::size_t a, std::size_t c) const {
    return std::any_of(near_[a].begin(), near_[a].end(), [&](std::size_t b) {
      return b != c && tail(b, a) && !tail(a, b) && graph_.directed(b, c);
    });
  }

  // The edge may point from v to w.
  bool possible(std::size_t v, std::size_t w) const { return !arrow(w, v) && !tail(v, w); }

  // An uncovered path, possibly directed all along, begins a, b and ends at `goal`.
  bool uncovered(std::size_t a, std::size_t b, std::size_t goal) const {
    if (!possible(a, b)) return false;
    std::set<std::pair<std::size_t, std::size_t>> seen = {{a, b}};
    std::queue<std::pair<std::size_t, std::size_t>> open;
    open.push({a, b});
    while (!open.empty()) {
      const auto [v, w] = open.front();
      open.pop();
      if (w == goal) return true;
      for (const std::size_t next : near_[w]) {
        if (next == a || next == v || graph_.adjacent(v, next) || !possible(w, next)) continue;
        if (seen.insert({w, next}).second) open.push({w, next});
      }
    }
    return false;
  }

  // R9: an uncovered path a, b, ..., c with b and c apart.
  bool around(std::size_t a, std::size_t c) const {
    return std::any_of(near_[a].begin(), near_[a].end(), [&](std::size_t b) {
      return b != c && !graph_.adjacent(b, c) && uncovered(a, b, c);
    });
  }

  // R10: b -> c <- d, and uncovered paths from a to b and to d that begin at m and w, which are
  // apart.
  bool two_ways(std::size_t a, std::size_t c) const {
    for (const std::size_t b : near_[c]) {
      if (b == a || !graph_.directed(b, c)) continue;
      for (const std::size_t d : near_[c]) {
        if (d <= b || d == a || !graph_.directed(d, c)) continue;
        for (const std::size_t m : near_[a]) {
          if (m == c || !uncovered(a, m, b)) continue;
          for (const std::size_t w : near_[a]) {
            if (w != m && w != c && !graph_.adjacent(m, w) && uncovered(a, w, d)) return true;
          }
        }
      }
    }
    return false;
  }

  MarkMatrix& graph_;
  const Skeleton& skeleton_;
  const std::set<Triple>& ambiguous_;
  std::vector<NodeSet> near_;
  const PathCheck& check_;
  bool changed_ = false;
  bool ended_ = false;
};

}  // namespace

bool apply_zhang(MarkMatrix& graph, const Skeleton& skeleton, const std::set<Triple>& ambiguous,
                 const PathCheck& check) {
  if (!Zhang(graph, skeleton, ambiguous, check).run()) return false;
  const std::vector<std::size_t> component = directed_components(graph);
  const MarkMatrix before = graph;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    for (std::size_t j = 0; j < graph.size(); ++j) {
      if (before.directed(i, j) && component[i] == component[j]) graph.set(j, i, End::kCircle);
    }
  }
  return true;
}

}  // namespace polycause
