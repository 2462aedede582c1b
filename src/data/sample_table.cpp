#include "data/sample_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/settings.h"
#include "base/text.h"
#include "data/clock.h"
#include "data/raw_table.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double seconds_per(const std::string& unit) {
  return unit == "ms" ? 0.001 : unit == "min" ? 60 : unit == "h" ? 3600 : 1;
}

}  // namespace

double ClockRoll::apply(double seconds) {
  if (last_ >= 0 && seconds < last_ - kDay / 2) day_ += kDay;
  last_ = seconds;
  return seconds + day_;
}

SampleTable::SampleTable(const StudySpec& study, const BlockSpec& spec, const std::string& path,
                         bool with_id, const ChannelFilter& keep)
    : path_(path),
      rows_(open_rows(path, study.decimal == "," ? ',' : '.')),
      cells_(study.missing, decimal_of_rows(path, study.decimal == "," ? ',' : '.')),
      unit_(seconds_per(spec.time_unit)),
      time_name_(spec.time) {
  if (!rows_->next(fields_)) {
    throw DataError(path, 0, "", "the file is empty; expected a header line and one row per time");
  }
  std::vector<std::string> names;
  for (const RowField& field : fields_) {
    names.emplace_back(trimmed(field.text));
    if (!is_utf8(names.back())) {
      throw DataError(path, rows_->line(), "",
                      "a column name is not UTF-8; expected UTF-8; convert the file");
    }
  }
  width_ = names.size();
  ReadOptions options;
  options.id = study.id;
  if (with_id) {
    id_ = find_id(path, names, options);
  } else {
    id_ = static_cast<std::size_t>(std::find(names.begin(), names.end(), study.id) - names.begin());
  }
  const auto time = std::find(names.begin(), names.end(), spec.time);
  if (time != names.end()) {
    time_ = static_cast<std::size_t>(time - names.begin());
  } else if (with_id) {
    const std::string near = nearest(spec.time, names);
    throw DataError(path, 1, "",
                    fmt::format("there is no column '{}'; expected the times of the samples in it; "
                                "set time in the modality to the column that holds them{}",
                                spec.time, near.empty() ? "" : " (nearest name: '" + near + "')"));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == id_ || i == time_) continue;
    if (names[i].empty()) {
      if (i == 0) continue;  // row names of R and pandas
      names[i] = "column" + std::to_string(i + 1);
    }
    if (!keep(names[i])) continue;
    names_.push_back(names[i]);
    columns_.push_back(i);
  }
  refuse_duplicate_names(path, names_);
  counts_.resize(names_.size());
  std::vector<std::size_t> needed = columns_;
  for (const std::size_t column : {id_, time_}) {
    if (column < width_) needed.push_back(column);
  }
  rows_->need(needed);
}

double SampleTable::parse_time(std::string_view text) {
  double number = 0;
  const Cell cell = cells_.read(text, number);
  if (cell == Cell::kMissing) return kNaN;
  Kind kind = Kind::kUnknown;
  if (cell == Cell::kNumber) {
    kind = Kind::kNumber;
    number *= unit_;
  } else if (parse_date_time(text, number)) {
    kind = Kind::kDate;
  } else if ((number = clock_seconds(text)) >= 0) {
    kind = Kind::kClock;
  }
  if (kind_ == Kind::kUnknown) kind_ = kind;
  if (kind == Kind::kUnknown || kind != kind_ || !(std::fabs(number) < 1e15)) {
    throw DataError(path_, rows_->line(), time_name_,
                    fmt::format("holds {}; expected a number, 2024-10-17T22:18:49 or 22:18:49, the "
                                "same way in every row; correct the cell",
                                shown(text)));
  }
  return number;
}

bool SampleTable::next(Row& row) {
  if (!rows_->next(fields_)) return false;
  if (fields_.size() != width_) {
    throw DataError(path_, rows_->line(), "",
                    fmt::format("the row has {} fields; expected {} as in the header; correct the "
                                "row",
                                fields_.size(), width_));
  }
  row.id = id_ < width_ ? trimmed(fields_[id_].text) : std::string_view();
  if (cells_.is_missing(row.id)) row.id = {};
  row.time = has_time() ? parse_time(trimmed(fields_[time_].text)) : kNaN;
  row.values.resize(columns_.size());
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    const std::string_view text = trimmed(fields_[columns_[k]].text);
    double number = 0;
    const Cell cell = cells_.read(text, number);
    row.values[k] = std::numeric_limits<float>::quiet_NaN();
    if (cell == Cell::kNumber) {
      ++counts_[k].numbers;
      row.values[k] = static_cast<float>(number);
      if (!std::isfinite(row.values[k])) row.values[k] = std::numeric_limits<float>::quiet_NaN();
    } else if (cell == Cell::kText && counts_[k].texts++ == 0) {
      counts_[k].first_line = rows_->line();
      counts_[k].first = text;
    }
  }
  return true;
}

std::vector<bool> SampleTable::texts() const {
  std::vector<bool> out;
  for (std::size_t k = 0; k < counts_.size(); ++k) {
    const Counts& counts = counts_[k];
    if (counts.texts > 0 && counts.numbers > 0) {
      throw DataError(path_, counts.first_line, names_[k],
                      fmt::format("holds {}; expected a number or a missing value ({} of {} cells "
                                  "are numbers). Add \"{}\" to study.missing, or leave the column "
                                  "out with exclude.",
                                  shown(counts.first), counts.numbers,
                                  counts.numbers + counts.texts, counts.first));
    }
    out.push_back(counts.texts > 0);
  }
  return out;
}

}  // namespace polycause
