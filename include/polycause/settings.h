// Settings are described once (name, value, range, meaning) by a visitor. TOML sections, `--set`,
// `polycause config`, the echo in the run folder and the docs are all drawn from that description.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace polycause {

/// One visit per setting: `key` is the full dotted name, e.g. "train.batch".
class SettingsVisitor {
 public:
  virtual ~SettingsVisitor() = default;
  virtual void visit(const std::string& key, bool& value, const std::string& meaning) = 0;
  virtual void visit(const std::string& key, std::int64_t& value, std::int64_t low,
                     std::int64_t high, const std::string& meaning) = 0;
  virtual void visit(const std::string& key, double& value, double low, double high,
                     const std::string& meaning) = 0;
  /// `choices` empty: free text.
  virtual void visit(const std::string& key, std::string& value,
                     const std::vector<std::string>& choices, const std::string& meaning) = 0;
};

inline constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

}  // namespace polycause
