// How --help looks: descriptions wrapped beside the options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace polycause::cli {

/// Breaks `text` at spaces into lines of at most `width` characters.
std::string wrapped(const std::string& text, std::size_t width, const std::string& indent = "");

class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat();
  std::string make_option_desc(const CLI::Option* option) const override;
};

/// "did you mean '--seed'? " for a word that `command` does not know, or "".
std::string suggestion(const CLI::App& command, const std::string& word);

}  // namespace polycause::cli
