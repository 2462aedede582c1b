#include "report/relations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "report/csv.h"
#include "report/levels.h"
#include "report/people.h"

namespace polycause {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Rows that have a value, in ascending order of it.
std::vector<std::uint32_t> sorted_rows(const std::vector<double>& values) {
  std::vector<std::uint32_t> rows;
  rows.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) rows.push_back(static_cast<std::uint32_t>(i));
  }
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return values[a] < values[b] || (values[a] == values[b] && a < b);
  });
  return rows;
}

// Mid-ranks, less their mean, among the rows that `present` admits; 0 elsewhere.
std::vector<double> centred_ranks(const std::vector<double>& values,
                                  const std::vector<std::uint32_t>& order,
                                  const std::vector<bool>& present) {
  std::vector<double> ranks(values.size(), 0.0);
  std::vector<std::uint32_t> rows;
  rows.reserve(order.size());
  for (const std::uint32_t row : order) {
    if (present[row]) rows.push_back(row);
  }
  const double middle = (static_cast<double>(rows.size()) - 1) / 2;
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t last = first;
    while (last + 1 < rows.size() && values[rows[last + 1]] == values[rows[first]]) ++last;
    const double rank = (static_cast<double>(first) + static_cast<double>(last)) / 2 - middle;
    for (std::size_t i = first; i <= last; ++i) ranks[rows[i]] = rank;
    first = last + 1;
  }
  return ranks;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Without the correction many levels look like a relation: of 66 levels in 229 rows chance alone
/// makes a ratio of .53. Where everybody has one level in all of their rows, chance is what so many
/// people leave to it, not so many rows.
double correlation_ratio(const std::vector<double>& ranks, const Column& column,
                         const std::vector<bool>& present, const std::vector<std::size_t>& person) {
  std::vector<double> sums(column.levels.size(), 0.0);
  std::vector<double> counts(column.levels.size(), 0.0);
  std::map<std::size_t, std::size_t> level_of;
  bool one_each = true;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (!present[i]) continue;
    const auto level = static_cast<std::size_t>(column.values[i]);
    if (level >= sums.size()) continue;
    sums[level] += ranks[i];
    counts[level] += 1;
    if (one_each) one_each = level_of.emplace(person[i], level).first->second == level;
  }
  double between = 0;
  double levels = 0;
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (counts[k] == 0) continue;
    between += sums[k] * sums[k] / counts[k];
    levels += 1;
  }
  const double units = one_each ? static_cast<double>(level_of.size())
                                : std::accumulate(counts.begin(), counts.end(), 0.0);
  const double total = dot(ranks, ranks);
  if (!(total > 0) || levels < 2 || units <= levels) return kUndefined;
  const double within = std::max(0.0, 1 - between / total);
  return std::sqrt(std::max(0.0, 1 - within * (units - 1) / (units - levels)));
}

struct Sorted {
  const Column* column = nullptr;
  std::vector<std::uint32_t> order;
  std::vector<std::string> levels;
};

Sorted sorted(const Column& column, const std::vector<std::size_t>& person) {
  return {&column, sorted_rows(column.values), told_levels(column, person)};
}

Relation relate(const Sorted& latent, const Sorted& other, const std::string& table,
                const std::vector<std::size_t>& person) {
  const Column& z = *latent.column;
  const Column& x = *other.column;
  std::vector<bool> present(z.values.size());
  std::size_t n = 0;
  std::set<std::size_t> people;
  for (std::size_t i = 0; i < present.size(); ++i) {
    present[i] = !std::isnan(z.values[i]) && !std::isnan(x.values[i]);
    if (!present[i]) continue;
    ++n;
    if (few(people)) people.insert(person[i]);
  }
  Relation relation{z.name, table, x.name, kUndefined, n, "", ""};
  if (other.levels.size() == 2) {
    relation.lower = other.levels[0];
    relation.upper = other.levels[1];
  }
  if (few(people)) return relation;
  const std::vector<double> a = centred_ranks(z.values, latent.order, present);
  if (x.type == ColumnType::kCategorical && x.levels.size() > 2) {
    relation.spearman = correlation_ratio(a, x, present, person);
    return relation;
  }
  const std::vector<double> b = centred_ranks(x.values, other.order, present);
  const double scale = std::sqrt(dot(a, a) * dot(b, b));
  if (scale > 0) relation.spearman = std::clamp(dot(a, b) / scale, -1.0, 1.0);
  return relation;
}

}  // namespace

