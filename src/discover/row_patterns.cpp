#include "discover/row_patterns.h"

#include <algorithm>
#include <cmath>

namespace polycause {
namespace {

constexpr std::size_t kMostHeld = std::size_t{1} << 25;  // 256 MiB

}  // namespace

std::shared_ptr<RowPatterns::Columns> RowPatterns::columns_of(const Dataset& data) {
  auto columns = std::make_shared<Columns>();
  columns->rows = data.rows;
  columns->present.emplace_back(data.rows, true);
  for (const Variable& variable : data.variables) {
    std::vector<bool> present(data.rows);
    for (std::size_t r = 0; r < data.rows; ++r) present[r] = !std::isnan(variable.values[r]);
    const auto known = std::find(columns->present.begin(), columns->present.end(), present);
    columns->missing_class.push_back(static_cast<std::size_t>(known - columns->present.begin()));
    if (known == columns->present.end()) columns->present.push_back(std::move(present));
    columns->values.push_back(variable.values);
  }
  return columns;
}

std::size_t RowPatterns::rows(const NodeSet& nodes) { return pattern(nodes).rows.size(); }

RowPatterns::Pattern& RowPatterns::pattern(const NodeSet& nodes) {
  std::vector<std::size_t> classes;
  for (const std::size_t node : nodes) {
    if (columns_->missing_class[node] > 0) classes.push_back(columns_->missing_class[node]);
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  const auto known = patterns_.find(classes);
  if (known != patterns_.end()) return known->second;
  if (held_ > kMostHeld) {
    patterns_.clear();
    held_ = 0;
  }
  Pattern& made = patterns_[classes];
  for (std::size_t r = 0; r < columns_->rows; ++r) {
    const bool kept = std::all_of(classes.begin(), classes.end(),
                                  [&](std::size_t c) { return columns_->present[c][r]; });
    if (kept) made.rows.push_back(r);
  }
  const std::size_t d = columns_->values.size();
  made.centred.resize(d);
  made.deviation.resize(d);
  made.correlation.assign(d * d, std::nan(""));
  held_ += d * d + made.rows.size();
  return made;
}

void RowPatterns::need(Pattern& pattern, std::size_t node) {
  std::vector<double>& column = pattern.centred[node];
  if (!column.empty()) return;
  column.reserve(pattern.rows.size());
  held_ += pattern.rows.size();
  double sum = 0;
  for (const std::size_t r : pattern.rows) {
    column.push_back(columns_->values[node][r]);
    sum += column.back();
  }
  const auto n = static_cast<double>(column.size());
  double square = 0;
  for (double& value : column) {
    value -= sum / n;
    square += value * value;
  }
  // Constant over these rows: NaN makes every test with this column one that cannot be done.
  const double scale = square > 0 ? 1 / std::sqrt(square) : std::nan("");
  for (double& value : column) value *= scale;
  pattern.deviation[node] = std::sqrt(square / n);
}

void RowPatterns::correlations(const NodeSet& nodes, std::vector<double>& matrix,
                               std::vector<double>* deviations) {
  Pattern& rows = pattern(nodes);
  const std::size_t d = columns_->values.size();
  const std::size_t k = nodes.size();
  matrix.resize(k * k);
  for (std::size_t i = 0; i < k; ++i) {
    matrix[i * k + i] = 1;
    for (std::size_t j = 0; j < i; ++j) {
      double& r = rows.correlation[std::max(nodes[i], nodes[j]) * d + std::min(nodes[i], nodes[j])];
      if (std::isnan(r)) {
        need(rows, nodes[i]);
        need(rows, nodes[j]);
        const std::vector<double>& a = rows.centred[nodes[i]];
        const std::vector<double>& b = rows.centred[nodes[j]];
        double sum = 0;
        for (std::size_t t = 0; t < a.size(); ++t) sum += a[t] * b[t];
        r = sum;
      }
      matrix[i * k + j] = matrix[j * k + i] = r;
    }
  }
  if (deviations == nullptr) return;
  deviations->clear();
  for (const std::size_t node : nodes) {
    need(rows, node);
    deviations->push_back(rows.deviation[node]);
  }
}

}  // namespace polycause
