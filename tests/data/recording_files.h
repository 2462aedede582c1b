// Small EDF files made by tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

namespace polycause::testing {

struct EdfSignal {
  std::string label, unit;
  double physical_low, physical_high, digital_low, digital_high;
  std::vector<std::vector<int>> records;
};

/// Each text of `stamps` is the annotation signal of one record, 16 bytes; none = plain EDF.
inline std::string edf(const std::vector<EdfSignal>& signals, const std::string& kind,
                       double seconds, const std::vector<std::string>& stamps = {}, int said = -2) {
  const std::size_t n = signals.size() + (stamps.empty() ? 0 : 1);
  const std::size_t records = signals.empty() ? stamps.size() : signals[0].records.size();
  std::string head = fmt::format("{:<8}{:<80}{:<80}{}{}{:<8}{:<44}{:<8}{:<8}{:<4}", "0", "", "",
                                 "17.10.24", "23.59.58", 256 * (n + 1), kind,
                                 said == -2 ? static_cast<int>(records) : said, seconds, n);
  const auto each = [&](std::size_t width, auto&& text, const std::string& of_stamps) {
    for (const EdfSignal& signal : signals) head += fmt::format("{:<{}}", text(signal), width);
    if (!stamps.empty()) head += fmt::format("{:<{}}", of_stamps, width);
  };
  const auto number = [](double value) { return fmt::format("{}", value); };
  each(
      16, [](const EdfSignal& s) { return s.label; }, "EDF Annotations");
  each(
      80, [](const EdfSignal&) { return std::string(); }, "");
  each(
      8, [](const EdfSignal& s) { return s.unit; }, "");
  each(
      8, [&](const EdfSignal& s) { return number(s.physical_low); }, "-1");
  each(
      8, [&](const EdfSignal& s) { return number(s.physical_high); }, "1");
  each(
      8, [&](const EdfSignal& s) { return number(s.digital_low); }, "-32768");
  each(
      8, [&](const EdfSignal& s) { return number(s.digital_high); }, "32767");
  each(
      80, [](const EdfSignal&) { return std::string(); }, "");
  each(
      8, [](const EdfSignal& s) { return fmt::format("{}", s.records[0].size()); }, "8");
  each(
      32, [](const EdfSignal&) { return std::string(); }, "");
  for (std::size_t r = 0; r < records; ++r) {
    for (const EdfSignal& signal : signals) {
      for (const int value : signal.records[r]) {
        head += static_cast<char>(value & 0xFF);
        head += static_cast<char>(value >> 8 & 0xFF);
      }
    }
    if (stamps.empty()) continue;
    std::string stamp = stamps[r];
    stamp.resize(16, '\0');
    head += stamp;
  }
  return head;
}

inline std::vector<EdfSignal> two_signals() {
  return {{"Flow", "L/s", -1, 1, -100, 100, {{-100, 0, 50, 100}, {10, 20, 30, 40}}},
          {"SpO2", "%", 0, 100, 0, 100, {{97}, {-1}}}};
}

}  // namespace polycause::testing
