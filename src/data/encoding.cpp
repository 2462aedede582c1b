#include "data/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/cells.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNormalIqr = 0.7413;  // sd of a normal variable per IQR
constexpr double kClip = 8;
constexpr double kLeastIndicatorSd = 0.15;
constexpr std::size_t kMostKnots = 1000;

double normal_quantile(double p) { return -std::sqrt(2.0) * boost::math::erfc_inv(2 * p); }

double soft_clip(double x) {
  const double size = std::fabs(x);
  return size <= kClip ? x : std::copysign(kClip + std::log1p(size - kClip), x);
}

double soft_unclip(double y) {
  const double size = std::fabs(y);
  return size <= kClip ? y : std::copysign(kClip + std::expm1(size - kClip), y);
}

/// Linear between order statistics, p in [0, 1]; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = at - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

struct Moments {
  double mean = 0;
  double sd = 0;
};

Moments moments(const std::vector<double>& values) {
  Moments m;
  if (values.empty()) return m;
  const auto n = static_cast<double>(values.size());
  for (const double value : values) m.mean += value / n;
  for (const double value : values) m.sd += (value - m.mean) * (value - m.mean) / n;
  m.sd = std::sqrt(m.sd);
  return m;
}

bool usable_scale(double scale) { return std::isfinite(scale) && scale > 0; }

/// Piecewise linear through (from, to), both ascending; held at the ends.
double interpolate(const std::vector<double>& from, const std::vector<double>& to, double x) {
  if (x <= from.front()) return to.front();
  if (x >= from.back()) return to.back();
  const auto above =
      static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), x) - from.begin());
  const double share = (x - from[above - 1]) / (from[above] - from[above - 1]);
  return to[above - 1] + share * (to[above] - to[above - 1]);
}

/// Distinct values with the normal quantile of their mid-rank, scaled to mean 0, sd 1 over the
/// cells.
void fit_ranks(const std::vector<double>& sorted, std::vector<double>& knots,
               std::vector<double>& scores) {
  const auto n = static_cast<double>(sorted.size());
  std::vector<double> values;
  std::vector<double> normal;
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    const double score = normal_quantile(0.5 * static_cast<double>(i + end) / n);
    values.push_back(sorted[i]);
    normal.push_back(score);
    sum += score * static_cast<double>(end - i);
    squares += score * score * static_cast<double>(end - i);
    i = end;
  }
  const double mean = sum / n;
  const double sd = std::sqrt(std::max(0.0, squares / n - mean * mean));
  const double scale = usable_scale(sd) ? sd : 1;
  const std::size_t count = std::min(values.size(), kMostKnots);
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = count == 1 ? 0 : k * (values.size() - 1) / (count - 1);
    knots.push_back(values[i]);
    scores.push_back((normal[i] - mean) / scale);
  }
}

nlohmann::json numbers_json(const std::vector<double>& values) { return nlohmann::json(values); }

}  // namespace

TableEncoding::ColumnCode TableEncoding::fit_column(const Column& column, bool rank_normal,
                                                    const std::vector<std::size_t>& rows) {
  ColumnCode code;
  code.name = column.name;
  code.type = column.type;
  code.levels = column.levels;
  std::vector<double> values;
  for (const std::size_t row : rows) {
    if (!std::isnan(column.values[row])) values.push_back(column.values[row]);
  }
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());

  if (column.type == ColumnType::kCategorical) {
    for (std::size_t level = 0; level < column.levels.size(); ++level) {
      const auto range = std::equal_range(values.begin(), values.end(), static_cast<double>(level));
      const double share = n > 0 ? static_cast<double>(range.second - range.first) / n : 0;
      code.scales.push_back({share, std::max(std::sqrt(share * (1 - share)), kLeastIndicatorSd)});
    }
    return code;
  }
  if (column.type == ColumnType::kBinary) {
    if (column.levels.empty()) {  // its two values, also if the training participants show only one
      code.low = kNaN;
      code.high = kNaN;
      for (const double value : column.values) {
        if (std::isnan(value)) continue;
        code.low = std::isnan(code.low) ? value : std::min(code.low, value);
        code.high = std::isnan(code.high) ? value : std::max(code.high, value);
      }
      if (std::isnan(code.low)) code.low = code.high = 0;
    }
    const Moments m = moments(values);
    const double range = code.high > code.low ? code.high - code.low : 1;
    code.scales.push_back({m.mean, std::max(m.sd, kLeastIndicatorSd * range)});
    return code;
  }
  if (rank_normal && !values.empty()) {
    fit_ranks(values, code.knots, code.scores);
    return code;
  }
  Scale scale;
  if (!values.empty()) {
    scale.location = quantile(values, 0.5);
    scale.scale = kNormalIqr * (quantile(values, 0.75) - quantile(values, 0.25));
    if (!usable_scale(scale.scale)) scale.scale = moments(values).sd;
    if (!usable_scale(scale.scale)) scale.scale = 1;
  }
  code.scales.push_back(scale);
  return code;
}

