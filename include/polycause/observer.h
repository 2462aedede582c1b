// How a caller watches and cancels long work. The library itself never prints.
#pragma once

#include <string>

namespace polycause {

enum class LogLevel { kDebug, kInfo, kWarning };

/// Where a long computation stands. `fraction` in [0, 1]; `seconds_left` < 0 when unknown.
struct Progress {
  std::string stage;
  double fraction = 0;
  double seconds_left = -1;
};

/// One scalar of a training curve, e.g. {"branch0/nll_validation", 12, 7.31}.
struct Metric {
  std::string series;
  long step = 0;
  double value = 0;
};

/// All calls are serialised by the library, though they may come from worker threads.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void message(LogLevel, const std::string&) {}
  virtual void progress(const Progress&) {}
  virtual void metric(const Metric&) {}
  /// Polled at least once per training epoch; true makes the call throw `Interrupted`.
  virtual bool cancelled() const { return false; }
};

}  // namespace polycause
