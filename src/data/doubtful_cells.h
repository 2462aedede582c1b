// Cells that may be no measurement: codes for missing values, recoded or not.
#pragma once

#include <string>
#include <vector>

#include "data/raw_table.h"
#include "polycause/study.h"

namespace polycause {

/// A few cells of a numeric column that lie far from all others, counted; their value stands in the
/// text only where it is a code such as 999.
struct FarCells {
  std::string text;   ///< "" when there are none
  std::string codes;  ///< "999, 9999"; "" where they are none
};
FarCells far_cells(const Column& column);

/// "missing: 99 in 3 cells": codes of the user that the file holds; "" without any.
std::string codes_found(const RawColumn& raw);

/// Codes of study.missing that are numbers within the range of the others in some columns, where
/// they may well be values.
class CodesInRange {
 public:
  explicit CodesInRange(const StudySpec& spec) : spec_(spec) {}

  /// `column`: of one table, after its codes were taken out of it.
  void add(const SourceSpec& source, const RawColumn& raw, const Column& column);
  /// A warning, "" without any.
  std::string warning() const;

 private:
  const StudySpec& spec_;
  std::vector<std::string> codes_;
  std::vector<std::string> columns_;
};

}  // namespace polycause
