// The layers of Sugiyama, Tagawa and Toda (1981): longest paths, bends where a line passes a layer,
// an order within the layers by the mean place of the neighbours.
#include "discover/graph_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "discover/mark_matrix.h"

namespace polycause {
namespace {

constexpr double kLayerHeight = 84;
constexpr double kGap = 26;
constexpr double kBendWidth = 2;
constexpr double kWidestLoose = 900;  // of a row of nodes without edges
constexpr int kSweeps = 40;

// A node of the graph, or a bend of a line.
struct Place {
  double x = 0;
  double width = kBendWidth;
  std::size_t layer = 0;
  NodeSet above;
  NodeSet below;
};

class Layering {
 public:
  Layering(const Graph& graph, const std::vector<double>& widths)
      : graph_(graph), places_(graph.nodes.size()), chains_(graph.edges.size()) {
    for (std::size_t i = 0; i < places_.size(); ++i) places_[i].width = widths[i];
    choose_layers();
    add_bends();
    rows_.resize(places_.empty() ? 0 : deepest() + 1);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (!loose(i)) rows_[places_[i].layer].push_back(i);
    }
    for (NodeSet& row : rows_) settle(row, /*pull=*/false);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        NodeSet& row = rows_[sweep % 2 == 0 ? r : rows_.size() - 1 - r];
        if (sweep < kSweeps - 6) sort_by_neighbours(row, sweep % 2 == 0);
        settle(row, /*pull=*/true);
      }
    }
    close_ranks();
    place_loose();
  }

  Layout layout() {
    double left = 0;
    double right = 0;
    std::size_t last = 0;
    for (const Place& place : places_) {
      left = std::min(left, place.x - place.width / 2);
      right = std::max(right, place.x + place.width / 2);
      last = std::max(last, place.layer);
    }
    Layout layout;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      layout.boxes.push_back({places_[i].x - left + kGap, height_of(i), places_[i].width});
    }
    for (std::size_t e = 0; e < chains_.size(); ++e) layout.lines.push_back(line(e, kGap - left));
    layout.width = right - left + 2 * kGap;
    layout.height = kLayerHeight * static_cast<double>(last) + 2 * kBoxHeight;
    return layout;
  }

 private:
  bool loose(std::size_t i) const { return places_[i].above.empty() && places_[i].below.empty(); }
  double height_of(std::size_t i) const {
    return kLayerHeight * static_cast<double>(places_[i].layer) + kBoxHeight;
  }
  std::size_t deepest() const {
    std::size_t layer = 0;
    for (const Place& place : places_) layer = std::max(layer, place.layer);
    return layer;
  }

  // Longest paths along the arrows, then along the other edges either way: never into a cycle.
  void choose_layers() {
    MarkMatrix down(places_.size());
    down_.resize(graph_.edges.size());
    for (const bool arrows : {true, false}) {
      for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
        const Edge& edge = graph_.edges[e];
        if ((edge.mark_target == Mark::kArrow && edge.mark_source != Mark::kArrow) != arrows) {
          continue;
        }
        down_[e] = !reaches(down, edge.target, edge.source);
        if (edge.source == edge.target) continue;
        down.direct(down_[e] ? edge.source : edge.target, down_[e] ? edge.target : edge.source);
      }
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < places_.size(); ++i) {
        for (std::size_t j = 0; j < graph_.nodes.size(); ++j) {
          if (!down.directed(i, j) || places_[j].layer > places_[i].layer) continue;
          places_[j].layer = places_[i].layer + 1;
          changed = true;
        }
      }
    }
  }

  void add_bends() {
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      std::size_t upper = graph_.edges[e].source;
      std::size_t lower = graph_.edges[e].target;
      if (upper == lower) continue;
      if (!down_[e]) std::swap(upper, lower);
      std::size_t from = upper;
      for (std::size_t layer = places_[upper].layer + 1; layer < places_[lower].layer; ++layer) {
        places_.emplace_back();
        places_.back().layer = layer;
        chains_[e].push_back(places_.size() - 1);
        join(from, places_.size() - 1);
        from = places_.size() - 1;
      }
      join(from, lower);
    }
  }

  void join(std::size_t upper, std::size_t lower) {
    places_[upper].below.push_back(lower);
    places_[lower].above.push_back(upper);
  }

  double mean(const NodeSet& nodes, double otherwise) const {
    if (nodes.empty()) return otherwise;
    double sum = 0;
    for (const std::size_t i : nodes) sum += places_[i].x;
    return sum / static_cast<double>(nodes.size());
  }

  void sort_by_neighbours(NodeSet& row, bool by_above) {
    std::vector<std::pair<double, std::size_t>> wish;
    for (const std::size_t i : row) {
      const Place& place = places_[i];
      wish.emplace_back(mean(by_above ? place.above : place.below, place.x), i);
    }
    std::stable_sort(wish.begin(), wish.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = wish[i].second;
  }

  // As near to the mean of the neighbours as the widths allow, in the given order: least squares
  // under an order, by pooling what would overlap.
  void settle(const NodeSet& row, bool pull) {
    struct Pool {
      double sum;
      double weight;
      std::size_t members;
    };
    std::vector<Pool> pools;
    std::vector<double> offset;
    double at = 0;
    for (const std::size_t i : row) {
      Place& place = places_[i];
      NodeSet near = place.above;
      near.insert(near.end(), place.below.begin(), place.below.end());
      at += place.width / 2;
      offset.push_back(at);
      at += place.width / 2 + kGap;
      pools.push_back({pull ? mean(near, place.x) - offset.back() : 0, 1, 1});
      while (pools.size() > 1) {
        Pool& last = pools[pools.size() - 1];
        Pool& before = pools[pools.size() - 2];
        if (before.sum / before.weight <= last.sum / last.weight) break;
        before.sum += last.sum;
        before.weight += last.weight;
        before.members += last.members;
        pools.pop_back();
      }
    }
    std::size_t next = 0;
    for (const Pool& pool : pools) {
      for (std::size_t m = 0; m < pool.members; ++m, ++next) {
        places_[row[next]].x = pool.sum / pool.weight + offset[next];
      }
    }
  }

  // Parts of the graph that no edge joins stand side by side without wide gaps.
  void close_ranks() {
    std::vector<std::size_t> part(places_.size(), places_.size());
    std::vector<std::pair<double, NodeSet>> parts;  // by their left ends
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (part[i] < places_.size() || loose(i)) continue;
      NodeSet members = {i};
      part[i] = i;
      double left = places_[i].x;
      for (std::size_t m = 0; m < members.size(); ++m) {
        const Place& place = places_[members[m]];
        left = std::min(left, place.x);
        for (const NodeSet* near : {&place.above, &place.below}) {
          for (const std::size_t j : *near) {
            if (part[j] < places_.size()) continue;
            part[j] = i;
            members.push_back(j);
          }
        }
      }
      parts.emplace_back(left, std::move(members));
    }
    std::sort(parts.begin(), parts.end());
    std::vector<double> taken(rows_.size(), 0);  // right ends so far
    for (const auto& [left, members] : parts) {
      double room = std::numeric_limits<double>::infinity();
      for (const std::size_t i : members) {
        room = std::min(room, places_[i].x - places_[i].width / 2 - taken[places_[i].layer]);
      }
      for (const std::size_t i : members) {
        places_[i].x -= room;
        taken[places_[i].layer] =
            std::max(taken[places_[i].layer], places_[i].x + places_[i].width / 2 + kGap);
      }
    }
  }

  void place_loose() {
    double left = 0;
    double right = 0;
    bool joined = false;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (loose(i)) continue;
      left = joined ? std::min(left, places_[i].x - places_[i].width / 2)
                    : places_[i].x - places_[i].width / 2;
      right = std::max(right, places_[i].x + places_[i].width / 2);
      joined = true;
    }
    const double widest = std::max(kWidestLoose, right - left);
    std::size_t layer = joined ? deepest() + 1 : 0;
    double x = left;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!loose(i)) continue;
      if (x > left && x + places_[i].width > left + widest) {
        x = left;
        ++layer;
      }
      places_[i].x = x + places_[i].width / 2;
      places_[i].layer = layer;
      x += places_[i].width + kGap;
    }
  }

  // Ends are spread along the border in the order of where their lines go.
  double port(std::size_t node, bool lower_side, std::size_t toward) const {
    NodeSet ends = lower_side ? places_[node].below : places_[node].above;
    std::stable_sort(ends.begin(), ends.end(),
                     [this](std::size_t a, std::size_t b) { return places_[a].x < places_[b].x; });
    const auto place =
        static_cast<double>(std::find(ends.begin(), ends.end(), toward) - ends.begin());
    const double share = (place + 1) / (static_cast<double>(ends.size()) + 1) - 0.5;
    return places_[node].x + share * (places_[node].width - 8);
  }

  std::vector<std::pair<double, double>> line(std::size_t e, double shift) const {
    std::size_t upper = graph_.edges[e].source;
    std::size_t lower = graph_.edges[e].target;
    if (upper == lower) return {};
    if (!down_[e]) std::swap(upper, lower);
    const NodeSet& chain = chains_[e];
    const std::size_t first = chain.empty() ? lower : chain.front();
    const std::size_t last = chain.empty() ? upper : chain.back();
    std::vector<std::pair<double, double>> points;
    points.emplace_back(port(upper, true, first) + shift, height_of(upper) + kBoxHeight / 2 + 2);
    for (const std::size_t bend : chain) {
      points.emplace_back(places_[bend].x + shift, height_of(bend));
    }
    points.emplace_back(port(lower, false, last) + shift, height_of(lower) - kBoxHeight / 2 - 2);
    if (!down_[e]) std::reverse(points.begin(), points.end());
    return points;
  }

  const Graph& graph_;
  std::vector<Place> places_;    // the nodes, then the bends
  std::vector<NodeSet> chains_;  // bends of every edge, from its upper end
  std::vector<bool> down_;       // the source is the upper end
  std::vector<NodeSet> rows_;
};

}  // namespace

Layout layered(const Graph& graph, const std::vector<double>& widths) {
  return Layering(graph, widths).layout();
}

}  // namespace polycause
