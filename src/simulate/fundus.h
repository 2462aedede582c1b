// A picture like a photograph of the fundus: retina, optic disc with its cup, vessels, macula.
#pragma once

#include <array>
#include <cstddef>

#include "base/random.h"

namespace polycause::simulation {

inline constexpr std::size_t kEyeLatents = 3;
inline constexpr std::size_t kEyePrivate = 6;

/// Standardised causes of one picture.
struct Eye {
  double narrowing = 0;  ///< of the vessels
  double cupping = 0;    ///< cup-to-disc ratio
  double yellowing = 0;  ///< of the lens: less blue arrives
  /// Private: place of the disc (horizontal, vertical), torsion, light, bend of the upper and of
  /// the lower arcade.
  std::array<double, kEyePrivate> eta{};
  bool right = false;  ///< the disc lies to the right
};

/// out (size, size, 3), whole numbers 0 .. 255; `random` is the noise of the camera.
void draw_fundus(const Eye& eye, std::size_t size, Random& random, float* out);

}  // namespace polycause::simulation
