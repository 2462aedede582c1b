#include "polycause/report.h"

#include <memory>

#include "base/files.h"
#include "cli/commands.h"

namespace polycause::cli {

void add_report(CLI::App& program, Terminal&) {
  auto run = std::make_shared<std::string>();
  CLI::App* command =
      program.add_subcommand("report", "Write RUN/report.html, one file that opens offline");
  command->add_option("run", *run, "Run folder")->required()->option_text("RUN");
  command->footer(
      "Example:\n"
      "  polycause report cohort-fit");
  command->callback([run] {
    write_report(*run);
    print_result(join_path(*run, "report.html") + "\n");
  });
}

}  // namespace polycause::cli
