// New participants against those whom an encoding was learned from.
#include <algorithm>
#include <cmath>

#include "data/encoding.h"

namespace polycause {
namespace {

constexpr double kQuartile = 0.6745;  // of the standard normal distribution
constexpr double kBeyond = 5;         // sd, for a third
constexpr double kFarBeyond = 8;      // sd, for a tenth: few of a skewed column lie there
constexpr std::size_t kLeast = 5;

/// Value of the knots at a score, held at the ends.
double value_at(const std::vector<double>& scores, const std::vector<double>& knots, double score) {
  const auto above = static_cast<std::size_t>(
      std::lower_bound(scores.begin(), scores.end(), score) - scores.begin());
  if (above == 0) return knots.front();
  if (above == scores.size()) return knots.back();
  const double share = (score - scores[above - 1]) / (scores[above] - scores[above - 1]);
  return knots[above - 1] + share * (knots[above] - knots[above - 1]);
}

}  // namespace

TableEncoding::Unlike TableEncoding::unlike_column(const ColumnCode& code,
                                                   const std::vector<double>& values) {
  Unlike one;
  one.column = code.name;
  const bool ranks = !code.knots.empty();
  const Scale scale = ranks ? Scale() : code.scales[0];
  one.low = ranks ? value_at(code.scores, code.knots, -kQuartile)
                  : scale.location - kQuartile * scale.scale;
  one.high = ranks ? value_at(code.scores, code.knots, kQuartile)
                   : scale.location + kQuartile * scale.scale;
  const double margin = (one.high - one.low) / 2;
  std::size_t beyond = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    ++one.present;
    const double x = std::fabs(value - scale.location) / scale.scale;
    const bool outside =
        ranks && (value < code.knots.front() - margin || value > code.knots.back() + margin);
    if (ranks ? outside : x > kFarBeyond) ++one.far;
    if (!ranks && x > kBeyond) ++beyond;
  }
  if (3 * beyond > one.present) one.far = beyond;
  return one;
}

std::vector<TableEncoding::Unlike> TableEncoding::unlike(const Table& table) const {
  std::vector<Unlike> found;
  for (std::size_t j = 0; j < columns_.size() && j < table.columns.size(); ++j) {
    const ColumnType type = columns_[j].type;
    if (type != ColumnType::kContinuous && type != ColumnType::kOrdinal) continue;
    Unlike one = unlike_column(columns_[j], table.columns[j].values);
    if (one.far >= kLeast && 10 * one.far > one.present) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace polycause
