// Recordings cut into windows, each a row of the study: by day, by night, or pieces of one length.
#pragma once

#include <string>
#include <vector>

#include "data/recording.h"
#include "data/resample.h"
#include "polycause/study.h"

namespace polycause {

struct Window {
  double begin = 0;   ///< seconds, as the times of the recording
  double length = 0;  ///< seconds
  std::string label;  ///< "2024-10-17", "2024-10-17T20:00"; without a date "0T20:00", day 0 first
};

/// BlockSpec::window in numbers.
struct WindowRule {
  double length = 0;  ///< of a piece, seconds; 0 = every occurrence of `clock` whole
  ClockWindow clock;  ///< length 0: pieces lie side by side from midnight on
};

/// Seconds of "4h", "30min", "90s", "2d"; 0 when it is none from a second to ten years.
double duration_seconds(const std::string& text);

/// True where a recording gives several rows. `spec` as checked by the study file.
bool cuts_windows(const BlockSpec& spec);
/// Does any modality do so?
bool cuts_windows(const StudySpec& spec);

WindowRule window_rule(const BlockSpec& spec);

/// The windows that hold a sample of the recording, in time. Throws DataError when there are too
/// many.
std::vector<Window> windows_of(const Recording& recording, const WindowRule& rule);

/// The samples of a window, and `margin` seconds around it, for interpolation.
Recording piece_of(const Recording& recording, const Window& window, double margin);

}  // namespace polycause
