// Keeps what an Observer hears in the run folder: training curves and messages.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "polycause/observer.h"

namespace polycause {

/// Writes metrics.csv (series, step, value), events.out.tfevents.<seconds>.polycause and log.txt
/// while the work goes on, so that TensorBoard can watch and an interrupted run keeps its curves.
/// Everything is passed on to `next`, which may be null and must outlive this. A run that resumes
/// appends.
///
/// The library's messages hold names and counts, no values of participants; what a caller sends
/// through this observer is written as it is.
class Recorder : public Observer {
 public:
  explicit Recorder(const std::string& directory, Observer* next = nullptr);
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void message(LogLevel level, const std::string& text) override;
  void progress(const Progress& progress) override;
  void metric(const Metric& metric) override;
  bool cancelled() const override;

  /// Sorts metrics.csv by series and step (a value recorded twice: the later one stays), so that it
  /// does not depend on the number of threads, and closes the files; later calls are only passed
  /// on. Throws Error when something could not be written. The destructor closes without sorting.
  void close();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  void write(File& file, const std::string& text);

  std::string directory_;
  Observer* next_;
  File metrics_;
  File events_;
  File log_;
  bool failed_ = false;
  double flushed_at_ = 0;  // seconds since 1970
};

/// Keeps what a stage after the fit says in log.txt, passes it on to `next`, which must outlive
/// this, and collects its warnings for run.json.
class RunLog : public Observer {
 public:
  RunLog(const std::string& directory, Observer& next);

  void message(LogLevel level, const std::string& text) override;
  void progress(const Progress& progress) override { next_.progress(progress); }
  void metric(const Metric& metric) override { next_.metric(metric); }
  bool cancelled() const override { return next_.cancelled(); }

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::string directory_;
  Observer& next_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> log_;
  std::vector<std::string> warnings_;
};

}  // namespace polycause
