#include "data/descriptors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const std::array<const char*, 4> kOfImages = {"mean", "sd", "x", "y"};
const std::array<const char*, 6> kOfSeries = {"mean", "sd", "p05", "p95", "lag1", "missing"};

/// "SpO2.1s" -> "spo2_1s"
std::string plain(const std::string& channel) {
  std::string name;
  for (const char c : channel) {
    const bool lower = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool upper = c >= 'A' && c <= 'Z';
    if (lower || upper || (c & 0x80) != 0) {
      name += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name.empty() ? "channel" : name;
}

double quantile(std::vector<float>& values, double share) {
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = values.begin() + static_cast<std::ptrdiff_t>(at);
  std::nth_element(values.begin(), below, values.end());
  const double low = static_cast<double>(*below);
  const double part = at - std::floor(at);
  if (part == 0) return low;
  return low + part * (static_cast<double>(*std::min_element(below + 1, values.end())) - low);
}

}  // namespace

Descriptors::Descriptors(const BlockShape& shape, std::size_t participants) : shape_(shape) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < shape.channels; ++c) {
    std::string name = plain(c < shape.channel_names.size() ? shape.channel_names[c] : "");
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      name += "_" + std::to_string(c + 1);
    }
    names.push_back(name);
    const auto add = [&](const char* measure) {
      Column column;
      column.name = name + "_" + measure;
      column.values.assign(participants, kNaN);
      table_.columns.push_back(std::move(column));
    };
    if (shape.kind == "image") {
      std::for_each(kOfImages.begin(), kOfImages.end(), add);
    } else {
      std::for_each(kOfSeries.begin(), kOfSeries.end(), add);
    }
  }
}

void Descriptors::describe(std::size_t row, const float* values) {
  if (shape_.kind == "image") {
    describe_image(row, values);
  } else {
    describe_series(row, values);
  }
}

void Descriptors::describe_image(std::size_t row, const float* values) {
  const double area = static_cast<double>(shape_.height * shape_.width);
  for (std::size_t c = 0; c < shape_.channels; ++c) {
    double sum = 0;
    double squares = 0;
    double x_sum = 0;
    double y_sum = 0;
    for (std::size_t y = 0; y < shape_.height; ++y) {
      double line = 0;
      for (std::size_t x = 0; x < shape_.width; ++x) {
        const double value = static_cast<double>(*values++);
        line += value;
        squares += value * value;
        x_sum += value * (static_cast<double>(x) + 0.5);
      }
      sum += line;
      y_sum += line * (static_cast<double>(y) + 0.5);
    }
    const double mean = sum / area;
    Column* const out = &table_.columns[c * kOfImages.size()];
    out[0].values[row] = mean;
    out[1].values[row] = std::sqrt(std::max(0.0, squares / area - mean * mean));
    out[2].values[row] = sum > 0 ? x_sum / sum / static_cast<double>(shape_.width) : kNaN;
    out[3].values[row] = sum > 0 ? y_sum / sum / static_cast<double>(shape_.height) : kNaN;
  }
}

void Descriptors::describe_series(std::size_t row, const float* values) {
  const std::size_t length = shape_.width;
  std::vector<float> there;
  for (std::size_t c = 0; c < shape_.channels; ++c, values += length) {
    there.clear();
    double sum = 0;
    for (std::size_t t = 0; t < length; ++t) {
      if (std::isnan(values[t])) continue;
      there.push_back(values[t]);
      sum += static_cast<double>(values[t]);
    }
    Column* const out = &table_.columns[c * kOfSeries.size()];
    const double count = static_cast<double>(there.size());
    out[5].values[row] = 1 - count / static_cast<double>(length);
    if (there.empty()) continue;
    const double mean = sum / count;
    double squares = 0;
    double products = 0;
    double pairs = 0;
    for (std::size_t t = 0; t < length; ++t) {
      if (std::isnan(values[t])) continue;
      const double off = static_cast<double>(values[t]) - mean;
      squares += off * off;
      if (t + 1 == length || std::isnan(values[t + 1])) continue;
      products += off * (static_cast<double>(values[t + 1]) - mean);
      ++pairs;
    }
    out[0].values[row] = mean;
    out[1].values[row] = std::sqrt(squares / count);
    out[2].values[row] = quantile(there, 0.05);
    out[3].values[row] = quantile(there, 0.95);
    // Both sums per term, so that gaps do not pull the correlation towards 0.
    if (pairs > 1 && squares > 0) {
      out[4].values[row] = std::clamp(products / pairs / (squares / count), -1.0, 1.0);
    }
  }
}

Table Descriptors::take() { return std::move(table_); }

}  // namespace polycause