TableEncoding TableEncoding::fit(const Table& table, const std::vector<bool>& rank_normal,
                                 const std::vector<std::size_t>& rows) {
  TableEncoding encoding;
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    encoding.columns_.push_back(
        fit_column(table.columns[j], j < rank_normal.size() && rank_normal[j], rows));
  }
  encoding.index_columns();
  return encoding;
}

void TableEncoding::index_columns() {
  source_.clear();
  for (std::size_t j = 0; j < columns_.size(); ++j)
    source_.insert(source_.end(), columns_[j].width(), j);
}

void TableEncoding::encode_cell(const ColumnCode& code, double value, float* out) const {
  if (!code.knots.empty()) {
    out[0] = static_cast<float>(interpolate(code.knots, code.scores, value));
    return;
  }
  if (code.type == ColumnType::kCategorical) {
    for (std::size_t level = 0; level < code.scales.size(); ++level) {
      const double indicator = value == static_cast<double>(level) ? 1 : 0;
      out[level] =
          static_cast<float>((indicator - code.scales[level].location) / code.scales[level].scale);
    }
    return;
  }
  out[0] = static_cast<float>(soft_clip((value - code.scales[0].location) / code.scales[0].scale));
}

double TableEncoding::decode_cell(const ColumnCode& code, const float* x) const {
  if (!code.knots.empty()) return interpolate(code.scores, code.knots, static_cast<double>(x[0]));
  if (code.type == ColumnType::kCategorical) {
    double best = -std::numeric_limits<double>::infinity();
    std::size_t level = 0;
    for (std::size_t k = 0; k < code.scales.size(); ++k) {
      const double share =
          code.scales[k].location + code.scales[k].scale * static_cast<double>(x[k]);
      if (share > best) {
        best = share;
        level = k;
      }
    }
    return static_cast<double>(level);
  }
  const double value =
      code.scales[0].location + code.scales[0].scale * soft_unclip(static_cast<double>(x[0]));
  if (code.type != ColumnType::kBinary) return value;
  return value - code.low < code.high - value ? code.low : code.high;
}

EncodedTable TableEncoding::apply(const Table& table) const {
  if (table.columns.size() != columns_.size()) {
    throw DataError(table.name, 0, "",
                    "holds " + std::to_string(table.columns.size()) + " columns; expected " +
                        std::to_string(columns_.size()) + " as in the fit");
  }
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const Column& column = table.columns[j];
    const ColumnCode& code = columns_[j];
    if (column.name != code.name || column.levels != code.levels) {
      throw DataError(
          table.name, 0, column.name,
          "differs from column '" + code.name + "' of the fit; expected the same names and levels");
    }
  }
  EncodedTable encoded;
  encoded.n = table.rows();
  encoded.width = width();
  encoded.x.assign(encoded.n * encoded.width, 0.0F);
  encoded.mask.assign(encoded.n * columns_.size(), 0);
  std::size_t begin = 0;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const std::vector<double>& values = table.columns[j].values;
    for (std::size_t i = 0; i < encoded.n; ++i) {
      if (!std::isfinite(values[i])) continue;
      encoded.mask[i * columns_.size() + j] = 1;
      encode_cell(columns_[j], values[i], &encoded.x[i * encoded.width + begin]);
    }
    begin += columns_[j].width();
  }
  return encoded;
}

Table TableEncoding::decode(const std::vector<float>& x, std::vector<std::string> ids) const {
  if (x.size() != ids.size() * width()) {
    throw DataError("encoded table", 0, "",
                    "holds " + std::to_string(x.size()) + " numbers; expected " +
                        std::to_string(ids.size() * width()));
  }
  Table table;
  table.ids = std::move(ids);
  std::size_t begin = 0;
  for (const ColumnCode& code : columns_) {
    Column column;
    column.name = code.name;
    column.type = code.type;
    column.levels = code.levels;
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const float* const cell = &x[i * width() + begin];
      column.values.push_back(std::isnan(cell[0]) ? kNaN : decode_cell(code, cell));
    }
    table.columns.push_back(std::move(column));
    begin += code.width();
  }
  return table;
}

