// One table of a TOML file, read key by key, so that wrong types and unknown keys are errors with
// line. Third-party header inside: include it only where a TOML file is read.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace polycause {

/// Parses a file. Throws ConfigError with file and line.
toml::table parse_toml(const std::string& path);

class TomlSection {
 public:
  /// `name` as in "[study]", for messages.
  TomlSection(const toml::table& table, std::string path, std::string name);

  /// Each returns whether the key is there; the value is left alone otherwise.
  bool read(const std::string& key, std::string& value);
  bool read(const std::string& key, std::int64_t& value, std::int64_t low, std::int64_t high);
  bool read(const std::string& key,
            std::vector<std::string>& value);  ///< array of texts, or one text
  /// The node of a key, or null; counts as read.
  const toml::node* take(const std::string& key);

  /// Throws ConfigError for the first key that was never asked for, with the nearest known one.
  void finish() const;

  std::string where(const toml::node& node) const;  ///< "study.toml:12"
  std::string where() const;
  [[noreturn]] void fail(const toml::node& node, const std::string& what) const;

 private:
  const toml::table& table_;
  std::string path_;
  std::string name_;
  std::set<std::string> known_;
};

}  // namespace polycause
