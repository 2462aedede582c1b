// Small SAS transport files made by tests.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace polycause::testing {

inline std::string padded(std::string text, std::size_t size) {
  text.resize(size, ' ');
  return text;
}

inline std::string high_first(std::uint64_t value, int bytes) {
  std::string out;
  for (int k = bytes - 1; k >= 0; --k) out += static_cast<char>(value >> (8 * k));
  return out;
}

/// IBM System/360 floating point: sign, exponent of 16 with bias 64, 56 bits of fraction.
inline std::string ibm(double value) {
  if (value == 0) return std::string(8, '\0');
  if (std::isnan(value)) return "." + std::string(7, '\0');
  std::uint64_t sign = value < 0 ? 1U << 7U : 0;
  double fraction = std::fabs(value);
  int exponent = 64;
  for (; fraction >= 1; ++exponent) fraction /= 16;
  for (; fraction < 1.0 / 16; --exponent) fraction *= 16;
  return high_first(sign | static_cast<std::uint64_t>(exponent), 1) +
         high_first(static_cast<std::uint64_t>(std::ldexp(fraction, 56)), 7);
}

struct XportVariable {
  std::string name;
  std::size_t text_length = 0;  ///< 0 = number
};

/// A version 5 transport file after the published record layout (SAS technical note TS-140).
inline std::string transport_file(const std::vector<XportVariable>& variables,
                                  const std::vector<std::string>& rows) {
  const std::string zeros(30, '0');
  const std::string stamp = "01JAN20:00:00:00";
  std::string out = padded("HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + zeros, 80);
  out += padded("SAS     SAS     SASLIB  9.4     Linux   " + std::string(24, ' ') + stamp, 80);
  out += padded(stamp, 80);
  const auto member = [&] {
    out += padded("HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!000000000000000001600000000140",
                  80);
    out += padded("HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!" + zeros, 80);
    out += padded("SAS     DATA    SASDATA 9.4     Linux   " + std::string(24, ' ') + stamp, 80);
    out += padded(stamp, 80);
  };
  member();
  std::string count = std::to_string(variables.size());
  count.insert(0, 4 - count.size(), '0');
  out += padded(
      "HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!000000" + count + std::string(20, '0'), 80);
  std::string records;
  std::size_t at = 0;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const XportVariable& v = variables[i];
    const std::size_t length = v.text_length == 0 ? 8 : v.text_length;
    records += high_first(v.text_length == 0 ? 1 : 2, 2) + high_first(0, 2) +
               high_first(length, 2) + high_first(i + 1, 2) + padded(v.name, 8) +
               padded("label of " + v.name, 40) + padded("", 8) + high_first(0, 8) + padded("", 8) +
               high_first(0, 4) + high_first(at, 4) + std::string(52, '\0');
    at += length;
  }
  out += padded(records, (records.size() + 79) / 80 * 80);
  out += padded("HEADER RECORD*******OBS     HEADER RECORD!!!!!!!" + zeros, 80);
  std::string data;
  for (const std::string& row : rows) data += row;
  return out + padded(data, (data.size() + 79) / 80 * 80);
}

}  // namespace polycause::testing
