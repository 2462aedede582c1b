#include "discover/bootstrap.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "base/random.h"
#include "polycause/error.h"

namespace polycause {
namespace {

Dataset drawn(const Dataset& data, double share, std::int64_t seed, std::size_t index) {
  Random random(static_cast<std::uint64_t>(seed), "discover.bootstrap", index);
  std::vector<std::size_t> rows;
  if (share > 0) {
    rows = random.permutation(data.rows);
    rows.resize(
        std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(data.rows))));
  } else {
    for (std::size_t r = 0; r < data.rows; ++r) rows.push_back(random.below(data.rows));
  }
  std::sort(rows.begin(), rows.end());
  Dataset result;
  result.name = data.name;
  result.rows = rows.size();
  for (const Variable& from : data.variables) {
    Variable to{from.id, from.levels, {}};
    to.values.reserve(rows.size());
    for (const std::size_t r : rows) to.values.push_back(from.values[r]);
    result.variables.push_back(std::move(to));
  }
  return result;
}

}  // namespace

std::vector<MarkMatrix> replicate(const std::vector<Dataset>& data, const std::string& test,
                                  const Constraints& constraints, const DiscoverOptions& options,
                                  std::size_t threads, Observer* observer) {
  const auto count = static_cast<std::size_t>(options.bootstrap);
  std::vector<MarkMatrix> graphs(count);
  std::mutex guard;
  std::size_t done = 0;
  parallel_for(count, threads, [&](std::size_t b) {
    if (observer != nullptr) {
      const std::lock_guard<std::mutex> lock(guard);
      if (observer->cancelled()) throw Interrupted("discover: interrupted among the replicates");
      observer->progress(
          {"replicates", static_cast<double>(done++) / static_cast<double>(count), -1});
    }
    const Dataset sample = drawn(data[b % data.size()], options.subsample, options.seed, b);
    graphs[b] = run_search(search_over(sample, test, options, 1, nullptr), constraints, options, 1,
                           nullptr, false)
                    .marks;
  });
  return graphs;
}

void add_stability(const std::vector<MarkMatrix>& replicates,
                   const std::vector<std::size_t>& position, Graph* graph) {
  const std::size_t size = position.size();
  const auto total = static_cast<double>(replicates.size());
  std::vector<std::size_t> place(size);
  for (std::size_t i = 0; i < size; ++i) place[position[i]] = i;
  std::vector<double> joined(size * size, 0.0);
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = a + 1; b < size; ++b) {
      Frequency f;
      f.a = a;
      f.b = b;
      std::size_t count = 0;
      std::size_t forward = 0;
      std::size_t backward = 0;
      std::size_t undirected = 0;
      std::size_t arrows = 0;
      for (const MarkMatrix& marks : replicates) {
        count += marks.adjacent(place[a], place[b]) ? 1 : 0;
        forward += marks.directed(place[a], place[b]) ? 1 : 0;
        backward += marks.directed(place[b], place[a]) ? 1 : 0;
        undirected += marks.undirected(place[a], place[b]) ? 1 : 0;
        arrows += marks.both_arrows(place[a], place[b]) ? 1 : 0;
      }
      if (count == 0) continue;
      f.joined = static_cast<double>(count) / total;
      f.a_to_b = static_cast<double>(forward) / total;
      f.b_to_a = static_cast<double>(backward) / total;
      f.undirected = static_cast<double>(undirected) / total;
      f.two_arrows = static_cast<double>(arrows) / total;
      joined[a * size + b] = f.joined;
      graph->frequencies.push_back(f);
    }
  }
  for (Edge& edge : graph->edges) {
    edge.stability =
        joined[std::min(edge.source, edge.target) * size + std::max(edge.source, edge.target)];
  }
}

}  // namespace polycause
