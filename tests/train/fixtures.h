// Small problems and an observer that remembers, for the tests of training.
#pragma once

#include <stdlib.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "model/density.h"
#include "polycause/observer.h"
#include "train/optimise.h"

namespace polycause {

/// A new directory below the system's temporary one, removed on destruction.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "polycause-train-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Recorder : Observer {
  std::vector<Metric> metrics;
  std::vector<Progress> steps;
  std::vector<std::string> messages;
  mutable int polls = 0;
  int cancel_after = -1;  // polls; -1 = never

  void message(LogLevel, const std::string& text) override { messages.push_back(text); }
  void progress(const Progress& p) override { steps.push_back(p); }
  void metric(const Metric& m) override { metrics.push_back(m); }
  bool cancelled() const override { return ++polls > cancel_after && cancel_after >= 0; }
};

inline bool operator==(const Metric& a, const Metric& b) {
  return a.series == b.series && a.step == b.step && a.value == b.value;
}

inline Split split_of(std::uint32_t train, std::uint32_t validation) {
  Split split;
  split.train.resize(train);
  split.validation.resize(validation);
  std::iota(split.train.begin(), split.train.end(), 0u);
  std::iota(split.validation.begin(), split.validation.end(), train);
  return split;
}

/// Two modalities of one latent each; u1 = link * u0 + Laplace noise, standardised.
inline Codes linked_codes(std::size_t n, double link) {
  Codes codes;
  codes.participants = n;
  codes.width = {1, 1};
  codes.u.resize(2);
  Random random(51, "linked");
  for (std::size_t i = 0; i < n; ++i) {
    const double a = random.laplace();
    codes.u[0].push_back(static_cast<float>(a));
    codes.u[1].push_back(
        static_cast<float>((link * a + random.laplace()) / std::sqrt(1 + link * link)));
  }
  return codes;
}

inline Density small_density(bool gated) {
  DensityShape shape;
  shape.latents = {1, 1};
  shape.privates = {0, 0};
  shape.hidden = 16;
  shape.layers_per_width = 1;
  shape.pairs = {{0, 1}};
  shape.gated = gated;
  Density density(shape);
  Random random(52, "density");
  density.initialise(random);
  density.set_gates(0.5);
  return density;
}

}  // namespace polycause
