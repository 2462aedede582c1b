// `reproduce fig6`: the setting of Figure 6 of the ICLR 2025 paper on the simulated cohort
// (docs/methods/reproduce.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace polycause::cli {

struct ReproduceArguments {
  std::string name;
  std::string out;
  std::uint64_t seed = 1;
  std::optional<std::int64_t> participants;
  std::optional<std::int64_t> threads;
  std::vector<std::string> sets;
  bool quick = false;
  bool json = false;
};

/// Stands in the folder of a reproduction and says what it was begun with.
inline constexpr const char* kReproduceFile = "reproduce.toml";

/// Throws ConfigError for settings that do not exist or cannot be, before anything is computed.
void check_figure6(const ReproduceArguments& arguments);

/// Writes study/, run/, fig6.csv, ceiling.csv and graph.svg into `out`, reusing what is there.
void reproduce_figure6(const ReproduceArguments& arguments, Terminal& terminal);

}  // namespace polycause::cli
