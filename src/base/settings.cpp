#include "base/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "polycause/error.h"

namespace polycause {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string range_text(std::int64_t low, std::int64_t high) {
  const bool above = low > -kNoLimit;
  const bool below = high < kNoLimit;
  if (above && below) return fmt::format("{} .. {}", low, high);
  if (above) return fmt::format(">= {}", low);
  return below ? fmt::format("<= {}", high) : "";
}

std::string range_text(double low, double high) {
  const bool above = std::isfinite(low);
  const bool below = std::isfinite(high);
  if (above && below) return fmt::format("{} .. {}", low, high);
  if (above) return fmt::format(">= {}", low);
  return below ? fmt::format("<= {}", high) : "";
}

class Lister : public SettingsVisitor {
 public:
  std::vector<SettingInfo> found;

  void visit(const std::string& key, bool& value, const std::string& meaning) override {
    found.push_back({key, "bool", value ? "true" : "false", "true | false", meaning});
  }
  void visit(const std::string& key, std::int64_t& value, std::int64_t low, std::int64_t high,
             const std::string& meaning) override {
    found.push_back({key, "integer", fmt::format("{}", value), range_text(low, high), meaning});
  }
  void visit(const std::string& key, double& value, double low, double high,
             const std::string& meaning) override {
    found.push_back({key, "number", fmt::format("{}", value), range_text(low, high), meaning});
  }
  void visit(const std::string& key, std::string& value, const std::vector<std::string>& choices,
             const std::string& meaning) override {
    found.push_back(
        {key, "text", quoted(value), fmt::format("{}", fmt::join(choices, " | ")), meaning});
  }
};

class Setter : public SettingsVisitor {
 public:
  Setter(std::string key, std::string text, std::string where)
      : key_(std::move(key)), text_(std::move(text)), where_(std::move(where)) {}
  bool done = false;

  void visit(const std::string& key, bool& value, const std::string&) override {
    if (!match(key)) return;
    if (text_ == "true") {
      value = true;
    } else if (text_ == "false") {
      value = false;
    } else {
      fail("true or false");
    }
  }
  void visit(const std::string& key, std::int64_t& value, std::int64_t low, std::int64_t high,
             const std::string&) override {
    if (!match(key)) return;
    std::int64_t parsed = 0;
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), parsed);
    if (code != std::errc() || end != text_.data() + text_.size() || parsed < low ||
        parsed > high) {
      fail("a whole number " + range_text(low, high));
    }
    value = parsed;
  }
  void visit(const std::string& key, double& value, double low, double high,
             const std::string&) override {
    if (!match(key)) return;
    double parsed = 0;
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), parsed);
    if (code != std::errc() || end != text_.data() + text_.size() ||
        !(parsed >= low && parsed <= high)) {
      fail("a number " + range_text(low, high));
    }
    value = parsed;
  }
  void visit(const std::string& key, std::string& value, const std::vector<std::string>& choices,
             const std::string&) override {
    if (!match(key)) return;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), text_) == choices.end()) {
      fail(fmt::format("one of {}", fmt::join(choices, ", ")));
    }
    value = text_;
  }

 private:
  bool match(const std::string& key) {
    if (key != key_) return false;
    done = true;
    return true;
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw ConfigError(fmt::format("{}: {} = \"{}\"; expected {}; see 'polycause config {}'", where_,
                                  key_, text_, expected, key_));
  }
  std::string key_;
  std::string text_;
  std::string where_;
};

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<SettingInfo> list_settings(const VisitSettings& visit) {
  Lister lister;
  visit(lister);
  return lister.found;
}

void apply_setting(const VisitSettings& visit, const std::string& key, const std::string& value,
                   const std::string& where) {
  Setter setter(key, value, where);
  visit(setter);
  if (setter.done) return;
  std::vector<std::string> keys;
  for (const SettingInfo& info : list_settings(visit)) keys.push_back(info.key);
  const std::string near = nearest(key, keys);
  throw ConfigError(
      fmt::format("{}: unknown setting '{}'; {}see 'polycause config' for all of them", where, key,
                  near.empty() ? "" : fmt::format("did you mean '{}'? ", near)));
}

std::string settings_toml(const VisitSettings& visit) {
  std::string text;
  std::string section;
  for (const SettingInfo& info : list_settings(visit)) {
    const std::size_t dot = info.key.find('.');
    if (info.key.substr(0, dot) != section) {
      section = info.key.substr(0, dot);
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    text += fmt::format("{} = {}  # {}\n", info.key.substr(dot + 1), info.value, info.meaning);
  }
  return text;
}

std::string nearest(const std::string& text, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = text.size() / 2 + 2;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace polycause
