#include "evaluate/correlation.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

using Values = std::vector<double>;

// Rows where both are present.
std::pair<Values, Values> complete_pairs(const Values& x, const Values& y) {
  if (x.size() != y.size()) {
    throw Error(
        "correlation: found columns of different lengths; expected one value per participant "
        "in both; match the participants first");
  }
  std::pair<Values, Values> pairs;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) continue;
    pairs.first.push_back(x[i]);
    pairs.second.push_back(y[i]);
  }
  return pairs;
}

double correlation_of(const Values& x, const Values& y) {
  if (x.size() < 3) return kUndefined;
  const double n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  // A constant column leaves rounding errors of its mean only.
  const auto constant = [&](double sum, double mean) {
    return !(sum > n * std::pow(1e-13 * std::fabs(mean), 2));
  };
  if (constant(xx, mean_x) || constant(yy, mean_y)) return kUndefined;
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

}  // namespace

std::vector<double> mid_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = (static_cast<double>(begin) + static_cast<double>(end) + 1.0) / 2.0;
    for (std::size_t k = begin; k < end; ++k) ranks[order[k]] = rank;
    begin = end;
  }
  return ranks;
}

std::vector<double> rank_normal(const std::vector<double>& values) {
  std::vector<double> present;
  for (const double value : values) {
    if (!std::isnan(value)) present.push_back(value);
  }
  const std::vector<double> ranks = mid_ranks(present);
  const boost::math::normal normal;
  std::vector<double> scores(values.size(), kUndefined);
  for (std::size_t i = 0, k = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    scores[i] =
        boost::math::quantile(normal, (ranks[k++] - 0.5) / static_cast<double>(present.size()));
  }
  return scores;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const auto [a, b] = complete_pairs(x, y);
  return correlation_of(a, b);
}

double spearman(const std::vector<double>& x, const std::vector<double>& y) {
  const auto [a, b] = complete_pairs(x, y);
  return correlation_of(mid_ranks(a), mid_ranks(b));
}

std::string modality_of(const std::string& column) {
  const std::size_t dot = column.rfind('.');
  return dot == std::string::npos ? "" : column.substr(0, dot);
}

std::vector<std::pair<std::string, std::vector<std::size_t>>> columns_by_modality(
    const Table& table) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> groups;
  for (std::size_t k = 0; k < table.columns.size(); ++k) {
    const std::string modality = modality_of(table.columns[k].name);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& one) { return one.first == modality; });
    if (group == groups.end()) group = groups.insert(groups.end(), {modality, {}});
    group->second.push_back(k);
  }
  return groups;
}

std::pair<Table, Table> common_participants(const Table& a, const Table& b, std::size_t least) {
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t row = 0; row < b.rows(); ++row) {
    if (!row_of.emplace(b.ids[row], row).second) {
      throw DataError(b.name, 0, "",
                      "found the participant '" + b.ids[row] + "' twice; expected one row each");
    }
  }
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t row = 0; row < a.rows(); ++row) {
    if (!seen.emplace(a.ids[row], row).second) {
      throw DataError(a.name, 0, "",
                      "found the participant '" + a.ids[row] + "' twice; expected one row each");
    }
    const auto found = row_of.find(a.ids[row]);
    if (found != row_of.end()) rows.emplace_back(row, found->second);
  }
  if (rows.size() < least) {
    throw DataError(a.name, 0, "",
                    "found " + std::to_string(rows.size()) + " participants who are also in " +
                        (b.name.empty() ? "the other table" : b.name) + "; expected at least " +
                        std::to_string(least) + "; check that the ids are those of one study");
  }
  std::pair<Table, Table> cut;
  const auto take = [&](const Table& from, Table& to, bool first) {
    to.name = from.name;
    for (const auto& [i, j] : rows) to.ids.push_back(from.ids[first ? i : j]);
    for (const Column& column : from.columns) {
      Column kept{column.name, column.type, {}, column.levels};
      kept.values.reserve(rows.size());
      for (const auto& [i, j] : rows) kept.values.push_back(column.values[first ? i : j]);
      to.columns.push_back(std::move(kept));
    }
  };
  take(a, cut.first, true);
  take(b, cut.second, false);
  return cut;
}

Matching match_within(const Table& a, const Table& b,
                      double (*correlation)(const std::vector<double>&,
                                            const std::vector<double>&)) {
  Matching result;
  result.partner.assign(a.columns.size(), kNoPartner);
  result.strength.assign(a.columns.size(), 0.0);
  const auto groups_b = columns_by_modality(b);
  for (const auto& [modality, rows] : columns_by_modality(a)) {
    const std::string& name = modality;  // a structured binding cannot be captured in C++17
    const auto group = std::find_if(groups_b.begin(), groups_b.end(),
                                    [&](const auto& one) { return one.first == name; });
    if (group == groups_b.end()) continue;
    const std::vector<std::size_t>& columns = group->second;
    std::vector<double> weights;
    for (const std::size_t i : rows) {
      for (const std::size_t j : columns) {
        const double r = std::fabs(correlation(a.columns[i].values, b.columns[j].values));
        weights.push_back(std::isnan(r) ? 0.0 : r);
      }
    }
    const std::vector<std::size_t> best = assign(weights, rows.size(), columns.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (best[k] == kNoPartner) continue;
      result.partner[rows[k]] = columns[best[k]];
      result.strength[rows[k]] = weights[k * columns.size() + best[k]];
    }
  }
  return result;
}

std::vector<double> agreement(const Table& a, const Table& b, std::vector<std::size_t>* partner) {
  const auto [left, right] = common_participants(a, b, 3);
  Matching matching = match_within(left, right, spearman);
  if (partner != nullptr) *partner = std::move(matching.partner);
  return std::move(matching.strength);
}

}  // namespace polycause
