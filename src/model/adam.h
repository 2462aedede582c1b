// Adam over a flat parameter vector in ranges of their own learning rate.
#pragma once

#include <cstddef>
#include <vector>

namespace polycause {

class Adam {
 public:
  explicit Adam(std::size_t parameters);

  /// Call once per step before `update` of its ranges.
  void begin_step() { ++step_; }
  /// Moves parameters [begin, end) by `rate`; begin and end multiples of kPad.
  void update(std::size_t begin, std::size_t end, double rate, const std::vector<float>& gradient,
              std::vector<float>& parameters);

  /// Moments and step count, for checkpoints: first, second, step.
  std::vector<float> state() const;
  void restore(const std::vector<float>& state);

 private:
  std::vector<float> first_;
  std::vector<float> second_;
  long step_ = 0;
};

/// Scales [begin, end) of the gradient to Euclidean norm <= bound; returns the norm found.
double clip_norm(std::vector<float>& gradient, std::size_t begin, std::size_t end, double bound);

}  // namespace polycause
