#include "discover/bootstrap.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "base/random.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// Which of `count` rows or groups take part, in ascending order.
std::vector<std::size_t> draw(std::size_t count, double share, Random& random) {
  std::vector<std::size_t> chosen;
  if (share > 0) {
    chosen = random.permutation(count);
    chosen.resize(
        std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(count))));
  } else {
    for (std::size_t r = 0; r < count; ++r) chosen.push_back(random.below(count));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Dataset drawn(const Dataset& data, double share, std::int64_t seed, std::size_t index) {
  Random random(static_cast<std::uint64_t>(seed), "discover.bootstrap", index);
  if (data.group.empty()) return rows_of(data, draw(data.rows, share, random));
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t r = 0; r < data.rows; ++r) {
    if (members.size() <= data.group[r]) members.resize(data.group[r] + 1);
    members[data.group[r]].push_back(r);
  }
  std::vector<std::size_t> rows;
  std::vector<std::size_t> group;  // one drawn twice counts as two
  std::size_t place = 0;
  for (const std::size_t g : draw(members.size(), share, random)) {
    rows.insert(rows.end(), members[g].begin(), members[g].end());
    group.insert(group.end(), members[g].size(), place++);
  }
  Dataset sample = rows_of(data, rows);
  sample.group = std::move(group);
  return sample;
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
