// Tables with one row per time: channels in columns, read row by row.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/cells.h"
#include "data/recording.h"
#include "data/rows.h"

namespace polycause {

/// Times of day of one participant in the order of the file: a step back of more than half a day is
/// midnight.
class ClockRoll {
 public:
  double apply(double seconds);

 private:
  double last_ = -1;
  double day_ = 0;
};

class SampleTable {
 public:
  struct Row {
    std::string_view id;  ///< trimmed; "" where missing; valid until the next row
    double time = 0;      ///< seconds; NaN where missing
    std::vector<float> values;
  };

  /// `with_id`: a column study.id and one for the time must be there; otherwise an id column is
  /// passed over and the time may be absent. Throws DataError.
  SampleTable(const StudySpec& study, const BlockSpec& spec, const std::string& path, bool with_id,
              const ChannelFilter& keep);

  const std::vector<std::string>& names() const { return names_; }  ///< of the values of a row
  bool has_time() const { return time_ != kNoColumn; }
  /// Times are times of day without a date: see ClockRoll. Known after the first row.
  bool is_clock() const { return kind_ == Kind::kClock; }

  bool next(Row& row);
  std::size_t line() const { return rows_->line(); }

  /// After the last row: (names(),) columns that hold texts and no numbers to speak of. Throws
  /// DataError for one that mixes them, as tables do.
  std::vector<bool> texts() const;

 private:
  static constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);
  enum class Kind { kUnknown, kNumber, kDate, kClock };
  struct Counts {
    std::size_t numbers = 0, texts = 0, first_line = 0;
    std::string first;
  };
  double parse_time(std::string_view text);

  const std::string path_;
  const std::unique_ptr<RowStream> rows_;
  const CellReader cells_;
  const double unit_;  ///< seconds
  std::vector<std::string> names_;
  std::vector<std::size_t> columns_;  ///< of the values
  std::vector<Counts> counts_;
  std::vector<RowField> fields_;
  std::string time_name_;
  std::size_t width_ = 0;
  std::size_t id_ = kNoColumn;
  std::size_t time_ = kNoColumn;
  Kind kind_ = Kind::kUnknown;
};

}  // namespace polycause
