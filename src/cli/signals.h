// Ctrl-C and SIGTERM ask for an orderly stop; a second one ends the process at once.
#pragma once

namespace polycause::cli {

void install_signal_handlers();

/// True once SIGINT or SIGTERM has arrived.
bool interrupted();

}  // namespace polycause::cli
