// Counter-based random numbers (Philox4x32-10): independent named streams from one seed. Nothing is
// global, so results depend neither on threads nor on the standard library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace polycause {

class Random {
 public:
  /// The stream `name`, number `index`, of `seed`. Equal arguments give equal numbers.
  Random(std::uint64_t seed, std::string_view name, std::uint64_t index = 0);

  std::uint32_t bits();
  double uniform();  ///< in (0, 1), never 0 or 1
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();                   ///< mean 0, variance 1
  double laplace();                  ///< mean 0, variance 1
  std::size_t below(std::size_t n);  ///< 0 .. n-1, n >= 1
  bool coin() { return (bits() >> 31) != 0; }
  std::vector<std::size_t> permutation(std::size_t n);

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

/// 64-bit FNV-1a of a text: stable over machines and versions.
std::uint64_t hash64(std::string_view text);

}  // namespace polycause