Table TableEncoding::expected(const std::vector<float>& x, std::vector<std::string> ids) const {
  Table table = decode(x, std::move(ids));
  const std::vector<Column> decoded = std::move(table.columns);
  table.columns.clear();
  std::size_t begin = 0;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const ColumnCode& code = columns_[j];
    const bool binary = code.type == ColumnType::kBinary;
    const bool shares = binary || code.type == ColumnType::kCategorical;
    if (!shares) table.columns.push_back(decoded[j]);
    for (std::size_t k = 0; shares && k < code.width(); ++k) {
      const std::string value = code.levels.empty()
                                    ? fmt::format("{}", code.high)
                                    : code.levels[binary ? code.levels.size() - 1 : k];
      const double low = binary ? code.low : 0;
      const double range = binary && code.high > code.low ? code.high - code.low : 1;
      Column share;
      share.name = code.name + "=" + value;
      for (std::size_t i = 0; i < table.rows(); ++i) {
        const double mean = code.scales[k].location +
                            code.scales[k].scale * static_cast<double>(x[i * width() + begin + k]);
        share.values.push_back(std::clamp((mean - low) / range, 0.0, 1.0));
      }
      table.columns.push_back(std::move(share));
    }
    begin += code.width();
  }
  return table;
}

std::string TableEncoding::to_json() const {
  nlohmann::json columns = nlohmann::json::array();
  for (const ColumnCode& code : columns_) {
    nlohmann::json item = {{"name", code.name}, {"type", to_string(code.type)}};
    if (!code.levels.empty()) item["levels"] = code.levels;
    if (!code.knots.empty()) {
      item["knots"] = numbers_json(code.knots);
      item["scores"] = numbers_json(code.scores);
    }
    for (const Scale& scale : code.scales) item["scales"].push_back({scale.location, scale.scale});
    if (code.type == ColumnType::kBinary) item["values"] = {code.low, code.high};
    columns.push_back(std::move(item));
  }
  return nlohmann::json{{"version", 1}, {"columns", std::move(columns)}}.dump();
}

TableEncoding TableEncoding::from_json(const std::string& text) {
  const auto fail = [](const std::string& what) -> DataError {
    return {"table encoding", 0, "",
            what + "; expected what this program wrote; fit the model again"};
  };
  TableEncoding encoding;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    if (json.at("version") != 1) throw fail("unknown version");
    for (const nlohmann::json& item : json.at("columns")) {
      ColumnCode code;
      code.name = item.at("name");
      code.type = column_type_from(item.at("type"));
      code.levels = item.value("levels", std::vector<std::string>());
      code.knots = item.value("knots", std::vector<double>());
      code.scores = item.value("scores", std::vector<double>());
      for (const nlohmann::json& scale : item.value("scales", nlohmann::json::array())) {
        code.scales.push_back({scale.at(0), scale.at(1)});
        if (!usable_scale(code.scales.back().scale)) throw fail("a scale is not positive");
      }
      if (code.type == ColumnType::kBinary) {
        code.low = item.at("values").at(0);
        code.high = item.at("values").at(1);
      }
      const std::size_t scales = code.type == ColumnType::kCategorical ? code.levels.size() : 1;
      const bool ranks =
          !code.knots.empty() && code.knots.size() == code.scores.size() && code.scales.empty();
      if (!ranks && (code.scales.size() != scales || scales == 0 || !code.knots.empty())) {
        throw fail("column '" + code.name + "' is not complete");
      }
      if (!std::is_sorted(code.knots.begin(), code.knots.end()) ||
          !std::is_sorted(code.scores.begin(), code.scores.end())) {
        throw fail("the ranks of column '" + code.name + "' do not ascend");
      }
      encoding.columns_.push_back(std::move(code));
    }
  } catch (const nlohmann::json::exception& error) {
    throw fail(std::string("not readable: ") + error.what());
  } catch (const ConfigError& error) {
    throw fail(error.what());
  }
  encoding.index_columns();
  return encoding;
}

}  // namespace polycause
