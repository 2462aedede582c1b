// A recorded night: oxygen saturation, heart rate, movement and snoring, one sample per minute.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/random.h"

namespace polycause::simulation {

inline constexpr std::size_t kNightLatents = 3;
inline constexpr std::size_t kNightPrivate = 3;
inline constexpr std::size_t kNightChannels = 4;

/// Standardised causes of one night.
struct Night {
  double apnoea = 0;      ///< number and depth of the breathing events
  double restless = 0;    ///< movement and awakenings
  double heart_rate = 0;  ///< level over the night
  /// Private: minutes until sleep, when the heart rate is lowest, gain of the microphone.
  std::array<double, kNightPrivate> eta{};
};

/// spo2, heart_rate, activity, snore
std::vector<std::string> night_channels();

/// out (minutes, 4); NaN where a sensor was off. `random`: when events fall, and the noise.
void draw_night(const Night& night, std::size_t minutes, Random& random, float* out);

}  // namespace polycause::simulation
