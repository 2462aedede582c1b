// Tables to numbers that a network can learn from, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "polycause/table.h"

namespace polycause {

struct EncodedTable {
  std::size_t n = 0;
  std::size_t width = 0;           ///< encoded columns
  std::vector<float> x;            ///< (n, width) row-major; 0 where missing
  std::vector<std::uint8_t> mask;  ///< (n, columns of the table) row-major; 1 = present
};

/// Learned from training participants, then applied to anyone:
///   continuous, ordinal  (value - median) / (0.7413 IQR), sd instead when the IQR is 0; beyond +-8
///   the
///                        value grows with its logarithm only, so that a cell in the wrong unit
///                        cannot outweigh all others in a squared loss, and stays decodable; or, on
///                        demand, the normal quantile of its rank
///   binary               (value - mean) / sd
///   categorical          one column per level, (indicator - share) / sd
/// The sd of indicators is taken as at least 0.15, else a rare level would be an outlier.
class TableEncoding {
 public:
  TableEncoding() = default;

  /// `rank_normal` (columns,), or empty for none; `rows` = participants to learn from, at least
  /// one.
  static TableEncoding fit(const Table& table, const std::vector<bool>& rank_normal,
                           const std::vector<std::size_t>& rows);

  std::size_t columns() const { return columns_.size(); }
  std::size_t width() const { return source_.size(); }
  /// (width,) column of the table behind each encoded column.
  const std::vector<std::size_t>& source() const { return source_; }

  /// Throws DataError when the columns differ in name, order or kind from those of `fit`.
  EncodedTable apply(const Table& table) const;

  /// Inverse of apply: numbers, the nearer of the two values of a binary column, the likeliest
  /// level. `x` (n, width) row-major with n = ids.size(); rank-normal values are held inside the
  /// range seen.
  Table decode(const std::vector<float>& x, std::vector<std::string> ids) const;

  /// Means instead of guesses: numbers as `decode` gives them; the likelihood, held in 0..1, of the
  /// larger value of a binary column ("name=value") and of every level of a categorical one.
  Table expected(const std::vector<float>& x, std::vector<std::string> ids) const;

  /// Numeric columns in which many of these participants lie far outside of what was learned from,
  /// as in other units: more than a third beyond 5 sd, or a tenth beyond 8 (or beyond all knots).
  struct Unlike {
    std::string column;
    std::size_t far = 0;
    std::size_t present = 0;
    double low = 0;  ///< quartiles of those who were learned from
    double high = 0;
  };
  std::vector<Unlike> unlike(const Table& table) const;

  /// JSON text, and its inverse, which throws DataError on anything else.
  std::string to_json() const;
  static TableEncoding from_json(const std::string& text);

 private:
  struct Scale {
    double location = 0;
    double scale = 1;
  };
  struct ColumnCode {
    std::string name;
    ColumnType type = ColumnType::kContinuous;
    std::vector<std::string> levels;
    std::vector<Scale> scales;   ///< one per encoded column; empty for rank-normal
    std::vector<double> knots;   ///< rank-normal: values, ascending, at most 1000
    std::vector<double> scores;  ///< and their normal quantiles, ascending
    double low = 0;              ///< binary: its two values
    double high = 1;
    std::size_t width() const { return scales.empty() ? 1 : scales.size(); }
  };
  static ColumnCode fit_column(const Column& column, bool rank_normal,
                               const std::vector<std::size_t>& rows);
  static Unlike unlike_column(const ColumnCode& code, const std::vector<double>& values);
  void encode_cell(const ColumnCode& code, double value, float* out) const;
  double decode_cell(const ColumnCode& code, const float* x) const;
  void index_columns();

  std::vector<ColumnCode> columns_;
  std::vector<std::size_t> source_;
};

}  // namespace polycause
