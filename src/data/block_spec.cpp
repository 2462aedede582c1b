#include "data/block_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/settings.h"
#include "data/clock.h"
#include "data/windows.h"

namespace polycause {
namespace {

constexpr std::int64_t kMostPixels = 16384;

void read_choice(TomlSection& section, const std::string& key, std::string& value,
                 const std::vector<std::string>& choices) {
  if (!section.read(key, value)) return;
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  section.fail(*section.take(key), fmt::format("{} = \"{}\"; expected one of {}", key, value,
                                               fmt::join(choices, ", ")));
}

void read_size(TomlSection& section, BlockSpec& block) {
  const toml::node* node = section.take("size");
  if (node == nullptr) return;
  std::vector<std::int64_t> sides;
  if (const auto* both = node->as_integer()) {
    sides = {both->get(), both->get()};
  } else if (const toml::array* array = node->as_array()) {
    for (const toml::node& item : *array) {
      if (const auto* side = item.as_integer()) sides.push_back(side->get());
    }
    if (array->size() != 2) sides.clear();
  }
  const auto fits = [](std::int64_t side) { return side >= 0 && side <= kMostPixels; };
  if (sides.size() != 2 || !fits(sides[0]) || !fits(sides[1]) ||
      (sides[0] == 0) != (sides[1] == 0)) {
    section.fail(*node,
                 fmt::format("size: expected a number of pixels up to {}, [height, width], or "
                             "0 for pictures as they are",
                             kMostPixels));
  }
  block.height = static_cast<std::size_t>(sides[0]);
  block.width = static_cast<std::size_t>(sides[1]);
}

void read_window(TomlSection& section, BlockSpec& block) {
  const bool from = section.read("from", block.from);
  const bool to = section.read("to", block.to);
  for (const auto& [key, text] :
       {std::pair(from ? "from" : "", block.from), std::pair(to ? "to" : "", block.to)}) {
    if (*key != '\0' && clock_seconds(text) < 0) {
      section.fail(*section.take(key),
                   fmt::format("{} = \"{}\"; expected a time of day such as \"22:00\"", key, text));
    }
  }
  if (from != to) {
    section.fail(*section.take(from ? "from" : "to"),
                 fmt::format("{} stands alone; expected both from and to; add the other",
                             from ? "from" : "to"));
  }
}

/// Rows of a recording: `window` and `filled`.
void read_cut(TomlSection& section, BlockSpec& block) {
  if (section.read("window", block.window) && block.window != "day" &&
      duration_seconds(block.window) == 0) {
    section.fail(*section.take("window"),
                 fmt::format("window = \"{}\"; expected \"day\" or a length such as \"4h\", "
                             "\"30min\", \"90s\" or \"2d\", from a second to ten years",
                             block.window));
  }
  const toml::node* node = section.take("filled");
  if (node == nullptr) return;
  const std::optional<double> share = node->value<double>();
  if (block.window.empty() || !share || !(*share >= 0) || *share > 1) {
    section.fail(*node,
                 "filled: expected the least share of a window's samples, 0 .. 1, beside "
                 "window = \"...\"");
  }
  block.filled = *share;
}

void read_rate(TomlSection& section, BlockSpec& block) {
  const toml::node* node = section.take("rate");
  if (node == nullptr) return;
  const std::optional<double> rate = node->value<double>();
  if (!rate || !(*rate >= 0) || *rate > 1e6) {
    section.fail(*node,
                 "rate: expected samples per second, 0 (as recorded) .. 1e6; one per minute is "
                 "0.0166666667");
  }
  block.rate = *rate;
}

}  // namespace

void read_kind(TomlSection& section, SourceSpec& source) {
  read_choice(section, "kind", source.kind, {"tabular", "image", "series"});
}

void read_block_spec(TomlSection& section, SourceSpec& source) {
  if (source.kind != "tabular" && section.read("files", source.block.files)) {
    for (const std::string& pattern : source.block.files) {
      if (pattern.find('*') != std::string::npos && pattern.front() != '/') continue;
      section.fail(*section.take("files"),
                   fmt::format("files = \"{}\"; expected a file name whose first * stands for the "
                               "id, such as \"*_left.png\" or \"nights/*/*.edf\"",
                               pattern));
    }
  }
  if (source.kind != "tabular") section.read("path_column", source.block.path_column);
  if (source.kind == "image") {
    read_size(section, source.block);
    read_choice(section, "colour", source.block.colour, {"auto", "grey", "rgb"});
    read_choice(section, "network", source.network, {"auto", "small", "resnet18", "streams"});
  } else if (source.kind == "series") {
    section.read("time", source.block.time);
    read_choice(section, "time_unit", source.block.time_unit, {"ms", "s", "min", "h"});
    read_rate(section, source.block);
    std::int64_t samples = 0;
    section.read("samples", samples, 0, static_cast<std::int64_t>(kMostSamples));
    source.block.samples = static_cast<std::size_t>(samples);
    read_window(section, source.block);
    read_cut(section, source.block);
    section.read("channel_names", source.block.channel_names);
    section.read("columns", source.columns);
    section.read("exclude", source.exclude);
    read_choice(section, "network", source.network, {"auto", "tcn", "lstm"});
  }
}

}  // namespace polycause
