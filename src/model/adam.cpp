#include "model/adam.h"

#include <cmath>

#include "model/kernels.h"

namespace polycause {
namespace {
constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
}  // namespace

Adam::Adam(std::size_t parameters) : first_(parameters, 0.0f), second_(parameters, 0.0f) {}

void Adam::update(std::size_t begin, std::size_t end, double rate,
                  const std::vector<float>& gradient, std::vector<float>& parameters) {
  const double correction1 = 1.0 - std::pow(kBeta1, static_cast<double>(step_));
  const double correction2 = 1.0 - std::pow(kBeta2, static_cast<double>(step_));
  kernels().adam(end - begin, static_cast<float>(rate / correction1), static_cast<float>(kBeta1),
                 static_cast<float>(kBeta2), static_cast<float>(1.0 / correction2),
                 gradient.data() + begin, first_.data() + begin, second_.data() + begin,
                 parameters.data() + begin);
}

std::vector<float> Adam::state() const {
  std::vector<float> all(first_);
  all.insert(all.end(), second_.begin(), second_.end());
  // Two floats hold the count exactly up to 2^40 steps.
  all.push_back(static_cast<float>(step_ >> 16));
  all.push_back(static_cast<float>(step_ & 0xffff));
  return all;
}

void Adam::restore(const std::vector<float>& state) {
  const std::size_t n = first_.size();
  first_.assign(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(n));
  second_.assign(state.begin() + static_cast<std::ptrdiff_t>(n),
                 state.begin() + static_cast<std::ptrdiff_t>(2 * n));
  step_ = (static_cast<long>(state[2 * n]) << 16) + static_cast<long>(state[2 * n + 1]);
}

double clip_norm(std::vector<float>& gradient, std::size_t begin, std::size_t end, double bound) {
  const double norm = std::sqrt(static_cast<double>(
      kernels().dot(gradient.data() + begin, gradient.data() + begin, end - begin)));
  if (norm > bound) {
    const auto factor = static_cast<float>(bound / norm);
    for (std::size_t i = begin; i < end; ++i) gradient[i] *= factor;
  }
  return norm;
}

}  // namespace polycause
