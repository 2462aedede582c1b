// Best order score search (Andrews, Ramsey, Sanchez-Romero, Camchong, Kummerfeld 2023): an order of
// the variables is improved by moving one at a time to its best place; an order's graph gives each
// variable the parents that grow-shrink picks from those before it. Grow-shrink runs are kept in
// trees.
#include <algorithm>
#include <limits>
#include <map>
#include <memory>

#include "base/random.h"
#include "discover/score_search.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kLeastGain = 1e-9;
constexpr std::size_t kStarts = 5;

// All grow-shrink runs of one variable. A tree node is a set of parents in the order they were
// added.
class GrowShrinkTree {
 public:
  GrowShrinkTree(Score& score, const Constraints& constraints, std::size_t node)
      : score_(score), constraints_(constraints), node_(node) {
    for (std::size_t i = 0; i < score.size(); ++i) {
      if (i != node && constraints.requires_edge(i, node)) required_.push_back(i);
    }
    root_.parents = required_;
    root_.score = score_.local(node_, root_.parents);
  }

  /// Score with the best parents found among `before`; `parents` (may be null) receives them.
  double trace(const std::vector<bool>& before, NodeSet* parents) {
    Run* run = &root_;
    while (true) {
      if (!run->grown) grow(*run);
      const auto next = std::find_if(run->branches.begin(), run->branches.end(),
                                     [&](const Branch& branch) { return before[branch.added]; });
      if (next == run->branches.end()) break;
      if (!next->run) {
        next->run = std::make_unique<Run>();
        next->run->parents = run->parents;
        NodeSet& set = next->run->parents;
        set.insert(std::upper_bound(set.begin(), set.end(), next->added), next->added);
        next->run->score = next->score;
      }
      run = next->run.get();
    }
    if (!run->shrunk) shrink(*run);
    if (parents != nullptr) *parents = run->kept;
    return run->kept_score;
  }

 private:
  struct Run;
  struct Branch {
    double score = 0;
    std::size_t added = 0;
    std::unique_ptr<Run> run;
  };
  struct Run {
    NodeSet parents;
    double score = 0;
    bool grown = false;
    bool shrunk = false;
    std::vector<Branch> branches;  // those that improve, best first
    NodeSet kept;
    double kept_score = 0;
  };

  void grow(Run& run) {
    scores_.assign(score_.size(), -std::numeric_limits<double>::infinity());
    score_.local_with_each(node_, run.parents, scores_);
    for (std::size_t c = 0; c < scores_.size(); ++c) {
      if (scores_[c] <= run.score + kLeastGain || constraints_.forbids(c, node_)) continue;
      run.branches.push_back({scores_[c], c, nullptr});
    }
    std::stable_sort(run.branches.begin(), run.branches.end(),
                     [](const Branch& a, const Branch& b) { return a.score > b.score; });
    run.grown = true;
  }

  void shrink(Run& run) {
    run.kept = run.parents;
    run.kept_score = run.score;
    for (bool improved = true; improved;) {
      improved = false;
      NodeSet best;
      for (const std::size_t out : run.kept) {
        if (std::binary_search(required_.begin(), required_.end(), out)) continue;
        NodeSet without;
        for (const std::size_t p : run.kept) {
          if (p != out) without.push_back(p);
        }
        const double score = score_.local(node_, without);
        if (score <= run.kept_score + kLeastGain) continue;
        run.kept_score = score;
        best = std::move(without);
        improved = true;
      }
      if (improved) run.kept = std::move(best);
    }
    run.shrunk = true;
  }

  Score& score_;
  const Constraints& constraints_;
  std::size_t node_;
  NodeSet required_;
  Run root_;
  std::vector<double> scores_;
};

class Boss {
 public:
  Boss(Score& score, const Constraints& constraints) : constraints_(constraints) {
    for (std::size_t i = 0; i < score.size(); ++i) {
      trees_.push_back(std::make_unique<GrowShrinkTree>(score, constraints, i));
    }
    Parents required(score.size());
    for (std::size_t i = 0; i < score.size(); ++i) {
      for (std::size_t j = 0; j < score.size(); ++j) {
        if (constraints.requires_edge(j, i)) required[i].push_back(j);
      }
    }
    required_ = std::move(required);
  }

