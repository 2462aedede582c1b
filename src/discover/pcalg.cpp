#include <algorithm>

#include "discover/compatible.h"

namespace polycause {
namespace {

class Pcalg {
 public:
  Pcalg(const Skeleton& skeleton, const Colliders& colliders, bool solve_conflicts)
      : ambiguous_(colliders.ambiguous), solve_(solve_conflicts), graph_(skeleton.size()) {
    for (std::size_t i = 0; i < skeleton.size(); ++i) {
      for (std::size_t j = 0; j < skeleton.size(); ++j) {
        if (skeleton.adjacent(i, j)) graph_.set_edge(i, j, End::kTail, End::kTail);
      }
    }
    std::set<Triple> known(colliders.colliders.begin(), colliders.colliders.end());
    for (std::size_t y = 0; y < graph_.size(); ++y) {
      const NodeSet near = graph_.neighbours(y);
      for (const std::size_t x : near) {
        for (const std::size_t z : near) {
          if (known.count(x < z ? Triple{x, y, z} : Triple{z, y, x}) == 0) continue;
          claim(x, y);
          claim(z, y);
        }
      }
    }
  }

  MarkMatrix run() {
    while (true) {
      const MarkMatrix before = graph_;
      rule_1();
      rule_2();
      rule_3();
      if (graph_ == before) return graph_;
    }
  }

 private:
  void claim(std::size_t from, std::size_t to) {
    if (solve_ && graph_.directed(to, from)) {
      graph_.set_edge(from, to, End::kArrow, End::kArrow);
    } else if (!solve_ || graph_.undirected(from, to)) {
      graph_.direct(from, to);
    }
  }

  bool usable(std::size_t x, std::size_t y, std::size_t z) const {
    return ambiguous_.count(x < z ? Triple{x, y, z} : Triple{z, y, x}) == 0;
  }

  void rule_1() {
    const MarkMatrix search = graph_;
    for (std::size_t b = 0; b < graph_.size(); ++b) {
      for (std::size_t a = 0; a < graph_.size(); ++a) {
        if (!search.directed(a, b)) continue;
        for (std::size_t c = 0; c < graph_.size(); ++c) {
          if (search.undirected(b, c) && !search.adjacent(a, c) && usable(a, b, c)) claim(b, c);
        }
      }
    }
  }

  void rule_2() {
    const MarkMatrix search = graph_;
    for (std::size_t b = 0; b < graph_.size(); ++b) {
      for (std::size_t a = 0; a < graph_.size(); ++a) {
        if (!search.undirected(a, b)) continue;
        for (std::size_t c = 0; c < graph_.size(); ++c) {
          if (search.directed(a, c) && search.directed(c, b)) {
            claim(a, b);
            break;
          }
        }
      }
    }
  }

  void rule_3() {
    const MarkMatrix search = graph_;
    for (std::size_t b = 0; b < graph_.size(); ++b) {
      for (std::size_t a = 0; a < graph_.size(); ++a) {
        if (!search.undirected(a, b)) continue;
        NodeSet middle;
        for (std::size_t c = 0; c < graph_.size(); ++c) {
          if (search.undirected(a, c) && search.directed(c, b)) middle.push_back(c);
        }
        for (std::size_t i = 0; i < middle.size(); ++i) {
          for (std::size_t j = i + 1; j < middle.size(); ++j) {
            if (!search.adjacent(middle[i], middle[j]) && usable(middle[i], a, middle[j]))
              claim(a, b);
          }
        }
      }
    }
  }

  const std::set<Triple>& ambiguous_;
  bool solve_;
  MarkMatrix graph_;
};

}  // namespace

MarkMatrix orient_pcalg(const Skeleton& skeleton, const Colliders& colliders,
                        bool solve_conflicts) {
  return Pcalg(skeleton, colliders, solve_conflicts).run();
}

Colliders separating_set_colliders(const Skeleton& skeleton) {
  Colliders found;
  for (std::size_t x = 0; x < skeleton.size(); ++x) {
    for (std::size_t z = x + 1; z < skeleton.size(); ++z) {
      if (skeleton.adjacent(x, z)) continue;
      const NodeSet& set = skeleton.pair(x, z).weakest.set;
      for (std::size_t y = 0; y < skeleton.size(); ++y) {
        if (skeleton.adjacent(x, y) && skeleton.adjacent(y, z) &&
            std::find(set.begin(), set.end(), y) == set.end()) {
          found.colliders.emplace_back(x, y, z);
        }
      }
    }
  }
  return found;
}

}  // namespace polycause
