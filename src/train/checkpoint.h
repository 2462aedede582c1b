// Finished and half-finished units of a fit on disk. A unit is one autoencoder, start or branch;
// since each draws from its own random stream, a resumed fit gives the same bytes as an
// uninterrupted one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "polycause/observer.h"

namespace polycause {

/// What a unit leaves: numbers (parameters, optimiser state) and its training curve, replayed on
/// resume.
struct UnitState {
  std::vector<float> values;
  std::vector<Metric> metrics;
  long epoch = 0;  ///< epochs done
  bool finished = false;
};

class Checkpoint {
 public:
  /// "" = nothing is stored. `fingerprint` of study, options and program: units stored under
  /// another fingerprint are ignored. `seconds`: least time between two saves of a half-finished
  /// unit.
  Checkpoint(std::string directory, std::uint64_t fingerprint, double seconds = 20);

  bool enabled() const { return !directory_.empty(); }
  double seconds() const { return seconds_; }
  /// Nothing when the unit was never saved, or its file is damaged: then it is done again.
  std::optional<UnitState> load(const std::string& unit) const;
  void save(const std::string& unit, const UnitState& state) const;

 private:
  std::string path(const std::string& unit) const;
  std::string directory_;
  std::uint64_t fingerprint_;
  double seconds_;
};

}  // namespace polycause
