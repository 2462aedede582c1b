#include "polycause/simulate.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/settings.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;

struct SimulateArguments {
  std::string name;
  std::string out;
  std::uint64_t seed = 0;
  std::vector<std::string> sets;
  bool force = false;
  bool json = false;
};

/// Written apart and moved, so that with --force an older study is replaced file by file.
void write_into(const OutputDirectory& out, const Simulation& simulation) {
  const std::string apart = out.file(".new");
  fs::remove_all(apart);
  write_simulation(simulation, apart);
  for (const fs::directory_entry& entry : fs::directory_iterator(apart)) {
    const fs::path target = out.file(entry.path().filename().string());
    fs::remove_all(target);
    fs::rename(entry.path(), target);
  }
  fs::remove(apart);
}

void run_simulate(const SimulateArguments& arguments, Terminal& terminal) {
  SimulateOptions options = simulation_preset(arguments.name);
  apply_sets([&](SettingsVisitor& visitor) { visit_settings(options, visitor); }, arguments.sets);
  OutputDirectory out(arguments.out, arguments.force);
  const Simulation simulation = simulate(arguments.name, options, arguments.seed);
  write_into(out, simulation);
  out.keep();

  terminal.info(fmt::format("{}: study {}, truth in {}", simulation.name, out.file("study.toml"),
                            out.file("truth")));
  if (arguments.json) {
    nlohmann::ordered_json json{{"study", out.file("study.toml")}, {"truth", out.file("truth")}};
    json["participants"] = simulation.latents.rows();
    json["latents"] = simulation.latents.columns.size();
    json["edges"] = simulation.graph.edges.size();
    for (const Table& table : simulation.tables) json["columns"][table.name] = table.columns.size();
    for (const SimulatedBlocks& blocks : simulation.blocks)
      json["shapes"][blocks.name] = blocks.shape;
    print_result(json.dump(2) + "\n");
    return;
  }
  std::vector<std::vector<std::string>> rows{{"table", "participants", "columns", "file"}};
  for (std::size_t i = 0; i < simulation.tables.size(); ++i) {
    const Table& table = simulation.tables[i];
    rows.push_back({table.name, fmt::format("{}", table.rows()),
                    fmt::format("{}", table.columns.size()), out.file(simulation.files[i])});
  }
  for (const SimulatedBlocks& blocks : simulation.blocks) {
    rows.push_back({blocks.name, fmt::format("{}", blocks.ids.size()),
                    fmt::format("{}", fmt::join(blocks.shape, " x ")), out.file(blocks.path)});
  }
  print_result(aligned(rows) + fmt::format("\n{} latents, {} edges between them\n",
                                           simulation.latents.columns.size(),
                                           simulation.graph.edges.size()));
}

}  // namespace

void add_simulate(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<SimulateArguments>();
  CLI::App* command = program.add_subcommand("simulate", "Write a study with a known truth");
  command
      ->add_option("name", arguments->name,
                   fmt::format("One of {}", fmt::join(simulation_names(), ", ")))
      ->required()
      ->option_text("NAME")
      ->check(CLI::IsMember(simulation_names()));
  command->add_option("--out", arguments->out, "Directory to write; must be new or empty")
      ->required()
      ->option_text("DIR");
  command->add_option("--seed", arguments->seed, "Seed of all random numbers")
      ->check(seed_text)
      ->option_text("N  (default 0)");
  add_set_option(*command, arguments->sets, "simulate");
  add_force_flag(*command, arguments->force);
  add_json_flag(*command, arguments->json);
  command->footer(
      "mnist, digits_lines: need the pictures, directories with train-images-idx3-ubyte[.gz].\n"
      "Example:\n"
      "  polycause simulate case2 --out case2 --seed 1 --set simulate.noise=gaussian\n"
      "  polycause simulate mnist --out mnist --set simulate.mnist=DIR --set simulate.fashion=DIR");
  command->callback([arguments, &terminal] { run_simulate(*arguments, terminal); });
}

}  // namespace polycause::cli
