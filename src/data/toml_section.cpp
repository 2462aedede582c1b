#include "data/toml_section.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/settings.h"
#include "polycause/error.h"

namespace polycause {

toml::table parse_toml(const std::string& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    throw ConfigError(fmt::format("{}:{}: not valid TOML: {}; correct the line", path,
                                  error.source().begin.line, error.description()));
  }
}

TomlSection::TomlSection(const toml::table& table, std::string path, std::string name)
    : table_(table), path_(std::move(path)), name_(std::move(name)) {}

std::string TomlSection::where(const toml::node& node) const {
  return fmt::format("{}:{}", path_, node.source().begin.line);
}

std::string TomlSection::where() const { return where(table_); }

void TomlSection::fail(const toml::node& node, const std::string& what) const {
  throw ConfigError(where(node) + ": " + what);
}

const toml::node* TomlSection::take(const std::string& key) {
  known_.insert(key);
  return table_.get(key);
}

bool TomlSection::read(const std::string& key, std::string& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  if (!node->is_string())
    fail(*node, fmt::format("{} {} is no text; expected \"...\" in quotes", name_, key));
  value = node->as_string()->get();
  return true;
}

bool TomlSection::read(const std::string& key, std::int64_t& value, std::int64_t low,
                       std::int64_t high) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const auto* number = node->as_integer();
  if (number == nullptr || number->get() < low || number->get() > high) {
    fail(*node, fmt::format("{} {} is out of range or no whole number; expected {} .. {}", name_,
                            key, low, high));
  }
  value = number->get();
  return true;
}

bool TomlSection::read(const std::string& key, std::vector<std::string>& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  value.clear();
  if (node->is_string()) {
    value.push_back(node->as_string()->get());
    return true;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    fail(*node, fmt::format("{} {}: expected a text or an array of texts, [\"...\", \"...\"]",
                            name_, key));
  }
  for (const toml::node& item : *array) {
    if (!item.is_string()) {
      fail(item, fmt::format("{} {} holds something else than texts; expected [\"...\", \"...\"]",
                             name_, key));
    }
    value.push_back(item.as_string()->get());
  }
  return true;
}

void TomlSection::finish() const {
  for (const auto& [key, node] : table_) {
    const std::string text(key.str());
    if (known_.count(text) != 0) continue;
    const std::string near = nearest(text, {known_.begin(), known_.end()});
    throw ConfigError(fmt::format("{}:{}: unknown key '{}' in {}; expected one of {}{}", path_,
                                  key.source().begin.line, text, name_, fmt::join(known_, ", "),
                                  near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

}  // namespace polycause
