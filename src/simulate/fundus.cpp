#include "simulate/fundus.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "simulate/mechanisms.h"

namespace polycause::simulation {
namespace {

// Lengths in units of half the picture's side; x to the right, y down. The scene is drawn for a
// right eye and mirrored for a left one.
struct Point {
  double x, y;
};

using Colour = std::array<double, 3>;  // red, green, blue, 0 .. 1

constexpr double kDiscRadius = 0.27;
constexpr double kCameraNoise = 0.01;
constexpr std::size_t kSegments = 12;
constexpr double kFar = std::numeric_limits<double>::max();

// A vessel: a bent line that begins in the disc and grows thinner.
struct Vessel {
  std::array<Point, kSegments + 1> points;
};

Point turned(Point p, double angle) {
  return {p.x * std::cos(angle) - p.y * std::sin(angle),
          p.x * std::sin(angle) + p.y * std::cos(angle)};
}

Vessel bent_line(Point from, Point over, Point to, double torsion) {
  over = turned(over, torsion);
  to = turned(to, torsion);
  Vessel vessel;
  for (std::size_t k = 0; k <= kSegments; ++k) {
    const double t = static_cast<double>(k) / kSegments;
    const double a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
    vessel.points[k] = {a * from.x + b * over.x + c * to.x, a * from.y + b * over.y + c * to.y};
  }
  return vessel;
}

struct Nearest {
  double distance = kFar;
  double along = 0;  // 0 in the disc .. 1 at the end
};

Nearest nearest_on(const Vessel& vessel, Point p) {
  Nearest best;
  for (std::size_t k = 0; k < kSegments; ++k) {
    const Point a = vessel.points[k], b = vessel.points[k + 1];
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double t =
        std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
    const double x = p.x - a.x - t * dx, y = p.y - a.y - t * dy;
    const double squared = x * x + y * y;
    if (squared < best.distance) best = {squared, (static_cast<double>(k) + t) / kSegments};
  }
  best.distance = std::sqrt(best.distance);
  return best;
}

void blend(Colour& colour, const Colour& over, double share) {
  for (std::size_t c = 0; c < 3; ++c) colour[c] += share * (over[c] - colour[c]);
}

// 1 inside a circle, 0 outside, and a rim of one pixel between.
double covered(double distance, double radius, double pixel) {
  return std::clamp(0.5 + (radius - distance) / pixel, 0.0, 1.0);
}

}  // namespace

void draw_fundus(const Eye& eye, std::size_t size, Random& random, float* out) {
  const double pixel = 2.0 / static_cast<double>(size);
  const Point disc{0.36 + 0.12 * bounded(eye.eta[0]), 0.14 * bounded(eye.eta[1])};
  const double torsion = 0.2 * bounded(eye.eta[2]);
  const double light = 1.0 + 0.15 * bounded(eye.eta[3]);
  const double upper = 0.2 * bounded(eye.eta[4]);
  const double lower = 0.2 * bounded(eye.eta[5]);
  const double width = 0.075 * std::exp(-0.95 * bounded(eye.narrowing));
  const double cup = kDiscRadius * (0.55 + 0.4 * bounded(eye.cupping));
  const double yellow = bounded(eye.yellowing);

  const Colour retina{0.80 * light, (0.44 - 0.03 * yellow) * light, (0.27 - 0.20 * yellow) * light};
  const Colour blood{0.42 * light, 0.10 * light, (0.10 - 0.06 * yellow) * light};
  const Colour nerve{0.95 * light, 0.70 * light, (0.48 - 0.30 * yellow) * light};
  const Colour hollow{1.00 * light, 0.96 * light, (0.80 - 0.45 * yellow) * light};

  const std::array<Vessel, 4> vessels = {
      bent_line(disc, {0.10, -0.85 + upper}, {-0.85, -0.35 + upper}, torsion),
      bent_line(disc, {0.10, 0.85 + lower}, {-0.85, 0.35 + lower}, torsion),
      bent_line(disc, {0.50, -0.45}, {0.95, -0.80}, torsion),
      bent_line(disc, {0.50, 0.45}, {0.95, 0.80}, torsion)};
  const Point macula{disc.x - 0.75, disc.y};

  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const double x = (static_cast<double>(j) + 0.5) * pixel - 1.0;
      const Point p{eye.right ? x : -x, (static_cast<double>(i) + 0.5) * pixel - 1.0};
      Colour colour = retina;
      const double spot = std::hypot(p.x - macula.x, p.y - macula.y) / 0.25;
      blend(colour, {0.55 * light, 0.26 * light, 0.12 * light}, 0.6 * std::exp(-spot * spot / 2));
      const double from_disc = std::hypot(p.x - disc.x, p.y - disc.y);
      blend(colour, nerve, covered(from_disc, kDiscRadius, pixel));
      blend(colour, hollow, covered(from_disc, cup, pixel));
      // Of a vessel thinner than a pixel the share of the pixel that it covers is seen.
      double bare = 1;
      for (const Vessel& vessel : vessels) {
        const Nearest near = nearest_on(vessel, p);
        const double own = width * (1.0 - 0.4 * near.along);
        const double seen = std::sqrt(own * own + 0.16 * pixel * pixel);
        bare *= 1.0 - 0.85 * own / seen * std::exp(-0.5 * std::pow(near.distance / seen, 2));
      }
      // The cup stays in sight: vessels leave the disc at its rim.
      const double on_disc = covered(from_disc, kDiscRadius, pixel);
      blend(colour, blood, (1.0 - bare) * (1.0 - 0.8 * on_disc));
      const double inside = covered(std::hypot(p.x, p.y), 1.0, pixel);
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = inside * (colour[c] + kCameraNoise * random.normal());
        out[(i * size + j) * 3 + c] =
            static_cast<float>(std::round(255.0 * std::clamp(value, 0.0, 1.0)));
      }
    }
  }
}

}  // namespace polycause::simulation
