#include "cli/reproduce.h"

#include <fmt/format.h>

#include <memory>

#include "base/files.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/experiments.h"
#include "cli/figure6.h"
#include "cli/output.h"
#include "cli/tables.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace {

constexpr const char* kFigure6 = "fig6";

std::vector<std::string> names() {
  std::vector<std::string> all = table_names();
  all.insert(all.end() - 1, kFigure6);
  return all;
}

/// What decides the result; a folder goes on only with the same. Tables share their rows, and more
/// seeds or methods are more rows.
std::string settings_text(const ReproduceArguments& arguments) {
  const char* name = arguments.name == kFigure6 ? kFigure6 : "tables";
  std::string text =
      fmt::format("name = \"{}\"\nseed = {}\nquick = {}\n", name, arguments.seed, arguments.quick);
  if (arguments.participants) text += fmt::format("participants = {}\n", *arguments.participants);
  for (const std::string& set : arguments.sets) text += fmt::format("set = {}\n", set);
  return text;
}

bool begun_before(const ReproduceArguments& arguments) {
  return begun_with(arguments.out, kReproduceFile, settings_text(arguments));
}

void run_reproduce(const ReproduceArguments& arguments, Terminal& terminal) {
  const bool figure6 = arguments.name == kFigure6;
  if (figure6 && (arguments.plan || arguments.seeds || !arguments.methods.empty())) {
    throw ConfigError(
        "fig6: found --plan, --seeds or --methods; it is one fit of one cohort; leave them out");
  }
  if (arguments.plan) {
    check_tables(arguments);
    begun_before(arguments);
    return reproduce_tables(arguments, terminal);
  }
  OutputDirectory out(arguments.out, begun_before(arguments));
  try {
    figure6 ? check_figure6(arguments) : check_tables(arguments);
    remove_partial_files(out.path());
    write_file(out.file(kReproduceFile), settings_text(arguments));
    out.keep();
    figure6 ? reproduce_figure6(arguments, terminal) : reproduce_tables(arguments, terminal);
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
      "reproduce",
      "A table or figure of the method's paper on simulated data whose truth is known");
  command->add_option("name", arguments->name, fmt::format("One of: {}", fmt::join(names(), ", ")))
      ->required()
      ->option_text("NAME")
      ->check(CLI::IsMember(names()));
  command
      ->add_option("--out", arguments->out,
                   "Directory to write: new, empty, or that of the same command, which goes on")
      ->required()
      ->option_text("DIR");
  command->add_option("--seed", arguments->seed, "Seed of data and fit; tables: the first one")
      ->check(seed_text)
      ->option_text("N  (default 1)");
  command->add_option("--participants", arguments->participants, "Size of every simulated study")
      ->check(CLI::Range(100, 100000000))
      ->option_text("N  (default: the paper's; fig6: 2000)");
  command->add_option("--seeds", arguments->seeds, "Tables: studies and fits per row")
      ->check(CLI::Range(1, 100000))
      ->option_text("N  (default 5; with --quick 1)");
  command
      ->add_option("--methods", arguments->methods,
                   fmt::format("Tables: only these of {}, separated by commas",
                               fmt::join(contender_names(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("A,B,...");
  command
      ->add_option("--threads", arguments->threads,
                   "Threads, tables: rows at a time; the result does not depend on them")
      ->check(CLI::Range(0, 4096))
      ->option_text("T  (default: all cores)");
  command->add_flag("--quick", arguments->quick,
                    "Small studies and hardly any training: shows the files, not the result");
  command->add_flag("--plan", arguments->plan,
                    "Tables: print what would be run and how long it may take, and stop");
  add_set_option(*command, arguments->sets, "");
  add_json_flag(*command, arguments->json);
  command->footer(
      "table2: variant MNIST; needs --set simulate.mnist=DIR --set simulate.fashion=DIR.\n"
      "table4: five, six, eight modalities, cycles, shared latents.\n"
      "fig5a fig5b fig5c: the graph of case 1, cases 1 to 3, sparsity ratios.\n"
      "fig8a fig8b: number of latents, number of participants.\n"
      "fig6: three nights and both eyes with three latents each, four tables beside them; who is\n"
      "      joined to the latents, against the truth.\n"
      "all:  every table and figure but fig6, and table2 only where its pictures are given.\n"
      "Example:\n"
      "  polycause reproduce table4 --out tables --seeds 5\n"
      "  polycause reproduce fig6 --out fig6 --seed 1");
  command->callback([arguments, &terminal] { run_reproduce(*arguments, terminal); });
}

}  // namespace polycause::cli
