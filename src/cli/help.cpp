#include "cli/help.h"

#include <fmt/format.h>

#include <sstream>

#include "base/settings.h"

namespace polycause::cli {
namespace {

constexpr std::size_t kNameWidth = 30;
constexpr std::size_t kTextWidth = 68;

}  // namespace

std::string wrapped(const std::string& text, std::size_t width, const std::string& indent) {
  std::string out = indent;
  std::size_t used = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (used > 0 && used + 1 + word.size() > width) {
      out += "\n" + indent;
      used = 0;
    }
    if (used > 0) out += " ";
    used += word.size() + (used > 0 ? 1 : 0);
    out += word;
  }
  return out;
}

HelpFormat::HelpFormat() { column_width(kNameWidth); }

std::string HelpFormat::make_option_desc(const CLI::Option* option) const {
  return wrapped(option->get_description(), kTextWidth);
}

std::string suggestion(const CLI::App& command, const std::string& word) {
  std::vector<std::string> known;
  const std::string plain = word.substr(0, word.find('='));
  if (plain.rfind("--", 0) == 0) {
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* sub : command.get_subcommands({})) known.push_back(sub->get_name());
  }
  const std::string near = nearest(plain, known);
  return near.empty() ? "" : fmt::format("did you mean '{}'? ", near);
}

}  // namespace polycause::cli
