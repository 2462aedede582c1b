// What a person at the terminal, or a log file, sees: results on stdout, everything else on stderr.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "polycause/observer.h"

namespace polycause::cli {

enum class Verbosity { kQuiet, kNormal, kVerbose };

/// Prints messages and progress to stderr: a live line when stderr is a terminal, otherwise one
/// line every 30 s. Colours only on a terminal and without NO_COLOR. Quiet: warnings and errors
/// only.
class Terminal : public Observer {
 public:
  Terminal();
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void set_verbosity(Verbosity verbosity) { verbosity_ = verbosity; }

  void message(LogLevel level, const std::string& text) override;
  void progress(const Progress& progress) override;
  bool cancelled() const override;

  void info(const std::string& text) { message(LogLevel::kInfo, text); }
  void warning(const std::string& text) { message(LogLevel::kWarning, text); }
  void error(const std::string& text);

  /// Sends the messages seen so far to a log that was opened only now, without printing them again.
  void replay_to(Observer& log);

  /// Prints nothing while it lives; for messages meant for a log alone.
  class Muted {
   public:
    explicit Muted(Terminal& terminal) : terminal_(terminal) { terminal_.muted_ = true; }
    ~Muted() { terminal_.muted_ = false; }
    Muted(const Muted&) = delete;
    Muted& operator=(const Muted&) = delete;

   private:
    Terminal& terminal_;
  };

  /// Ends the live line, so that other output starts on a line of its own.
  void end_live_line();

 private:
  using Clock = std::chrono::steady_clock;
  void print(const char* colour, const std::string& label, const std::string& text);

  Verbosity verbosity_ = Verbosity::kNormal;
  bool live_ = false;
  bool colours_ = false;
  bool line_open_ = false;
  bool muted_ = false;
  Clock::time_point last_progress_;
  std::vector<std::pair<LogLevel, std::string>> seen_;
};

/// "3 s", "4 min 10 s", "2 h 5 min".
std::string duration_text(double seconds);

/// Writes the result of a command to stdout. Throws Error when it cannot be written.
void print_result(const std::string& text);

/// Rows of cells as aligned text: the first column to the left, the others to the right when
/// numeric.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace polycause::cli
