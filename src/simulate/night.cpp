#include "simulate/night.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulate/mechanisms.h"

namespace polycause::simulation {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr double kOff = 0.05;  // share of nights in which the oximeter slips off for a while

// What happens in each minute, before noise.
struct Minutes {
  explicit Minutes(std::size_t count)
      : dip(count, 0), rise(count, 0), movement(count, 0), asleep(count, 0) {}
  std::vector<double> dip;       // fall of the oxygen saturation, %
  std::vector<double> rise;      // of the heart rate, 1/min
  std::vector<double> movement;  // counts
  std::vector<double> asleep;    // 0 or 1
};

// A breathing event lowers the saturation for two minutes; the heart rate rises as breathing
// returns.
void add_events(double severity, Random& random, Minutes& minutes) {
  const double rate = 0.11 * std::exp(2.0 * severity);  // per minute of sleep
  const double depth = 4.0 * std::exp(severity);
  for (std::size_t t = 0; t + 1 < minutes.dip.size(); ++t) {
    const double chance = random.uniform();
    const double size = depth * std::exp(0.25 * random.normal());
    if (minutes.asleep[t] == 0 || chance >= rate) continue;
    minutes.dip[t] += size;
    minutes.dip[t + 1] += 0.4 * size;
    minutes.rise[t + 1] += 3.0 + 0.6 * size;
  }
}

// Single movements, and awakenings of a few minutes.
void add_movements(double restless, Random& random, Minutes& minutes) {
  const double rate = 0.2 * std::exp(0.9 * restless);
  const double size = 14.0 * std::exp(1.1 * restless);
  const double wake_rate = 0.005 * std::exp(0.8 * restless);
  std::size_t awake_until = 0;
  for (std::size_t t = 0; t < minutes.movement.size(); ++t) {
    const bool moves = random.uniform() < rate;
    const double extent = -std::log(random.uniform());
    const bool wakes = random.uniform() < wake_rate;
    const std::size_t length = 2 + random.below(5);
    if (wakes && minutes.asleep[t] != 0) awake_until = t + length;
    if (t < awake_until) {
      minutes.movement[t] += 25.0;
      minutes.rise[t] += 8.0;
    } else if (moves) {
      minutes.movement[t] += size * (0.5 + 0.5 * extent);
      minutes.rise[t] += 2.0;
    }
  }
}

}  // namespace

std::vector<std::string> night_channels() { return {"spo2", "heart_rate", "activity", "snore"}; }

void draw_night(const Night& night, std::size_t minutes, Random& random, float* out) {
  const double severity = bounded(night.apnoea);
  const double restless = bounded(night.restless);
  const double level = 58.0 + 16.0 * bounded(night.heart_rate);
  const double onset = 14.0 + 12.0 * bounded(night.eta[0]);
  const double lowest = 0.6 + 0.3 * bounded(night.eta[1]);  // of the night
  const double gain = 4.0 * bounded(night.eta[2]);          // dB

  Minutes course(minutes);
  for (std::size_t t = 0; t < minutes; ++t) {
    course.asleep[t] = static_cast<double>(t) >= onset ? 1 : 0;
  }
  add_events(severity, random, course);
  add_movements(restless, random, course);
  const double cycle = random.uniform();  // of about 90 minutes
  for (std::size_t t = 0; t < minutes; ++t) {
    const double part = static_cast<double>(t) / static_cast<double>(minutes);
    const double awake = 1.0 - course.asleep[t];
    const double spo2 = 96.5 - 1.2 * severity - course.dip[t] + 0.4 * random.normal();
    const double rate = level -
                        4.0 * std::cos(kTurn / 2 * std::min(1.0, std::fabs(part - lowest))) +
                        1.5 * std::sin(kTurn * (static_cast<double>(t) / 90.0 + cycle)) +
                        course.rise[t] + 6.0 * awake + 1.2 * random.normal();
    const double still = 1.0 + 20.0 * awake;
    const double activity = course.movement[t] - still * std::log(random.uniform());
    const double snore = 34.0 + gain + (1.0 - awake) * (4.0 + 9.0 * severity) +
                         (course.dip[t] > 0 ? 4.0 : 0.0) + 1.5 * random.normal();
    float* const sample = out + t * kNightChannels;
    sample[0] = static_cast<float>(std::clamp(std::round(spo2), 50.0, 100.0));
    sample[1] = static_cast<float>(std::round(rate));
    sample[2] = static_cast<float>(std::round(activity));
    sample[3] = static_cast<float>(std::round(snore * 10) / 10);
  }
  const bool slips = random.uniform() < kOff;
  const std::size_t begin = random.below(minutes);
  const std::size_t length = 5 + random.below(26);
  if (!slips) return;
  for (std::size_t t = begin; t < std::min(minutes, begin + length); ++t) {
    out[t * kNightChannels] = std::numeric_limits<float>::quiet_NaN();
    out[t * kNightChannels + 1] = std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace polycause::simulation
