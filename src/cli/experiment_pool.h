// Rows side by side, each in a process of its own: libraries with global state do not meet, memory
// goes back after every row, and one that crashes takes no other along.
#pragma once

#include <cstddef>
#include <functional>

namespace polycause::cli {

/// Calls task(0) .. task(count - 1) in child processes, at most `workers` at once; what it returns
/// (0 .. 255) reaches `done` in this process, 130 when the child was stopped, -1 when it crashed.
/// Call before any thread is started. Throws Interrupted after the children have ended when the
/// program is asked to stop.
void run_in_processes(std::size_t count, std::size_t workers,
                      const std::function<int(std::size_t)>& task,
                      const std::function<void(std::size_t, int)>& done);

}  // namespace polycause::cli
