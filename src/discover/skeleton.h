// The PC-stable search for the pairs that no set separates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "discover/constraints.h"
#include "discover/independence.h"
#include "polycause/observer.h"

namespace polycause {

/// What the tests said about one pair.
struct PairEvidence {
  bool adjacent = true;
  Weakest weakest;  ///< the test nearest to independence, or the one that separated the pair
};

class Skeleton {
 public:
  explicit Skeleton(std::size_t size = 0) : size_(size), pairs_(size * (size - (size > 0)) / 2) {}
  std::size_t size() const { return size_; }
  PairEvidence& pair(std::size_t i, std::size_t j) { return pairs_[index(i, j)]; }
  const PairEvidence& pair(std::size_t i, std::size_t j) const { return pairs_[index(i, j)]; }
  bool adjacent(std::size_t i, std::size_t j) const { return i != j && pair(i, j).adjacent; }
  std::size_t depth = 0;  ///< largest set tried
  std::size_t tests = 0;

 private:
  std::size_t index(std::size_t i, std::size_t j) const {
    return i < j ? j * (j - 1) / 2 + i : i * (i - 1) / 2 + j;
  }
  std::size_t size_;
  std::vector<PairEvidence> pairs_;
};

struct SkeletonOptions {
  double alpha = 0.01;
  std::int64_t max_depth = -1;
  std::size_t threads = 1;
  /// Tests every set of the depth that separates a pair, from both sides, and keeps their union.
  bool exhaustive = false;
};

/// Neighbours are frozen per level, so neither order nor threads matter to which pairs stay.
/// Throws Interrupted when the observer asks for it.
Skeleton find_skeleton(const IndependenceTest& test, const Constraints& constraints,
                       const SkeletonOptions& options, Observer* observer);

/// Runs unit(clone, index) for all indices, every thread with its own clone of `test`. Returns the
/// number of tests done.
std::size_t for_each_with_test(const IndependenceTest& test, std::size_t count, std::size_t threads,
                               Observer* observer,
                               const std::function<void(IndependenceTest&, std::size_t)>& unit);

}  // namespace polycause
