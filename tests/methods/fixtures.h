// Small simulated studies and quick settings, for the tests of the method.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "methods/staged.h"
#include "polycause/model.h"
#include "polycause/simulate.h"
#include "polycause/study.h"

namespace polycause {

/// A new directory below the system's temporary one, removed on destruction.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A study as the program reads it, and what made it.
struct Simulated {
  Simulation truth;
  Study study;
};
Simulated simulated(const std::string& name, const SimulateOptions& options, std::uint64_t seed);

/// "case1" with this many participants.
Simulated first_case(std::int64_t participants, std::uint64_t seed);

/// Enough for the first case to be recovered, in about a second.
FitOptions quick_options();
/// Every stage runs, nothing is learned well: for what does not depend on quality.
FitOptions hasty_options();

/// The participants `rows` of a study.
Study some_of(const Study& study, const std::vector<std::size_t>& rows);

const Column& column_of(const Table& table, const std::string& name);

/// Two latents per modality, z (n, 2 M), modality m caused by modality m - 1 one to one through
/// mechanisms that cannot be turned; listed as `place` says: the m-th of the chain stands at
/// place[m].
std::vector<float> chain_of_latents(std::size_t n, const std::vector<std::size_t>& place);

Split split_of(std::uint32_t train, std::uint32_t validation);

}  // namespace polycause
