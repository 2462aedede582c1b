#include "model/geodesic.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"

namespace polycause {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;
using Eigen::VectorXf;

constexpr Index kGraph = 3000;
constexpr Index kLandmarks = 300;
constexpr std::size_t kNeighbours = 30;
constexpr std::size_t kViews = 8;  // of one alone, distances are too rough to tell names apart
constexpr float kFar = std::numeric_limits<float>::infinity();

struct Link {
  Index to;
  float length;
};
using Links = std::vector<std::vector<Link>>;  // per point of the graph

/// The nearest of `graph` (columns are points) to a point, itself (at `own`) left out.
std::vector<Link> nearest(const MatrixXf& graph, const VectorXf& point, Index own) {
  const VectorXf distance = (graph.colwise() - point).colwise().norm().transpose();
  std::vector<Link> all;
  for (Index k = 0; k < graph.cols(); ++k) {
    if (k != own) all.push_back({k, distance(k)});
  }
  const std::size_t count = std::min(kNeighbours, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Link& a, const Link& b) {
                      return a.length != b.length ? a.length < b.length : a.to < b.to;
                    });
  all.resize(count);
  return all;
}

/// Lengths of the shortest ways from one point (Dijkstra).
VectorXf ways_from(const Links& links, Index from) {
  VectorXf best = VectorXf::Constant(static_cast<Index>(links.size()), kFar);
  using Entry = std::pair<float, Index>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  best(from) = 0;
  open.push({0.0F, from});
  while (!open.empty()) {
    const auto [length, at] = open.top();
    open.pop();
    if (length > best(at)) continue;
    for (const Link& link : links[static_cast<std::size_t>(at)]) {
      const float sum = length + link.length;
      if (sum < best(link.to)) {
        best(link.to) = sum;
        open.push({sum, link.to});
      }
    }
  }
  return best;
}

void join(Links& links, Index a, Index b, float length) {
  links[static_cast<std::size_t>(a)].push_back({b, length});
  links[static_cast<std::size_t>(b)].push_back({a, length});
}

/// Parts that cannot be reached from the first point get a link to those that can, where they are
/// closest. Returns whether there was only one part.
bool connect(const MatrixXf& graph, Links& links) {
  for (bool whole = true;; whole = false) {
    const VectorXf reached = ways_from(links, 0);
    Link shortest{-1, kFar};
    Index from = -1;
    for (Index a = 0; a < graph.cols(); ++a) {
      if (reached(a) < kFar) continue;
      for (Index b = 0; b < graph.cols(); ++b) {
        if (!(reached(b) < kFar)) continue;
        const float length = (graph.col(a) - graph.col(b)).norm();
        if (length < shortest.length) {
          shortest = {b, length};
          from = a;
        }
      }
    }
    if (from < 0) return whole;
    join(links, from, shortest.to, shortest.length);
  }
}

/// Coordinates by one choice of points and landmarks.
MatrixXf one_view(const MatrixXf& points, Index dimensions, Random random, std::size_t threads,
                  bool& whole) {
  const Index n = points.rows();
  const std::vector<std::size_t> order = random.permutation(static_cast<std::size_t>(n));
  const Index size = std::min(n, kGraph);
  const Index landmarks = std::min(size, kLandmarks);
  MatrixXf graph(points.cols(), size);
  std::vector<Index> place(static_cast<std::size_t>(n), -1);  // in the graph
  for (Index k = 0; k < size; ++k) {
    const std::size_t row = order[static_cast<std::size_t>(k)];
    graph.col(k) = points.row(static_cast<Index>(row)).transpose();
    place[row] = k;
  }
  std::vector<std::vector<Link>> near(static_cast<std::size_t>(size));
  parallel_for(near.size(), threads, [&](std::size_t k) {
    near[k] = nearest(graph, graph.col(static_cast<Index>(k)), static_cast<Index>(k));
  });
  Links links(near.size());
  for (std::size_t k = 0; k < near.size(); ++k) {
    for (const Link& link : near[k]) join(links, static_cast<Index>(k), link.to, link.length);
  }
  whole = connect(graph, links) && whole;
  MatrixXf ways(size, landmarks);
  parallel_for(static_cast<std::size_t>(landmarks), threads, [&](std::size_t k) {
    ways.col(static_cast<Index>(k)) = ways_from(links, static_cast<Index>(k));
  });
  // Classical scaling of the landmarks; everybody else by their distances to these.
  const MatrixXd square = ways.topRows(landmarks).cast<double>().cwiseAbs2();
  const VectorXd mean = square.rowwise().mean();
  MatrixXd inner = square;
  inner.rowwise() -= square.colwise().mean();
  inner.colwise() -= inner.rowwise().mean().eval();
  inner = -0.25 * (inner + inner.transpose().eval());
  const Eigen::SelfAdjointEigenSolver<MatrixXd> parts(inner);
  MatrixXd to(landmarks, dimensions);
  for (Index k = 0; k < dimensions; ++k) {
    const Index from = landmarks - 1 - k;
    const double value = from < 0 ? 0 : parts.eigenvalues()(from);
    if (value <= 1e-12) {
      to.col(k).setZero();
    } else {
      to.col(k) = parts.eigenvectors().col(from) / std::sqrt(value);
    }
  }
  MatrixXf out(n, dimensions);
  parallel_for(place.size(), threads, [&](std::size_t row) {
    const auto i = static_cast<Index>(row);
    VectorXf way = VectorXf::Constant(landmarks, kFar);
    if (place[row] >= 0) {
      way = ways.row(place[row]).transpose();
    } else {
      for (const Link& link : nearest(graph, points.row(i).transpose(), -1))
        way = way.cwiseMin((ways.row(link.to).array() + link.length).matrix().transpose());
    }
    const VectorXd away = way.cast<double>().cwiseAbs2() - mean;
    out.row(i) = (-0.5 * to.transpose() * away).transpose().cast<float>();
  });
  out.rowwise() -= out.colwise().mean().eval();
  return out;
}

}  // namespace

MatrixXf geodesic_coordinates(const MatrixXf& points, Index dimensions, std::uint64_t seed,
                              std::size_t threads, bool* whole) {
  MatrixXf first;
  MatrixXf sum;
  bool one_part = true;
  for (std::size_t view = 0; view < kViews; ++view) {
    const MatrixXf own =
        one_view(points, dimensions, Random(seed, "geodesic.graph", view), threads, one_part);
    if (view == 0) {
      first = sum = own;
      continue;
    }
    const Eigen::JacobiSVD<MatrixXf> turn(own.transpose() * first,
                                          Eigen::ComputeFullU | Eigen::ComputeFullV);
    sum += own * (turn.matrixU() * turn.matrixV().transpose());
  }
  if (whole != nullptr) *whole = one_part;
  return sum / static_cast<float>(kViews);
}

}  // namespace polycause
