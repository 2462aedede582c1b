// Runs independent units of work on a few threads. Units must not share mutable state; since every
// unit draws from its own random stream, results do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace polycause {

/// 0 -> number of cores available to this process (affinity), else `requested`.
std::size_t thread_count(long requested);

/// Calls unit(0) .. unit(count - 1), at most `threads` at a time. The first exception (lowest
/// index) is rethrown after running units have ended; units not yet begun are skipped.
void parallel_for(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& unit);

}  // namespace polycause
