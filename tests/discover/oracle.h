// Independence read off a known DAG by d-separation, and random DAGs.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/random.h"
#include "discover/independence.h"

namespace polycause {

/// parents[i] = direct causes of i.
using Dag = std::vector<NodeSet>;

/// Edges i -> j with i before j in a random order.
inline Dag random_dag(std::size_t size, double density, std::uint64_t seed) {
  Random random(seed, "random_dag");
  const std::vector<std::size_t> order = random.permutation(size);
  Dag dag(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = i + 1; j < size; ++j) {
      if (random.uniform() < density) dag[order[j]].push_back(order[i]);
    }
  }
  return dag;
}

/// Separation in the moral graph of the ancestors of x, y and the set.
inline bool d_separated(const Dag& dag, std::size_t x, std::size_t y, const NodeSet& given) {
  const std::size_t size = dag.size();
  std::vector<bool> ancestor(size, false);
  NodeSet open = given;
  open.push_back(x);
  open.push_back(y);
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (ancestor[node]) continue;
    ancestor[node] = true;
    open.insert(open.end(), dag[node].begin(), dag[node].end());
  }
  std::vector<std::vector<bool>> linked(size, std::vector<bool>(size, false));
  for (std::size_t child = 0; child < size; ++child) {
    if (!ancestor[child]) continue;
    for (const std::size_t a : dag[child]) {
      linked[a][child] = linked[child][a] = true;
      for (const std::size_t b : dag[child]) linked[a][b] = true;
    }
  }
  std::vector<bool> seen(size, false);
  for (const std::size_t node : given) seen[node] = true;
  open = {x};
  seen[x] = true;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (node == y) return false;
    for (std::size_t next = 0; next < size; ++next) {
      if (linked[node][next] && !seen[next]) {
        seen[next] = true;
        open.push_back(next);
      }
    }
  }
  return true;
}

/// Tests the first `observed` variables of a DAG; p is 1 when separated and 0 when not.
class OracleTest : public IndependenceTest {
 public:
  OracleTest(Dag dag, std::size_t observed) : dag_(std::move(dag)), observed_(observed) {}
  explicit OracleTest(const Dag& dag) : OracleTest(dag, dag.size()) {}
  std::size_t size() const override { return observed_; }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<OracleTest>(dag_, observed_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    const bool separated = d_separated(dag_, x, y, given);
    return {separated ? 1.0 : 0.0, separated ? 0.0 : 1.0, 1.0};
  }

 private:
  Dag dag_;
  std::size_t observed_;
};

}  // namespace polycause
