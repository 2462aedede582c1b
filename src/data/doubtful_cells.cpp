#include "data/doubtful_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/pattern.h"
#include "base/text.h"
#include "data/cells.h"

namespace polycause {
namespace {

constexpr std::size_t kFewestCells = 20;
constexpr std::size_t kRare = 20;  // at most one in so many cells is an exception
// 7 of 6,571 real columns, 5 of them planted codes; 0.3 % of samples of a log-normal with sd 1 of
// the logarithm.
constexpr double kIqrs = 20;
constexpr double kApart = 10;       // times as far from the median as all others
constexpr double kApartCode = 3;    // the same for codes such as 999
constexpr double kApartNoIqr = 40;  // most cells are alike
constexpr std::size_t kMostShown = 5;

/// 77, 99, -99, 8888: questionnaires write "refused" and "unknown" so.
bool looks_coded(double value) {
  const std::string text = number_text(std::fabs(value));
  return text.size() >= 2 && text.find_first_not_of(text[0]) == std::string::npos &&
         (text[0] == '7' || text[0] == '8' || text[0] == '9');
}

std::vector<double> distinct_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

bool is_default(const std::string& text) {
  const std::vector<std::string> known = StudySpec().missing;
  return std::find(known.begin(), known.end(), text) != known.end();
}

}  // namespace

FarCells far_cells(const Column& column) {
  if (!column.levels.empty() || column.type == ColumnType::kBinary) return {};
  std::vector<double> values;
  for (const double value : column.values) {
    if (!std::isnan(value)) values.push_back(value);
  }
  const std::size_t n = values.size();
  if (n < kFewestCells) return {};
  const auto ranked = [&](std::size_t rank) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), place, values.end());
    return *place;
  };
  const double median = ranked(n / 2);
  const double iqr = ranked(3 * n / 4) - ranked(n / 4);
  const auto far = [&](double value) { return std::fabs(value - median); };
  const auto farther = [&](double a, double b) { return far(a) > far(b); };
  if (far(*std::min_element(values.begin(), values.end(), farther)) <= kIqrs * iqr) return {};
  std::partial_sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n / kRare + 1),
                    values.end(), farther);
  for (std::size_t k = 1; k <= n / kRare; ++k) {
    const double distance = far(values[k - 1]);
    if (!(distance > kIqrs * iqr) || !(distance > 0)) break;
    const bool coded =
        std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(k), looks_coded);
    const double apart = iqr > 0 ? (coded ? kApartCode : kApart) : kApartNoIqr;
    if (!(far(values[k]) > 0) || distance < apart * far(values[k])) continue;
    std::vector<std::string> codes;
    if (coded) {
      values.resize(k);
      for (const double value : distinct_of(values)) codes.push_back(number_text(value));
    }
    const std::string list = fmt::format("{}", fmt::join(codes, ", "));
    return {fmt::format("{} of {} cells lie far from all others, more than {} interquartile ranges "
                        "from the median{}",
                        k, n, kIqrs,
                        coded ? " and read " + list + ", like codes for \"not known\"" : ""),
            list};
  }
  return {};
}

std::string codes_found(const RawColumn& raw) {
  std::vector<std::string> found;
  for (const auto& [text, count] : raw.coded) {
    if (!is_default(text) && found.size() < kMostShown)
      found.push_back(fmt::format("{} in {}", text, count));
  }
  if (found.empty()) return "";
  return fmt::format("cells of the file that are missing codes: {}", fmt::join(found, ", "));
}

void CodesInRange::add(const SourceSpec& source, const RawColumn& raw, const Column& column) {
  if (!column.levels.empty() || raw.coded.empty()) return;
  for (const auto& [pattern, codes] : source.missing) {
    if (fits_pattern(pattern, column.name)) return;
  }
  double low = INFINITY;
  double high = -INFINITY;
  for (const double value : column.values) {
    low = std::fmin(low, value);
    high = std::fmax(high, value);
  }
  const CellReader reader({}, (source.decimal.empty() ? spec_.decimal : source.decimal)[0]);
  bool any = false;
  for (const auto& [text, count] : raw.coded) {
    double number = 0;
    if (reader.read(text, number) != Cell::kNumber || number < low || number > high) continue;
    any = true;
    if (std::find(codes_.begin(), codes_.end(), text) == codes_.end()) codes_.push_back(text);
  }
  if (any) columns_.push_back(source.name + "." + column.name);
}

std::string CodesInRange::warning() const {
  if (columns_.empty()) return "";
  const std::vector<std::string> some(
      columns_.begin(),
      columns_.begin() + static_cast<std::ptrdiff_t>(std::min(columns_.size(), kMostShown)));
  return fmt::format(
      "study.missing holds for every column, and {} lie within the other values of {} ({}{}): such "
      "cells are missing there, though they may be values; check each, and name codes of single "
      "columns in their table, missing = {{ column = [\"99\"] }}",
      fmt::join(codes_, ", "),
      columns_.size() == 1 ? "a column" : fmt::format("{} columns", columns_.size()),
      fmt::join(some, ", "), some.size() < columns_.size() ? ", ..." : "");
}

}  // namespace polycause
