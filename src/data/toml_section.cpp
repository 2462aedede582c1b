#include "data/toml_section.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "base/settings.h"
#include "data/cells.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// \UXXXXXXXX of one letter.
std::string escape(std::string_view letter) {
  const std::size_t length = letter.size();
  std::uint32_t code = static_cast<unsigned char>(letter[0]) & (0xFFU >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) {
    code = code << 6U | (static_cast<unsigned char>(letter[k]) & 0x3FU);
  }
  return fmt::format("\\U{:08X}", code);
}

/// The same TOML in ASCII: letters beyond it become escapes in "..." and blanks in comments;
/// elsewhere TOML does not allow them. toml++ 3.3 has undefined behaviour on such letters outside
/// quotes.
std::string in_ascii(const std::string& path, const std::string& text) {
  const auto fail = [&](std::size_t line, const char* what) {
    throw ConfigError(fmt::format("{}:{}: found {}", path, line, what));
  };
  std::string out;
  std::size_t line = 1;
  char quote = '\0';  // of the text on one line that is open here
  bool comment = false;
  std::size_t i = text.compare(0, 3, "\xef\xbb\xbf") == 0 ? 3 : 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead >= 0x80) {
      const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
      const std::string_view letter = std::string_view(text).substr(i, length);
      if (!is_utf8(letter))
        fail(line, "bytes that are not UTF-8; expected UTF-8; save the file as such");
      if (!comment && quote != '"') {
        fail(line,
             "a letter beyond ASCII outside double quotes; expected \"...\" around the text; add "
             "them");
      }
      out += comment ? " " : escape(letter);
      i += length;
      continue;
    }
    const char c = text[i++];
    out += c;
    if (c == '\n') {
      ++line;
      quote = '\0';
      comment = false;
    } else if (comment) {
      continue;
    } else if (quote != '\0') {
      if (c == '\\' && quote == '"' && i < text.size() && (text[i] == '"' || text[i] == '\\'))
        out += text[i++];
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    }
  }
  return out;
}

}  // namespace

toml::table parse_toml(const std::string& path) {
  std::string text;
  try {
    text = read_file(path);
  } catch (const DataError& error) {
    throw ConfigError(error.what());
  }
  text = in_ascii(path, text);
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
