#include "train/watch.h"

#include <algorithm>

#include "polycause/error.h"

namespace polycause {

Watch::Watch(Observer* observer, double total)
    : observer_(observer), total_(std::max(1.0, total)), begin_(std::chrono::steady_clock::now()) {}

void Watch::check() const {
  if (observer_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(guard_);
  if (observer_->cancelled()) throw Interrupted("stopped on request; finished units are saved");
}

void Watch::advance(const std::string& stage, double work) {
  const std::lock_guard<std::mutex> lock(guard_);
  done_ += work;
  if (observer_ == nullptr) return;
  Progress progress;
  progress.stage = stage;
  progress.fraction = std::min(1.0, done_ / total_);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  if (progress.fraction > 0.01) {
    progress.seconds_left = seconds * (1 - progress.fraction) / progress.fraction;
  }
  observer_->progress(progress);
}

void Watch::metric(const std::string& series, long step, double value) {
  const std::lock_guard<std::mutex> lock(guard_);
  if (observer_ != nullptr) observer_->metric({series, step, value});
}

void Watch::message(LogLevel level, const std::string& text) {
  const std::lock_guard<std::mutex> lock(guard_);
  if (observer_ != nullptr) observer_->message(level, text);
}

}  // namespace polycause
