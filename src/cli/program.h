// The command line from arguments to exit code.
#pragma once

namespace polycause::cli {

/// Exit codes, a contract with people's scripts.
enum ExitCode {
  kOk = 0,
  kBug = 1,
  kUsage = 2,  ///< command line or settings
  kData = 3,
  kNumeric = 4,
  kInterrupted = 130
};

/// Parses, runs one subcommand, and turns every error into a message on stderr and an exit code.
int run_program(int argc, char** argv);

}  // namespace polycause::cli
