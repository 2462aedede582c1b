#include "discover/fisher_z.h"

#include <algorithm>
#include <cmath>

#include "discover/correlation.h"
#include "discover/incomplete_fisher_z.h"

namespace polycause {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;

// z below which a two-sided p is above alpha, by bisection on the very function that gives p.
double critical_z(double alpha) {
  double low = 0;
  double high = 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (std::erfc(middle * kSqrtHalf) > alpha ? low : high) = middle;
  }
  return low;
}

class CompleteFisherZ : public IndependenceTest {
 public:
  CompleteFisherZ(std::shared_ptr<const std::vector<double>> correlation, double n, std::size_t d)
      : correlation_(std::move(correlation)), n_(n), d_(d) {}

  std::size_t size() const override { return d_; }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<CompleteFisherZ>(correlation_, n_, d_);
  }
  Weakest scan(std::size_t x, std::size_t y, const NodeSet& candidates, std::size_t depth,
               double alpha, const Found& found) override;

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    return result(partial_correlation(correlation_->data(), d_, x, y, given, scratch_),
                  given.size());
  }

 private:
  // What is left of the candidates and of x and y after the first members of the set are swept out.
  struct Level {
    std::vector<double> x;  // (m,) covariances with x
    std::vector<double> y;  // (m,) covariances with y
    std::vector<double>
        matrix;  // (m, m) row-major, only j >= i; at the last level only the diagonal
    double xx = 1;
    double yy = 1;
    double xy = 0;
  };

  TestResult result(double r, std::size_t depth) const {
    if (std::isnan(r)) return {};
    return {fisher_z_p(r, n_, depth), r, n_};
  }
  double at(std::size_t i, std::size_t j) const { return (*correlation_)[i * d_ + j]; }
  bool descend(std::size_t level, std::size_t first);
  bool last(const Level& now, std::size_t first);
  void sweep(const Level& now, std::size_t pivot, bool diagonal_only, Level& next) const;

  std::shared_ptr<const std::vector<double>> correlation_;  // (d, d)
  double n_;
  std::size_t d_;
  std::vector<double> scratch_;
  double alpha_ = -1;
  double critical_ = 0;

  // Of the scan in progress.
  std::vector<Level> levels_;
  std::vector<double> squared_;        // (m,) squared partial correlations of one row of tests
  std::vector<std::size_t> position_;  // chosen members, as positions among the candidates
  const NodeSet* candidates_ = nullptr;
  const Found* found_ = nullptr;
  std::size_t depth_ = 0;
  double threshold_ = 0;  // on the squared correlation
  double least_ = 0;
  double least_r_ = 0;
  NodeSet least_set_;
};

Weakest CompleteFisherZ::scan(std::size_t x, std::size_t y, const NodeSet& candidates,
                              std::size_t depth, double alpha, const Found& found) {
  if (depth == 0) {
    const Weakest alone{result(at(x, y), 0), {}};
    count(1);
    if (alone.result.p > alpha) found(alone.set, alone.result.p);
    return alone;
  }
  const std::size_t m = candidates.size();
  const double freedom = n_ - static_cast<double>(depth) - 3;
  Weakest weakest;
  if (depth > m || freedom < 1) return weakest;
  if (alpha != alpha_) {
    alpha_ = alpha;
    critical_ = critical_z(alpha);
  }
  const double critical_r = std::tanh(critical_ / std::sqrt(freedom));
  threshold_ = critical_r * critical_r;
  if (levels_.size() < depth) levels_.resize(depth);
  Level& start = levels_[0];
  start.x.resize(m);
  start.y.resize(m);
  start.matrix.resize(depth == 1 ? m : m * m);
  start.xx = start.yy = 1;
  start.xy = at(x, y);
  for (std::size_t i = 0; i < m; ++i) {
    start.x[i] = at(candidates[i], x);
    start.y[i] = at(candidates[i], y);
    if (depth == 1) {
      start.matrix[i] = 1;
    } else {
      for (std::size_t j = i; j < m; ++j)
        start.matrix[i * m + j] = at(candidates[i], candidates[j]);
    }
  }
  squared_.resize(m);
  position_.assign(depth, 0);
  candidates_ = &candidates;
  found_ = &found;
  depth_ = depth;
  least_ = 4;
  descend(0, 0);
  if (least_ < 2) {
    weakest.result = result(least_r_, depth);
    weakest.set = least_set_;
  }
  return weakest;
}

