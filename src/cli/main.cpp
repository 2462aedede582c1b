#include "cli/program.h"

int main(int argc, char** argv) { return polycause::cli::run_program(argc, argv); }
