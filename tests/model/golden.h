// tests/golden/model.json: the description of parameters, and the noise that fills them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

namespace polycause {

inline const nlohmann::json& golden() {
  static const nlohmann::json values =
      nlohmann::json::parse(std::ifstream(POLYCAUSE_SOURCE_DIR "/tests/golden/model.json"));
  return values;
}

/// `noise` of model.py: uniform on [-1, 1), exact in single precision.
inline double golden_noise(std::size_t index, std::uint32_t salt = 0) {
  std::uint32_t x = static_cast<std::uint32_t>(index) + (salt << 24);
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return static_cast<double>(x >> 8) / 8388608.0 - 1.0;
}

/// Fills a flat vector as the tensors of one golden case say; everything else becomes zero.
inline void fill_golden(const nlohmann::json& tensors, std::vector<float>& parameters) {
  parameters.assign(parameters.size(), 0.0f);
  for (const nlohmann::json& t : tensors) {
    const std::size_t rows = t["rows"];
    const std::size_t stride = t["stride"];
    const bool identity = t["base"] == "identity";
    for (std::size_t r = 0; r < rows; ++r) {
      if (t["hole"] == r) continue;
      for (std::size_t c = 0; c < t["columns"]; ++c) {
        const std::size_t at = t["offset"].get<std::size_t>() + r * stride + c;
        parameters.at(at) = static_cast<float>((identity && r == c ? 1.0 : 0.0) +
                                               t["scale"].get<double>() * golden_noise(at));
      }
    }
  }
}

/// Inner product of a tensor's gradient with noise number `salt`.
inline double golden_projection(const nlohmann::json& t, const std::vector<float>& gradient,
                                std::uint32_t salt) {
  const std::size_t offset = t["offset"];
  const std::size_t count = t["rows"].get<std::size_t>() * t["stride"].get<std::size_t>();
  double total = 0;
  for (std::size_t k = 0; k < count; ++k)
    total += static_cast<double>(gradient[offset + k]) * golden_noise(offset + k, salt);
  return total;
}

}  // namespace polycause