std::vector<Relation> relations(const Study& study, const Table& latents) {
  std::vector<Relation> found;
  const std::vector<std::size_t> person = people_of(study);
  std::vector<std::vector<Sorted>> covariates;
  for (const Table& table : study.covariates) {
    covariates.emplace_back();
    for (const Column& column : table.columns) covariates.back().push_back(sorted(column, person));
  }
  for (const Modality& modality : study.modalities) {
    std::vector<std::pair<std::string, Sorted>> own;
    for (const Column& column : modality.table.columns)
      own.emplace_back(modality.name, sorted(column, person));
    for (const std::size_t member : modality.members) {  // those that show a shared latent
      for (const Column& column : study.modalities[member].table.columns)
        own.emplace_back(study.modalities[member].name, sorted(column, person));
    }
    for (const Column& latent : latents.columns) {
      if (latent.name.compare(0, modality.name.size() + 1, modality.name + ".") != 0) continue;
      if (latent.name.find('.', modality.name.size() + 1) != std::string::npos) continue;
      const Sorted z = sorted(latent, person);
      for (const auto& [table, x] : own) found.push_back(relate(z, x, table, person));
      for (std::size_t t = 0; t < covariates.size(); ++t) {
        for (const Sorted& x : covariates[t]) {
          found.push_back(relate(z, x, study.covariates[t].name, person));
        }
      }
    }
  }
  return found;
}

std::vector<double> rank_correlations(const std::vector<std::vector<double>>& columns) {
  const std::size_t d = columns.size();
  std::vector<std::vector<std::uint32_t>> orders;
  std::vector<std::vector<bool>> present(d);
  std::vector<std::vector<double>> ranks;  // among all who have a value
  for (std::size_t i = 0; i < d; ++i) {
    for (const double value : columns[i]) present[i].push_back(!std::isnan(value));
    orders.push_back(sorted_rows(columns[i]));
    ranks.push_back(centred_ranks(columns[i], orders[i], present[i]));
  }
  std::vector<double> matrix(d * d, kUndefined);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      std::vector<double> a = ranks[i];
      std::vector<double> b = ranks[j];
      if (present[i] != present[j]) {
        std::vector<bool> both(present[i]);
        for (std::size_t row = 0; row < both.size(); ++row)
          both[row] = both[row] && present[j][row];
        a = centred_ranks(columns[i], orders[i], both);
        b = centred_ranks(columns[j], orders[j], both);
      }
      const double scale = std::sqrt(dot(a, a) * dot(b, b));
      if (!(scale > 0)) continue;
      matrix[i * d + j] = matrix[j * d + i] = std::clamp(dot(a, b) / scale, -1.0, 1.0);
    }
  }
  return matrix;
}

std::string relations_csv(const std::vector<Relation>& relations) {
  fmt::memory_buffer out;
  const auto end = std::back_inserter(out);
  fmt::format_to(end, "latent,table,column,spearman,n,upper,lower\n");
  for (const Relation& r : relations) {
    fmt::format_to(end, "{},{},{},{},{},{},{}\n", csv_cell(r.latent), csv_cell(r.table),
                   csv_cell(r.column),
                   std::isnan(r.spearman) ? "" : fmt::format("{:.6g}", r.spearman), r.n,
                   csv_cell(r.upper), csv_cell(r.lower));
  }
  return fmt::to_string(out);
}

}  // namespace polycause
