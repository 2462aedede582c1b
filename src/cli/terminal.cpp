#include "cli/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cli/signals.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace {

constexpr std::chrono::milliseconds kLivePeriod{200};
constexpr std::chrono::seconds kLinePeriod{30};
constexpr const char* kYellow = "\033[33m";
constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";

bool set_and_not_empty(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

/// Number of columns that a UTF-8 text takes, one per code point.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool numeric(const std::string& cell) {
  return cell.find_first_not_of("0123456789.+-e%") == std::string::npos;
}

}  // namespace

Terminal::Terminal() : last_progress_(Clock::now()) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const char* kind = std::getenv("TERM");
  live_ = terminal && (kind == nullptr || std::string(kind) != "dumb");
  colours_ = live_ && !set_and_not_empty("NO_COLOR");
}

Terminal::~Terminal() { end_live_line(); }

void Terminal::message(LogLevel level, const std::string& text) {
  if (muted_) return;
  if (level == LogLevel::kDebug && verbosity_ != Verbosity::kVerbose) return;
  seen_.emplace_back(level, text);
  if (level == LogLevel::kInfo && verbosity_ == Verbosity::kQuiet) return;
  if (level == LogLevel::kWarning) {
    print(kYellow, "warning: ", text);
  } else {
    print("", "", text);
  }
}

void Terminal::error(const std::string& text) { print(kRed, "error: ", text); }

void Terminal::progress(const Progress& progress) {
  if (verbosity_ == Verbosity::kQuiet) return;
  const Clock::time_point now = Clock::now();
  if (now - last_progress_ < (live_ ? Clock::duration(kLivePeriod) : Clock::duration(kLinePeriod)))
    return;
  last_progress_ = now;
  std::string line = fmt::format("{}: {:.0f} %", progress.stage, 100 * progress.fraction);
  if (progress.seconds_left >= 0)
    line += fmt::format(", about {} left", duration_text(progress.seconds_left));
  if (live_) {
    fmt::print(stderr, "\r\033[K{}", line);
    std::fflush(stderr);
    line_open_ = true;
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

bool Terminal::cancelled() const { return interrupted(); }

void Terminal::replay_to(Observer& log) {
  const Muted muted(*this);
  for (const auto& [level, text] : seen_) log.message(level, text);
  seen_.clear();
}

void Terminal::end_live_line() {
  if (line_open_) fmt::print(stderr, "\r\033[K");
  line_open_ = false;
}

void Terminal::print(const char* colour, const std::string& label, const std::string& text) {
  end_live_line();
  if (colours_ && !label.empty()) {
    fmt::print(stderr, "{}{}{}{}\n", colour, label, kPlain, text);
  } else {
    fmt::print(stderr, "{}{}\n", label, text);
  }
}

std::string duration_text(double seconds) {
  const long whole = std::lround(std::max(0.0, seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

void print_result(const std::string& text) {
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
  if (written != text.size() || std::fflush(stdout) != 0) {
    throw Error("stdout: cannot write the result; check space and permissions");
  }
}

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    widths.resize(std::max(widths.size(), rows[r].size()), 0);
    right.resize(widths.size(), true);
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      widths[c] = std::max(widths[c], width(rows[r][c]));
      if (r > 0 && !numeric(rows[r][c])) right[c] = false;  // row 0 holds the headings
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string gap(widths[c] - width(row[c]), ' ');
      const bool to_right = right[c] && c > 0;
      line += (c > 0 ? "  " : "") + (to_right ? gap + row[c] : row[c] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace polycause::cli
