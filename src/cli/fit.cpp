#include <memory>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/pipeline.h"
#include "cli/summary.h"

namespace polycause::cli {

void add_fit(CLI::App& program, Terminal& terminal) {
  auto arguments = std::make_shared<FitArguments>();
  CLI::App* command = program.add_subcommand(
      "fit", "Learn the latents and the graph between them into a run folder");
  add_fit_options(*command, *arguments);
  command->footer(
      "Ctrl-C stops after the current step and keeps what is finished; --resume goes on from "
      "there.\n"
      "Example:\n"
      "  polycause fit cohort/study.toml --out cohort-fit --seed 1 --restarts 3");
  command->callback([arguments, &terminal] {
    const FittedStudy fitted = fit_study(*arguments, terminal);
    terminal.info("run folder: " + arguments->out);
    print_result(arguments->json ? fit_json(fitted.study, fitted.fit).dump(2) + "\n"
                                 : fit_text(fitted.study, fitted.fit));
  });
}

}  // namespace polycause::cli
