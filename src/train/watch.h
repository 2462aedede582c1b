// One place through which all threads of a fit speak to its observer.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "polycause/observer.h"

namespace polycause {

class Watch {
 public:
  /// `total`: the work of the whole fit in any unit (optimiser steps weighted by cost).
  Watch(Observer* observer, double total);

  /// Throws Interrupted when the observer asks to stop.
  void check() const;
  /// Adds finished work and reports progress.
  void advance(const std::string& stage, double work);
  void metric(const std::string& series, long step, double value);
  void message(LogLevel level, const std::string& text);

 private:
  Observer* observer_;
  double total_;
  double done_ = 0;
  std::chrono::steady_clock::time_point begin_;
  mutable std::mutex guard_;
};

}  // namespace polycause
