#include "report/recorder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <utility>

#include "base/files.h"
#include "polycause/error.h"
#include "report/csv.h"
#include "report/tensorboard.h"

namespace polycause {
namespace {

constexpr const char* kHeader = "series,step,value\n";
constexpr double kFlushSeconds = 2;

double now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

// Opened for appending, readable by the owner only.
std::FILE* open_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "ab");
  if (file == nullptr) {
    const std::string reason = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    throw Error(path + ": cannot open for writing (" + reason + "); check space and permissions");
  }
  return file;
}

const char* label(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      break;
  }
  return "warning";
}

// A killed run may have left half a line, which would run into the first one of the run that
// resumes.
void drop_half_line(const std::string& path) {
  if (!std::filesystem::exists(path)) return;
  const std::string text = read_file(path);
  if (text.empty() || text.back() == '\n') return;
  const std::size_t end = text.rfind('\n');
  write_file(path, end == std::string::npos ? "" : text.substr(0, end + 1));
}

std::string log_line(LogLevel level, const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  const std::time_t time = std::time(nullptr);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z {} {}\n", fmt::gmtime(time), label(level), line);
}

std::string sorted_metrics(const std::string& path) {
  std::map<std::pair<std::string, long>, std::string> values;
  const CsvText table = read_csv_text(path);
  const std::size_t series = table.column("series");
  const std::size_t step = table.column("step");
  const std::size_t value = table.column("value");
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto at = static_cast<long>(csv_value(table, i, step));
    values[{table.rows[i][series], at}] = table.rows[i][value];
  }
  std::string text = kHeader;
  for (const auto& [place, cell] : values) {
    text += fmt::format("{},{},{}\n", csv_cell(place.first), place.second, cell);
  }
  return text;
}

}  // namespace

Recorder::Recorder(const std::string& directory, Observer* next)
    : directory_(directory),
      next_(next),
      metrics_(nullptr, &std::fclose),
      events_(nullptr, &std::fclose),
      log_(nullptr, &std::fclose) {
  make_directory(directory);
  const std::string metrics = join_path(directory, "metrics.csv");
  drop_half_line(metrics);
  metrics_.reset(open_private(metrics));
  log_.reset(open_private(join_path(directory, "log.txt")));
  flushed_at_ = now();
  const std::string name =
      fmt::format("events.out.tfevents.{}.polycause", static_cast<long>(flushed_at_));
  events_.reset(open_private(join_path(directory, name)));
  if (std::fseek(metrics_.get(), 0, SEEK_END) == 0 && std::ftell(metrics_.get()) == 0) {
    write(metrics_, kHeader);
  }
  write(events_, tf_record(version_event(flushed_at_)));
}

Recorder::~Recorder() = default;

void Recorder::write(File& file, const std::string& text) {
  if (file == nullptr) return;
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size()) failed_ = true;
}

void Recorder::message(LogLevel level, const std::string& text) {
  write(log_, log_line(level, text));
  if (log_ != nullptr) std::fflush(log_.get());
  if (next_ != nullptr) next_->message(level, text);
}

void Recorder::progress(const Progress& progress) {
  if (next_ != nullptr) next_->progress(progress);
}

void Recorder::metric(const Metric& metric) {
  write(metrics_,
        fmt::format("{},{},{}\n", csv_cell(metric.series), metric.step, csv_number(metric.value)));
  const double time = now();
  write(events_, tf_record(scalar_event(time, metric.step, metric.series,
                                        static_cast<float>(metric.value))));
  if (time - flushed_at_ > kFlushSeconds && metrics_ != nullptr) {
    std::fflush(metrics_.get());
    std::fflush(events_.get());
    flushed_at_ = time;
  }
  if (next_ != nullptr) next_->metric(metric);
}

bool Recorder::cancelled() const { return next_ != nullptr && next_->cancelled(); }

void Recorder::close() {
  if (metrics_ == nullptr) return;
  for (File* file : {&metrics_, &events_, &log_}) {
    if (std::fclose(file->release()) != 0) failed_ = true;
  }
  if (failed_) {
    throw Error(directory_ +
                ": writing the training curves or the log failed; check the space left");
  }
  const std::string path = join_path(directory_, "metrics.csv");
  write_file(path, sorted_metrics(path));
}

RunLog::RunLog(const std::string& directory, Observer& next)
    : directory_(directory),
      next_(next),
      log_(open_private(join_path(directory, "log.txt")), &std::fclose) {}

void RunLog::message(LogLevel level, const std::string& text) {
  const std::string line = log_line(level, text);
  if (std::fwrite(line.data(), 1, line.size(), log_.get()) != line.size() ||
      std::fflush(log_.get()) != 0) {
    throw Error(directory_ + ": writing the log failed; check the space left");
  }
  if (level == LogLevel::kWarning) warnings_.push_back(text);
  next_.message(level, text);
}

}  // namespace polycause
