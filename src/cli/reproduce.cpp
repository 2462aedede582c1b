#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/figure6.h"
#include "cli/output.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace {

namespace fs = std::filesystem;

using Reproduction = std::function<void(const ReproduceArguments&, Terminal&)>;

const std::map<std::string, Reproduction>& reproductions() {
  static const std::map<std::string, Reproduction> all = {{"fig6", reproduce_figure6}};
  return all;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, run] : reproductions()) all.push_back(name);
  return all;
}

/// What decides the result; a folder goes on only with the same.
std::string settings_text(const ReproduceArguments& arguments) {
  std::string text = fmt::format("name = \"{}\"\nseed = {}\nquick = {}\n", arguments.name,
                                 arguments.seed, arguments.quick);
  if (arguments.participants) text += fmt::format("participants = {}\n", *arguments.participants);
  for (const std::string& set : arguments.sets) text += fmt::format("set = {}\n", set);
  return text;
}

/// True when --out holds an earlier, perhaps interrupted, run of the same reproduction.
bool begun_before(const ReproduceArguments& arguments) {
  if (!fs::is_directory(arguments.out)) return false;
  const std::string path = join_path(arguments.out, kReproduceFile);
  if (!fs::exists(path)) {
    // Killed while writing its first file.
    for (const fs::directory_entry& entry : fs::directory_iterator(arguments.out)) {
      if (entry.path().filename().string().rfind(std::string(kReproduceFile) + ".", 0) != 0)
        return false;
    }
    return true;
  }
  const std::string before = read_file(path);
  if (before == settings_text(arguments)) return true;
  throw ConfigError(fmt::format(
      "{}: found another reproduction; expected the same name, seed and settings; repeat the first "
      "command to go on with it, or choose another --out. It was begun with:\n{}",
      path, before));
}

void run_reproduce(const ReproduceArguments& arguments, Terminal& terminal) {
  OutputDirectory out(arguments.out, begun_before(arguments));
  try {
    check_figure6(arguments);
    write_file(out.file(kReproduceFile), settings_text(arguments));
    out.keep();
    reproductions().at(arguments.name)(arguments, terminal);
  } catch (const Interrupted&) {
    throw Interrupted(fmt::format(
        "interrupted; finished parts are kept in {}; the same command goes on from there",
        arguments.out));
  }
}

}  // namespace

void add_reproduce(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<ReproduceArguments>();
  CLI::App* command = program.add_subcommand(
      "reproduce", "A figure of the method's paper on simulated data whose truth is known");
  command->add_option("name", arguments->name, fmt::format("One of: {}", fmt::join(names(), ", ")))
      ->required()
      ->option_text("NAME")
      ->check(CLI::IsMember(names()));
  command
      ->add_option("--out", arguments->out,
                   "Directory to write: new, empty, or that of the same command, which goes on")
      ->required()
      ->option_text("DIR");
  command->add_option("--seed", arguments->seed, "Seed of data and fit")
      ->check(seed_text)
      ->option_text("N  (default 1)");
  command->add_option("--participants", arguments->participants, "Size of the simulated cohort")
      ->check(CLI::Range(100, 100000000))
      ->option_text("N  (default 2000)");
  command
      ->add_option("--threads", arguments->threads, "Threads; the result does not depend on them")
      ->check(CLI::Range(0, 4096))
      ->option_text("T  (default: all cores)");
  command->add_flag("--quick", arguments->quick,
                    "A small cohort and hardly any training: shows the files, not the result");
  add_set_option(*command, arguments->sets, "");
  add_json_flag(*command, arguments->json);
  command->footer(
      "fig6: three nights and both eyes with three latents each, four tables beside them; who is\n"
      "      joined to the latents, against the truth.\n"
      "Example:\n"
      "  polycause reproduce fig6 --out fig6 --seed 1");
  command->callback([arguments, &terminal] { run_reproduce(*arguments, terminal); });
}

}  // namespace polycause::cli
