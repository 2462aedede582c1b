#include "data/windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "data/clock.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kMostWindows = 1e6;  // of one recording
constexpr double kLongest = 3660 * kDay;
constexpr double kDated = 1e8;  // later times, in seconds, count from 1970

std::string label_of(double begin, bool with_clock) {
  const double day = std::floor(begin / kDay);
  std::string label =
      begin < kDated ? fmt::format("{:.0f}", day) : date_text(static_cast<std::int64_t>(day));
  if (!with_clock) return label;
  const auto seconds = static_cast<long>(std::llround(begin - day * kDay));
  label += fmt::format("T{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) label += fmt::format(":{:02}", seconds % 60);
  return label;
}

/// First and last time of a sample; false when there is none.
bool span_of(const Recording& recording, double& first, double& last) {
  first = std::numeric_limits<double>::infinity();
  last = -first;
  for (const Channel& channel : recording.channels) {
    if (channel.values.empty()) continue;
    if (channel.rate > 0) {
      first = std::min(first, channel.start);
      last = std::max(
          last, channel.start + static_cast<double>(channel.values.size() - 1) / channel.rate);
    } else if (!recording.times.empty()) {
      first = std::min(first, recording.times.front());
      last = std::max(last, recording.times.back());
    }
  }
  return first <= last;
}

}  // namespace

double duration_seconds(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || !std::isfinite(number) || number <= 0) return 0;
  const std::string unit(end, text.data() + text.size());
  const double each = unit == "s" ? 1 : unit == "min" ? 60 : unit == "h" ? 3600 : kDay;
  const bool known = each < kDay || unit == "d";
  const double seconds = number * each;
  // Rows are called by the second at which they begin.
  return known && seconds >= 1 && seconds <= kLongest ? seconds : 0;
}

bool cuts_windows(const BlockSpec& spec) { return !spec.window.empty(); }

bool cuts_windows(const StudySpec& spec) {
  return std::any_of(spec.modalities.begin(), spec.modalities.end(),
                     [](const SourceSpec& source) { return cuts_windows(source.block); });
}

WindowRule window_rule(const BlockSpec& spec) {
  WindowRule rule;
  if (!spec.from.empty()) rule.clock = clock_window(spec.from, spec.to);
  if (spec.window != "day") rule.length = duration_seconds(spec.window);
  if (spec.window == "day" && spec.from.empty()) rule.clock = {0, kDay};
  return rule;
}

std::vector<Window> windows_of(const Recording& recording, const WindowRule& rule) {
  std::vector<Window> windows;
  double first = 0;
  double last = 0;
  if (!span_of(recording, first, last)) return windows;
  const bool by_day = rule.clock.length > 0;
  const double step = by_day ? kDay : rule.length;
  const double pieces =
      by_day && rule.length > 0 ? std::floor(rule.clock.length / rule.length + 1e-9) : 1;
  if ((last - first) / step * pieces > kMostWindows) {
    throw DataError(recording.path, 0, "",
                    fmt::format("spans {:.6g} s, more than {:.0f} windows; expected fewer; check "
                                "the times, or choose longer windows",
                                last - first, kMostWindows));
  }
  const double offset = by_day ? rule.clock.from : 0;
  const double length = rule.length > 0 ? rule.length : rule.clock.length;
  // A night begins on the day before the one on which it ends.
  for (double k = std::floor((first - offset) / step) - 1; offset + k * step <= last; ++k) {
    for (double piece = 0; piece < pieces; ++piece) {
      const double begin = offset + k * step + piece * length;
      if (begin > last || begin + length <= first) continue;
      windows.push_back({begin, length, label_of(begin, rule.length > 0)});
    }
  }
  return windows;
}

Recording piece_of(const Recording& recording, const Window& window, double margin) {
  const double low = window.begin - margin;
  const double high = window.begin + window.length + margin;
  Recording piece;
  piece.path = recording.path;
  const auto begin = std::lower_bound(recording.times.begin(), recording.times.end(), low);
  const auto end = std::lower_bound(begin, recording.times.end(), high);
  piece.times.assign(begin, end);
  for (const Channel& channel : recording.channels) {
    Channel cut;
    cut.name = channel.name;
    cut.unit = channel.unit;
    cut.rate = channel.rate;
    cut.start = channel.start;
    cut.outside = channel.outside;
    cut.outside_value = channel.outside_value;
    auto from = static_cast<double>(begin - recording.times.begin());
    auto to = static_cast<double>(end - recording.times.begin());
    if (channel.rate > 0) {
      const auto size = static_cast<double>(channel.values.size());
      from = std::clamp(std::ceil((low - channel.start) * channel.rate), 0.0, size);
      to = std::clamp(std::ceil((high - channel.start) * channel.rate), from, size);
      cut.start = channel.start + from / channel.rate;
    }
    cut.values.assign(channel.values.begin() + static_cast<std::ptrdiff_t>(from),
                      channel.values.begin() + static_cast<std::ptrdiff_t>(to));
    piece.channels.push_back(std::move(cut));
  }
  return piece;
}

}  // namespace polycause
