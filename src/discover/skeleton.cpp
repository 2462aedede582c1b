#include "discover/skeleton.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>

#include "base/parallel.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kChunk = 32;  // units taken at once: a unit may be a single test

NodeSet candidates(const NodeSet& neighbours, std::size_t x, std::size_t y,
                   const Constraints& constraints) {
  NodeSet found;
  for (const std::size_t node : neighbours) {
    if (node != y && constraints.may_cause(node, x)) found.push_back(node);
  }
  return found;
}

// Both sides of one pair at one depth.
void examine(IndependenceTest& test, const Constraints& constraints, const SkeletonOptions& options,
             std::size_t depth, const std::vector<NodeSet>& neighbours, std::size_t x,
             std::size_t y, PairEvidence& pair) {
  for (const bool second : {false, true}) {
    if (depth == 0 && second) return;
    NodeSet from;  // a test given nothing needs no candidates
    if (depth > 0) {
      from = candidates(neighbours[second ? y : x], second ? y : x, second ? x : y, constraints);
      if (from.size() < depth) continue;
    }
    NodeSet separating;
    const bool before = pair.adjacent;
    const Weakest weakest =
        test.scan(x, y, from, depth, options.alpha, [&](const NodeSet& set, double) {
          pair.adjacent = false;
          NodeSet both;
          std::set_union(separating.begin(), separating.end(), set.begin(), set.end(),
                         std::back_inserter(both));
          separating = std::move(both);
          return options.exhaustive;
        });
    if (!pair.adjacent && before) {
      // The largest p seen is that of a separating set, since all others are below alpha.
      pair.weakest = {weakest.result, separating};
      if (!options.exhaustive) return;
    } else if (!before) {
      NodeSet both;
      std::set_union(separating.begin(), separating.end(), pair.weakest.set.begin(),
                     pair.weakest.set.end(), std::back_inserter(both));
      pair.weakest.set = std::move(both);
      if (weaker(weakest.result, pair.weakest.result)) pair.weakest.result = weakest.result;
    } else if (weaker(weakest.result, pair.weakest.result)) {
      pair.weakest = weakest;
    }
  }
}

}  // namespace

std::size_t for_each_with_test(const IndependenceTest& test, std::size_t count, std::size_t threads,
                               Observer* observer,
                               const std::function<void(IndependenceTest&, std::size_t)>& unit) {
  threads = std::max<std::size_t>(1, std::min(threads, (count + kChunk - 1) / kChunk));
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> tests{0};
  std::mutex guard;
  parallel_for(threads, threads, [&](std::size_t) {
    const std::unique_ptr<IndependenceTest> own = test.clone();
    for (std::size_t first = next.fetch_add(kChunk); first < count;
         first = next.fetch_add(kChunk)) {
      if (observer != nullptr) {
        const std::lock_guard<std::mutex> lock(guard);
        if (observer->cancelled()) throw Interrupted("discover: interrupted");
      }
      for (std::size_t i = first; i < std::min(first + kChunk, count); ++i) unit(*own, i);
    }
    tests += own->tests();
  });
  return tests;
}

Skeleton find_skeleton(const IndependenceTest& test, const Constraints& constraints,
                       const SkeletonOptions& options, Observer* observer) {
  const std::size_t size = test.size();
  Skeleton skeleton(size);
  std::vector<NodeSet> neighbours(size);  // each ascending, since i is
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (constraints.keeps_apart(i, j)) {
        skeleton.pair(i, j).adjacent = false;
      } else {
        neighbours[i].push_back(j);
        neighbours[j].push_back(i);
      }
    }
  }
  for (std::size_t depth = 0;; ++depth) {
    if (options.max_depth >= 0 && depth > static_cast<std::size_t>(options.max_depth)) break;
    std::vector<std::pair<std::size_t, std::size_t>> open;
    for (std::size_t i = 0; i < size; ++i) {
      for (const std::size_t j : neighbours[i]) {
        if (j < i && std::max(neighbours[i].size(), neighbours[j].size()) > depth)
          open.emplace_back(j, i);  // in the order in which the pairs lie in memory
      }
    }
    if (open.empty()) break;
    skeleton.depth = depth;
    skeleton.tests += for_each_with_test(
        test, open.size(), options.threads, observer, [&](IndependenceTest& own, std::size_t unit) {
          const auto [x, y] = open[unit];
          PairEvidence& pair = skeleton.pair(x, y);
          examine(own, constraints, options, depth, neighbours, x, y, pair);
          if (constraints.keeps_joined(x, y)) pair.adjacent = true;
        });
    for (std::size_t i = 0; i < size; ++i) {
      neighbours[i].erase(std::remove_if(neighbours[i].begin(), neighbours[i].end(),
                                         [&](std::size_t j) { return !skeleton.adjacent(i, j); }),
                          neighbours[i].end());
    }
    if (observer != nullptr) {
      observer->progress({"skeleton, sets of " + std::to_string(depth), 0.0, -1});
    }
  }
  return skeleton;
}

}  // namespace polycause
