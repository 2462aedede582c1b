#include "discover/incomplete_fisher_z.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "discover/correlation.h"
#include "discover/fisher_z.h"
#include "discover/row_patterns.h"

namespace polycause {
namespace {

constexpr std::size_t kDeepest = 3;  // largest set that is tried to explain an absence away

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class IncompleteFisherZ : public IndependenceTest {
 public:
  IncompleteFisherZ(std::shared_ptr<const RowPatterns::Columns> columns, bool ranks)
      : patterns_(std::move(columns)), ranks_(ranks) {}

  std::size_t size() const override { return patterns_.columns()->values.size(); }
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<IncompleteFisherZ>(patterns_.columns(), ranks_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    NodeSet nodes = given;
    nodes.push_back(x);
    nodes.push_back(y);
    const auto n = static_cast<double>(patterns_.rows(nodes));
    if (n - static_cast<double>(given.size()) - 3 < 1) return {};
    patterns_.correlations(nodes, matrix_);
    if (ranks_) {
      for (double& r : matrix_) r = gaussian_from_ranks(r);
    }
    return judge(n);
  }

  // The last two of matrix_ given the others.
  TestResult judge(double n) {
    const auto k =
        static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(matrix_.size()))));
    NodeSet set(k - 2);
    for (std::size_t i = 0; i < set.size(); ++i) set[i] = i;
    const double r = partial_correlation(matrix_.data(), k, k - 2, k - 1, set, scratch_);
    if (std::isnan(r)) return {};
    return {fisher_z_p(r, n, k - 2), r, n};
  }

  RowPatterns patterns_;
  std::vector<double> matrix_;

 private:
  bool ranks_;
  std::vector<double> scratch_;
};

class CorrectedFisherZ : public IncompleteFisherZ {
 public:
  CorrectedFisherZ(std::shared_ptr<const RowPatterns::Columns> columns,
                   std::shared_ptr<const std::vector<NodeSet>> causes)
      : IncompleteFisherZ(std::move(columns), false), causes_(std::move(causes)) {}
  std::unique_ptr<IndependenceTest> clone() const override {
    return std::make_unique<CorrectedFisherZ>(patterns_.columns(), causes_);
  }

 protected:
  TestResult evaluate(std::size_t x, std::size_t y, const NodeSet& given) override {
    NodeSet nodes = given;
    nodes.push_back(x);
    nodes.push_back(y);
    const NodeSet causes = outside_causes(nodes);
    if (causes.empty()) return IncompleteFisherZ::evaluate(x, y, given);
    const std::size_t k = nodes.size();
    nodes.insert(nodes.end(), causes.begin(), causes.end());
    const auto n = static_cast<double>(patterns_.rows(nodes));
    // Too few rows show the causes as well: better uncorrected than not at all.
    if (n - static_cast<double>(nodes.size()) - 1 < 1) {
      return IncompleteFisherZ::evaluate(x, y, given);
    }
    correct(nodes, k, causes);
    return judge(n);
  }

 private:
  // Causes of the absence of any of `nodes`, and of the absence of those, but not the nodes.
  NodeSet outside_causes(const NodeSet& nodes) const {
    NodeSet found;
    NodeSet open = nodes;
    while (!open.empty()) {
      const std::size_t node = open.back();
      open.pop_back();
      for (const std::size_t cause : (*causes_)[node]) {
        if (std::find(nodes.begin(), nodes.end(), cause) != nodes.end() ||
            std::find(found.begin(), found.end(), cause) != found.end()) {
          continue;
        }
        found.push_back(cause);
        open.push_back(cause);
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // matrix_ = correlations of the first k nodes as they would be with nothing missing.
  void correct(const NodeSet& nodes, std::size_t k, const NodeSet& causes) {
    std::vector<double> kept;
    std::vector<double> kept_deviation;
    std::vector<double> all;
    std::vector<double> all_deviation;
    patterns_.correlations(nodes, kept, &kept_deviation);
    patterns_.correlations(causes, all, &all_deviation);
    const auto size = static_cast<Eigen::Index>(nodes.size());
    const auto own = static_cast<Eigen::Index>(k);
    const Eigen::Index w = size - own;
    const Eigen::Map<const RowMatrix> in_rows(kept.data(), size, size);
    RowMatrix change = Eigen::Map<const RowMatrix>(all.data(), w, w);
    // In units of the deviations among the kept rows.
    for (Eigen::Index i = 0; i < w; ++i) {
      const double ratio = all_deviation[static_cast<std::size_t>(i)] /
                           kept_deviation[k + static_cast<std::size_t>(i)];
      change.row(i) *= ratio;
      change.col(i) *= ratio;
    }
    const RowMatrix given = in_rows.bottomRightCorner(w, w);
    change -= given;
    const RowMatrix weights =
        given.ldlt().solve(in_rows.bottomLeftCorner(w, own)).transpose();  // (k, w)
    RowMatrix whole = in_rows.topLeftCorner(own, own) + weights * change * weights.transpose();
    const Eigen::VectorXd scale = whole.diagonal().cwiseSqrt().cwiseInverse();
    whole = scale.asDiagonal() * whole * scale.asDiagonal();
    matrix_.assign(whole.data(), whole.data() + whole.size());
  }

  std::shared_ptr<const std::vector<NodeSet>> causes_;
};

}  // namespace

std::unique_ptr<IndependenceTest> make_incomplete_fisher_z(const Dataset& data, bool ranks) {
  return std::make_unique<IncompleteFisherZ>(RowPatterns::columns_of(data), ranks);
}

std::vector<NodeSet> causes_of_absence(const Dataset& data, double alpha) {
  const std::size_t size = data.variables.size();
  const auto columns = RowPatterns::columns_of(data);
  Dataset with_absence = data;  // one more column for every class of missing cells
  const std::size_t classes = columns->present.size();
  for (std::size_t c = 1; c < classes; ++c) {
    Variable absent{"", 0, {}};
    for (std::size_t r = 0; r < data.rows; ++r)
      absent.values.push_back(columns->present[c][r] ? 0 : 1);
    with_absence.variables.push_back(std::move(absent));
  }
  IncompleteFisherZ test(RowPatterns::columns_of(with_absence), false);
  std::vector<NodeSet> of_class(classes);
  for (std::size_t c = 1; c < classes; ++c) {
    const std::size_t absence = size + c - 1;
    NodeSet& causes = of_class[c];
    for (std::size_t v = 0; v < size; ++v) {
      if (test.p_value(absence, v, {}) <= alpha) causes.push_back(v);
    }
    for (std::size_t depth = 1; depth <= kDeepest && causes.size() > depth; ++depth) {
      NodeSet left;
      for (const std::size_t v : causes) {
        NodeSet others = causes;
        others.erase(std::find(others.begin(), others.end(), v));
        const bool needed = for_each_subset(others, depth, [&](const NodeSet& set) {
          return !(test.p_value(absence, v, set) > alpha);
        });
        if (needed) left.push_back(v);
      }
      causes = std::move(left);
    }
  }
  std::vector<NodeSet> causes;
  for (std::size_t v = 0; v < size; ++v) causes.push_back(of_class[columns->missing_class[v]]);
  return causes;
}

std::unique_ptr<IndependenceTest> make_corrected_fisher_z(const Dataset& data, double alpha) {
  return std::make_unique<CorrectedFisherZ>(
      RowPatterns::columns_of(data),
      std::make_shared<const std::vector<NodeSet>>(causes_of_absence(data, alpha)));
}

}  // namespace polycause
