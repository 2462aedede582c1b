#include "cli/experiment_pool.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "cli/signals.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace {

/// The running children; whatever happens, none outlives this object.
class Children {
 public:
  Children() = default;
  ~Children() {
    for (const auto& [pid, index] : running_) kill(pid, SIGKILL);
    for (const auto& [pid, index] : running_) waitpid(pid, nullptr, 0);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  void start(std::size_t index, const std::function<int(std::size_t)>& task) {
    std::fflush(nullptr);  // else what is buffered would be written twice
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
      throw Error(fmt::format("cannot start a process: {}; fewer --threads need fewer",
                              std::strerror(errno)));
    }
    if (pid == 0) run_child(index, parent, task);
    running_[pid] = index;
  }

  std::size_t running() const { return running_.size(); }

  /// Those that have ended since the last call.
  void collect(const std::function<void(std::size_t, int)>& done) {
    for (auto child = running_.begin(); child != running_.end();) {
      int status = 0;
      if (waitpid(child->first, &status, WNOHANG) == 0) {
        ++child;
        continue;
      }
      const std::size_t index = child->second;
      child = running_.erase(child);
      // Who was asked to stop twice (by the group and by this process) dies of it.
      const bool stopped = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
      done(index, stopped ? 130 : WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
  }

  void stop() {
    for (const auto& [pid, index] : running_) kill(pid, SIGTERM);
  }

 private:
  [[noreturn]] static void run_child(std::size_t index, [[maybe_unused]] pid_t parent,
                                     const std::function<int(std::size_t)>& task) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above
#endif
    signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; the parent passes it on once
    int code = 1;
    try {
      code = task(index);
    } catch (...) {
      code = 1;
    }
    _exit(code);
  }

  std::map<pid_t, std::size_t> running_;
};

}  // namespace

void run_in_processes(std::size_t count, std::size_t workers,
                      const std::function<int(std::size_t)>& task,
                      const std::function<void(std::size_t, int)>& done) {
  Children children;
  std::size_t next = 0;
  bool stopping = false;
  while (next < count || children.running() > 0) {
    if (interrupted() && !stopping) {
      stopping = true;
      next = count;
      children.stop();
    }
    while (next < count && children.running() < workers) children.start(next++, task);
    children.collect(done);
    if (children.running() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (stopping) throw Interrupted("interrupted");
}

}  // namespace polycause::cli
