#include "discover/fisher_z.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "discover/correlation.h"

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

// Test-wise deletion. Columns with the same cells missing form a class; correlations are kept per
// set of classes, since tests that differ only in complete columns share their rows.
class IncompleteFisherZ : public IndependenceTest {
 public:
  struct Shared {
    std::size_t rows = 0;
    std::vector<std::vector<double>> values;  // [d](n,)
    std::vector<std::size_t> missing_class;   // [d], 0 = complete
    std::vector<std::vector<bool>> present;   // [class](n,)
    bool ranks = false;
  };
  explicit IncompleteFisherZ(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}

  std::size_t size() const override { return shared_->values.size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<IncompleteFisherZ>(shared_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override;

 private:
  struct Pattern {
    std::vector<std::size_t> rows;
    std::vector<std::vector<double>> centred;  // [d](rows,), norm 1; empty until needed
    std::vector<double> correlation;           // (d, d), NaN until needed
  };
  Pattern& pattern(const std::vector<std::size_t>& classes);
  void need(Pattern& pattern, std::size_t node) const;

  std::shared_ptr<const Shared> shared_;
  std::map<std::vector<std::size_t>, Pattern> patterns_;
  std::size_t held_ = 0;  // numbers kept in patterns_
  std::vector<double> small_;
  std::vector<double> scratch_;
};

IncompleteFisherZ::Pattern& IncompleteFisherZ::pattern(const std::vector<std::size_t>& classes) {
  constexpr std::size_t kMostHeld = std::size_t{1} << 25;  // 256 MiB
  const auto known = patterns_.find(classes);
  if (known != patterns_.end()) return known->second;
  if (held_ > kMostHeld) {
    patterns_.clear();
    held_ = 0;
  }
  Pattern& made = patterns_[classes];
  for (std::size_t r = 0; r < shared_->rows; ++r) {
    const bool kept = std::all_of(classes.begin(), classes.end(),
                                  [&](std::size_t c) { return shared_->present[c][r]; });
    if (kept) made.rows.push_back(r);
  }
  made.centred.resize(size());
  made.correlation.assign(size() * size(), std::nan(""));
  held_ += size() * size() + made.rows.size();
  return made;
}

void IncompleteFisherZ::need(Pattern& pattern, std::size_t node) const {
  std::vector<double>& column = pattern.centred[node];
  if (!column.empty()) return;
  column.reserve(pattern.rows.size());
  double sum = 0;
  for (const std::size_t r : pattern.rows) {
    column.push_back(shared_->values[node][r]);
    sum += column.back();
  }
  const double mean = sum / static_cast<double>(column.size());
  double square = 0;
  for (double& value : column) {
    value -= mean;
    square += value * value;
  }
  // Constant over these rows: NaN makes every test with this column one that cannot be done.
  const double scale = square > 0 ? 1 / std::sqrt(square) : std::nan("");
  for (double& value : column) value *= scale;
}

TestResult IncompleteFisherZ::evaluate(std::size_t x, std::size_t y, const NodeSet& given) {
  NodeSet nodes = given;
  nodes.push_back(x);
  nodes.push_back(y);
  std::vector<std::size_t> classes;
  for (const std::size_t node : nodes) {
    if (shared_->missing_class[node] > 0) classes.push_back(shared_->missing_class[node]);
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  Pattern& rows = pattern(classes);
  const auto n = static_cast<double>(rows.rows.size());
  if (n - static_cast<double>(given.size()) - 3 < 1) return {};
  const std::size_t k = nodes.size();
  small_.resize(k * k);
  for (std::size_t i = 0; i < k; ++i) {
    small_[i * k + i] = 1;
    for (std::size_t j = 0; j < i; ++j) {
      double& r =
          rows.correlation[std::max(nodes[i], nodes[j]) * size() + std::min(nodes[i], nodes[j])];
      if (std::isnan(r)) {
        const std::size_t before = rows.centred[nodes[i]].size() + rows.centred[nodes[j]].size();
        need(rows, nodes[i]);
        need(rows, nodes[j]);
        const std::vector<double>& a = rows.centred[nodes[i]];
        const std::vector<double>& b = rows.centred[nodes[j]];
        held_ += a.size() + b.size() - before;
        double sum = 0;
        for (std::size_t t = 0; t < a.size(); ++t) sum += a[t] * b[t];
        r = shared_->ranks ? gaussian_from_ranks(sum) : sum;
      }
      small_[i * k + j] = small_[j * k + i] = r;
    }
  }
  NodeSet set(k - 2);
  for (std::size_t i = 0; i < set.size(); ++i) set[i] = i;
  const double r = partial_correlation(small_.data(), k, k - 2, k - 1, set, scratch_);
  if (std::isnan(r)) return {};
  return {fisher_z_p(r, n, given.size()), r, n};
}

std::shared_ptr<IncompleteFisherZ::Shared> share(const Dataset& data, bool ranks) {
  auto shared = std::make_shared<IncompleteFisherZ::Shared>();
  shared->ranks = ranks;
  shared->rows = data.rows;
  shared->present.emplace_back(data.rows, true);
  for (const Variable& variable : data.variables) {
    std::vector<bool> present(data.rows);
    for (std::size_t r = 0; r < data.rows; ++r) present[r] = !std::isnan(variable.values[r]);
    const auto known = std::find(shared->present.begin(), shared->present.end(), present);
    shared->missing_class.push_back(static_cast<std::size_t>(known - shared->present.begin()));
    if (known == shared->present.end()) shared->present.push_back(std::move(present));
    shared->values.push_back(variable.values);
  }
  return shared;
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
    return std::make_unique<IncompleteFisherZ>(share(data, ranks));
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
