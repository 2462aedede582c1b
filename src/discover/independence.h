// A conditional-independence test as the searches see it.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "discover/mark_matrix.h"

namespace polycause {

struct TestResult {
  double p = std::numeric_limits<double>::quiet_NaN();          ///< NaN: this test cannot be done
  double strength = std::numeric_limits<double>::quiet_NaN();   ///< partial correlation, or alike
  double n = std::numeric_limits<double>::quiet_NaN();          ///< rows used
  double statistic = std::numeric_limits<double>::quiet_NaN();  ///< chi-square; NaN: no such test
  double freedom = 0;                                           ///< of it
};

/// True when `a` speaks less for a dependence than `b`; a test not done is never the weaker one.
bool weaker(const TestResult& a, const TestResult& b);

struct Weakest {
  TestResult result;  ///< p is NaN when no test could be done
  NodeSet set;
};

/// Not thread-safe: every thread works with its own clone (data are shared, scratch is not).
class IndependenceTest {
 public:
  virtual ~IndependenceTest() = default;
  virtual std::size_t size() const = 0;  ///< number of variables
  virtual std::unique_ptr<IndependenceTest> clone() const = 0;

  TestResult test(std::size_t x, std::size_t y, const NodeSet& given) {
    ++tests_;
    return evaluate(x, y, given);
  }
  double p_value(std::size_t x, std::size_t y, const NodeSet& given) { return test(x, y, given).p; }

  /// Called with each subset that separates and its p; false ends the scan.
  using Found = std::function<bool(const NodeSet&, double)>;
  /// Tests x and y given every subset of `depth` of the candidates, in lexicographic order of their
  /// positions; independent means p > alpha. Returns the weakest dependence seen.
  virtual Weakest scan(std::size_t x, std::size_t y, const NodeSet& candidates, std::size_t depth,
                       double alpha, const Found& found);

  std::size_t tests() const { return tests_; }  ///< done by this clone

 protected:
  virtual TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) = 0;
  void count(std::size_t tests) { tests_ += tests; }

 private:
  std::size_t tests_ = 0;
};

/// Calls `visit` with every subset of `size` members, in lexicographic order of positions, until it
/// returns false. Returns false when it was ended so.
bool for_each_subset(const NodeSet& members, std::size_t size,
                     const std::function<bool(const NodeSet&)>& visit);

}  // namespace polycause
