#include "networks/plugin/pima/halves.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::int64_t kRows = 5000;  // participants in the graph
constexpr std::int64_t kNeighbours = 10;
constexpr std::int64_t kChunk = 1000;  // participants whose distances are in memory
constexpr std::int64_t kVectors = 6;   // in which cuts are looked for
constexpr int kTurns = 200;            // of the block iteration at most, each of kSteps products
constexpr int kSteps = 20;
constexpr double kStill = 1e-6;      // change of an eigenvalue in a turn
constexpr double kLeastShare = 0.1;  // of a half
constexpr double kBroad = 60;        // pairs that a cut of the whole must part for the median place
constexpr double kThin = 0.3;        // of them that a clean cut parts

struct Halves {
  Tensor second;       // (n,) bool
  double cut = 2;      // parted pairs as a share of those of either half, summed
  double parted = 0;   // pairs
  double typical = 0;  // median of the pairs that are parted elsewhere along the same direction
};

/// (m, k): the nearest of `others` (n, l) of every one of `points` (m, l), itself left out where
/// both are the same.
Tensor neighbours(const Tensor& points, const Tensor& others, bool same) {
  const std::int64_t count = std::min(kNeighbours, others.size(0) - (same ? 1 : 0));
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0; begin < points.size(0); begin += kChunk) {
    const Tensor distance = torch::cdist(points.slice(0, begin, begin + kChunk), others);
    if (same) distance.diagonal(begin).fill_(std::numeric_limits<double>::infinity());
    parts.push_back(std::get<1>(distance.topk(count, 1, false)));
  }
  return torch::cat(parts);
}

/// Pairs of which one is among the other's neighbours.
struct Graph {
  std::vector<std::int64_t> begin;  // (n + 1,) of a participant's partners
  std::vector<std::int64_t> partner;
  Tensor degree;  // (n,) double
};

Graph graph_of(const Tensor& points) {
  const Tensor nearest = neighbours(points, points, true).contiguous();
  const std::int64_t n = nearest.size(0);
  const std::int64_t count = nearest.size(1);
  const auto* near = nearest.data_ptr<std::int64_t>();
  std::vector<std::vector<std::int64_t>> partners(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n * count; ++i) {
    partners[static_cast<std::size_t>(i / count)].push_back(near[i]);
    partners[static_cast<std::size_t>(near[i])].push_back(i / count);
  }
  Graph graph;
  graph.degree = torch::zeros({n}, torch::kDouble);
  graph.begin.push_back(0);
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<std::int64_t>& own = partners[static_cast<std::size_t>(i)];
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    graph.partner.insert(graph.partner.end(), own.begin(), own.end());
    graph.begin.push_back(static_cast<std::int64_t>(graph.partner.size()));
    graph.degree[i] = static_cast<double>(own.size());
  }
  return graph;
}

/// D^-1/2 A D^-1/2 x of x (n, v).
Tensor step(const Graph& graph, const Tensor& root, const Tensor& x) {
  const Tensor from = (x / root).contiguous();
  const Tensor to = torch::zeros_like(from);
  const auto* in = from.data_ptr<double>();
  auto* out = to.data_ptr<double>();
  const std::int64_t width = x.size(1);
  for (std::size_t i = 0; i + 1 < graph.begin.size(); ++i) {
    double* sum = out + static_cast<std::int64_t>(i) * width;
    for (std::int64_t e = graph.begin[i]; e < graph.begin[i + 1]; ++e) {
      const double* one = in + graph.partner[static_cast<std::size_t>(e)] * width;
      for (std::int64_t v = 0; v < width; ++v) sum[v] += one[v];
    }
  }
  return to / root;
}

/// Leading eigenvectors (n, v) of the graph's random walk but for the constant one, by block
/// iteration.
Tensor slowest(const Graph& graph, at::Generator& generator) {
  const Tensor root = graph.degree.sqrt().unsqueeze(1);  // (n, 1)
  const Tensor constant = root / root.norm();
  const std::int64_t n = root.size(0);
  Tensor x = torch::randn({n, std::min(kVectors, n - 1)}, generator, torch::kDouble);
  double before = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (int s = 0; s < kSteps; ++s) x = 0.5 * (x + step(graph, root, x));  // no value below 0
    x = std::get<0>(torch::linalg_qr(x - constant.mm(constant.t().mm(x))));
    const auto [values, turned] = torch::linalg_eigh(x.t().mm(step(graph, root, x)));
    x = x.mm(turned.flip(1));  // largest first
    const double now = values[-1].item<double>();
    if (now - before < kStill) break;
    before = now;
  }
  return x / root;
}

/// The least normalised cut between the low and the high values of `along` (n,).
Halves swept(const Graph& graph, const Tensor& along) {
  const std::int64_t n = along.size(0);
  const Tensor order = along.argsort().contiguous();
  const auto* participant = order.data_ptr<std::int64_t>();
  const Tensor place = torch::empty_like(order).scatter_(0, order, torch::arange(n));
  const auto* at = place.data_ptr<std::int64_t>();
  const auto* degree = graph.degree.data_ptr<double>();
  const double total = graph.degree.sum().item<double>();
  const auto least = static_cast<std::int64_t>(kLeastShare * static_cast<double>(n));
  Halves best;
  std::int64_t where = 0;
  double low = 0;
  double across = 0;
  std::vector<double> everywhere;
  for (std::int64_t first = 1; first < n; ++first) {  // so many are in the low half
    const std::int64_t i = participant[first - 1];
    low += degree[i];
    for (std::int64_t e = graph.begin[static_cast<std::size_t>(i)];
         e < graph.begin[static_cast<std::size_t>(i) + 1]; ++e) {
      across += at[graph.partner[static_cast<std::size_t>(e)]] >= first ? 1 : -1;
    }
    if (first < least || n - first < least) continue;
    everywhere.push_back(across);
    const double cut = across / low + across / (total - low);
    if (cut >= best.cut) continue;
    best.cut = cut;
    best.parted = across;
    where = first;
  }
  best.second = place >= where;
  const auto middle = everywhere.begin() + static_cast<std::ptrdiff_t>(everywhere.size() / 2);
  std::nth_element(everywhere.begin(), middle, everywhere.end());
  best.typical = *middle;
  return best;
}

Halves least_cut(const Tensor& points, at::Generator& generator) {
  const Graph graph = graph_of(points);
  Halves best;
  for (const Tensor& along : slowest(graph, generator).unbind(1)) {
    Halves halves = swept(graph, along);
    if (!best.second.defined() || halves.cut < best.cut) best = std::move(halves);
  }
  return best;
}

}  // namespace

std::optional<Tensor> clean_halves(const Tensor& points, at::Generator& generator) {
  const std::int64_t n = points.size(0);
  const Tensor all = points.to(torch::kDouble);
  const Tensor rows = torch::randperm(n, generator, torch::kLong).slice(0, 0, std::min(n, kRows));
  const Tensor some = all.index_select(0, rows);
  if (kLeastShare * static_cast<double>(some.size(0)) < 2 * kNeighbours) return std::nullopt;
  const Halves halves = least_cut(some, generator);
  if (halves.typical < kBroad || halves.parted > kThin * halves.typical) return std::nullopt;
  if (n == rows.size(0)) return torch::empty_like(halves.second).index_copy(0, rows, halves.second);
  // The others go with their neighbours.
  const Tensor near = neighbours(all, some, false);
  const Tensor votes = halves.second.index_select(0, near.reshape({-1})).view(near.sizes());
  return (votes.to(torch::kDouble).mean(1) > 0.5).index_copy(0, rows, halves.second);
}

}  // namespace polycause