  // One move at a time can end in a local optimum: several starts, and the best total wins.
  Parents run(const std::function<void()>& poll) {
    double best = -std::numeric_limits<double>::infinity();
    Parents chosen;
    for (std::size_t start = 0; start < kStarts; ++start) {
      order_ = starting_order(start);
      improve(poll);
      Parents parents(order_.size());
      std::vector<bool> before(order_.size(), false);
      double total = 0;
      for (const std::size_t node : order_) {
        total += trees_[node]->trace(before, &parents[node]);
        before[node] = true;
      }
      if (total <= best + kLeastGain) continue;
      best = total;
      chosen = std::move(parents);
    }
    return chosen;
  }

 private:
  // As numbered, the other way round, then at random; required causes first in each.
  NodeSet starting_order(std::size_t start) const {
    const std::size_t size = required_.size();
    std::vector<std::size_t> label(size);
    for (std::size_t i = 0; i < size; ++i) label[i] = start == 0 ? i : size - 1 - i;
    if (start > 1) label = Random(0, "discover.boss", start).permutation(size);
    Parents relabelled(size);
    for (std::size_t i = 0; i < size; ++i) {
      for (const std::size_t p : required_[i]) relabelled[label[i]].push_back(label[p]);
    }
    NodeSet of(size);
    for (std::size_t i = 0; i < size; ++i) of[label[i]] = i;
    NodeSet order;
    for (const std::size_t l : causal_order(relabelled)) order.push_back(of[l]);
    return order;
  }

  void improve(const std::function<void()>& poll) {
    for (bool improved = true; improved;) {
      improved = false;
      const NodeSet sweep = order_;
      for (const std::size_t node : sweep) {
        poll();
        improved = move(node) || improved;
      }
    }
  }

  // Puts `node` where the total is largest; false when that is where it stands.
  bool move(std::size_t node) {
    const auto stands =
        static_cast<std::size_t>(std::find(order_.begin(), order_.end(), node) - order_.begin());
    NodeSet others;
    for (const std::size_t other : order_) {
      if (other != node) others.push_back(other);
    }
    const std::size_t count = others.size();
    std::vector<bool> before(order_.size(), false);
    std::vector<double> own(count + 1);
    std::vector<double> with(count);     // score of others[i] with `node` before it
    std::vector<double> without(count);  // and after it
    for (std::size_t i = 0; i < count; ++i) {
      own[i] = trees_[node]->trace(before, nullptr);
      without[i] = trees_[others[i]]->trace(before, nullptr);
      before[node] = true;
      with[i] = trees_[others[i]]->trace(before, nullptr);
      before[node] = false;
      before[others[i]] = true;
    }
    own[count] = trees_[node]->trace(before, nullptr);
    double total = own[0];
    for (std::size_t i = 0; i < count; ++i) total += with[i];
    std::vector<double> totals = {total};  // relative to the others' order
    for (std::size_t i = 0; i < count; ++i) {
      total += own[i + 1] - own[i] + without[i] - with[i];
      totals.push_back(total);
    }
    std::size_t best = stands;
    for (std::size_t i = 0; i <= count; ++i) {
      if (totals[i] > totals[best] + kLeastGain && allowed(node, others, i)) best = i;
    }
    if (best == stands) return false;
    others.insert(others.begin() + static_cast<std::ptrdiff_t>(best), node);
    order_ = std::move(others);
    return true;
  }

  // Required causes stay before what they cause.
  bool allowed(std::size_t node, const NodeSet& others, std::size_t place) const {
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (i < place ? constraints_.requires_edge(node, others[i])
                    : constraints_.requires_edge(others[i], node)) {
        return false;
      }
    }
    return true;
  }

  const Constraints& constraints_;
  std::vector<std::unique_ptr<GrowShrinkTree>> trees_;
  Parents required_;
  NodeSet order_;
};

}  // namespace

Parents boss(Score& score, const Constraints& constraints, const std::function<void()>& poll) {
  return Boss(score, constraints).run(poll);
}

}  // namespace polycause
