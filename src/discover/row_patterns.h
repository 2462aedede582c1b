// Correlations of columns with missing cells over the rows where some of them are present.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "discover/dataset.h"
#include "discover/mark_matrix.h"

namespace polycause {

/// Columns with the same cells missing form a class; correlations are kept per set of classes,
/// since what differs only in complete columns shares its rows. Not thread-safe; clones share data.
class RowPatterns {
 public:
  struct Columns {
    std::size_t rows = 0;
    std::vector<std::vector<double>> values;  // [d](n,)
    std::vector<std::size_t> missing_class;   // [d], 0 = complete
    std::vector<std::vector<bool>> present;   // [class](n,)
  };
  static std::shared_ptr<Columns> columns_of(const Dataset& data);

  explicit RowPatterns(std::shared_ptr<const Columns> columns) : columns_(std::move(columns)) {}
  const std::shared_ptr<const Columns>& columns() const { return columns_; }

  /// Number of rows where all of `nodes` are present.
  std::size_t rows(const NodeSet& nodes);
  /// Correlations (k, k) row-major of the k nodes over those rows; NaN for a column that is
  /// constant there. `deviations` (may be null) receives their standard deviations (k,).
  void correlations(const NodeSet& nodes, std::vector<double>& matrix,
                    std::vector<double>* deviations = nullptr);

 private:
  struct Pattern {
    std::vector<std::size_t> rows;
    std::vector<std::vector<double>> centred;  // [d](rows,), norm 1; empty until needed
    std::vector<double> deviation;             // (d,)
    std::vector<double> correlation;           // (d, d), NaN until needed
  };
  Pattern& pattern(const NodeSet& nodes);
  void need(Pattern& pattern, std::size_t node);

  std::shared_ptr<const Columns> columns_;
  std::map<std::vector<std::size_t>, Pattern> patterns_;  // by set of classes
  std::size_t held_ = 0;                                  // numbers kept in patterns_
};

}  // namespace polycause