bool CompleteFisherZ::descend(std::size_t level, std::size_t first) {
  const Level& now = levels_[level];
  if (level + 1 == depth_) return last(now, first);
  const std::size_t m = candidates_->size();
  const std::size_t after = depth_ - level - 1;  // members still to choose after this one
  for (std::size_t i = first; i + after < m; ++i) {
    if (!(now.matrix[i * m + i] > kCollinear)) continue;
    position_[level] = i;
    sweep(now, i, level + 2 == depth_, levels_[level + 1]);
    if (!descend(level + 1, i + 1)) return false;
  }
  return true;
}

void CompleteFisherZ::sweep(const Level& now, std::size_t pivot, bool diagonal_only,
                            Level& next) const {
  const std::size_t m = candidates_->size();
  const double* row = now.matrix.data() + pivot * m;
  const double scale = 1 / row[pivot];
  const double px = now.x[pivot];
  const double py = now.y[pivot];
  next.xx = now.xx - px * px * scale;
  next.yy = now.yy - py * py * scale;
  next.xy = now.xy - px * py * scale;
  next.x.resize(m);
  next.y.resize(m);
  next.matrix.resize(diagonal_only ? m : m * m);
  for (std::size_t j = pivot + 1; j < m; ++j) {
    const double u = row[j] * scale;
    next.x[j] = now.x[j] - px * u;
    next.y[j] = now.y[j] - py * u;
    if (diagonal_only) {
      next.matrix[j] = now.matrix[j * m + j] - row[j] * u;
    } else {
      for (std::size_t k = j; k < m; ++k) {
        next.matrix[j * m + k] = now.matrix[j * m + k] - u * row[k];
      }
    }
  }
}

bool CompleteFisherZ::last(const Level& now, std::size_t first) {
  const std::size_t m = candidates_->size();
  const double* vx = now.x.data();
  const double* vy = now.y.data();
  const double* vv = now.matrix.data();
  double* out = squared_.data();
  for (std::size_t j = first; j < m; ++j) {
    const double scale = 1 / vv[j];
    const double xy = now.xy - vx[j] * vy[j] * scale;
    const double xx = now.xx - vx[j] * vx[j] * scale;
    const double yy = now.yy - vy[j] * vy[j] * scale;
    const bool sound = vv[j] > kCollinear && xx > kCollinear && yy > kCollinear;
    out[j] = sound ? xy * xy / (xx * yy) : 4.0;
  }
  for (std::size_t j = first; j < m; ++j) {
    const bool separates = out[j] <= threshold_;
    if (!(out[j] < least_) && !separates) continue;
    position_[depth_ - 1] = j;
    NodeSet set(depth_);
    for (std::size_t i = 0; i < depth_; ++i) set[i] = (*candidates_)[position_[i]];
    const double r = std::sqrt(out[j]);
    if (out[j] < least_) {
      least_ = out[j];
      least_r_ = now.xy - vx[j] * vy[j] / vv[j] < 0 ? -r : r;
      least_set_ = set;
    }
    if (separates && !(*found_)(set, fisher_z_p(r, n_, depth_))) {
      count(j + 1 - first);
      return false;
    }
  }
  count(m - first);
  return true;
}

}  // namespace

double fisher_z_p(double r, double n, std::size_t depth) {
  const double freedom = n - static_cast<double>(depth) - 3;
  if (freedom < 1) return std::nan("");
  const double size = std::min(std::fabs(r), 1 - 1e-15);
  const double z = std::sqrt(freedom) * 0.5 * std::log1p(2 * size / (1 - size));
  return std::erfc(z * kSqrtHalf);
}

std::unique_ptr<IndependenceTest> make_fisher_z(const Dataset& data, std::size_t threads,
                                                bool ranks) {
  if (complete_rows(data).size() < data.rows) {
    return make_incomplete_fisher_z(data, ranks);
  }
  std::vector<double> correlation = correlation_matrix(data, threads);
  if (ranks)
    std::transform(correlation.begin(), correlation.end(), correlation.begin(),
                   gaussian_from_ranks);
  return std::make_unique<CompleteFisherZ>(
      std::make_shared<const std::vector<double>>(std::move(correlation)),
      static_cast<double>(data.rows), data.variables.size());
}

std::unique_ptr<IndependenceTest> make_fisher_z(const std::vector<double>& correlation, double n) {
  return std::make_unique<CompleteFisherZ>(
      std::make_shared<const std::vector<double>>(correlation), n,
      static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(correlation.size())))));
}

}  // namespace polycause
