// From latents and private parts back to the code: the head of a Density run backwards.
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "model/density.h"
#include "model/density_workspace.h"
#include "model/kernels.h"
#include "model/tile_linear.h"

namespace polycause {

std::vector<float> Density::invert(std::size_t modality, const std::vector<float>& z,
                                   const std::vector<float>& eta) const {
  const Kernels& kernel = kernels();
  const Head& head = heads_[modality];
  const auto width = static_cast<std::size_t>(head.width);
  const auto latents = static_cast<std::size_t>(head.latents);
  const std::size_t n = z.size() / latents;
  Workspace work(*this);
  Workspace::PerModality& own = work.modalities[modality];
  float* x = own.x.data();  // (width, T)
  const auto undo = [&](std::size_t at, int size) {
    const TileMatrix inverse = matrix_of(theta_.data() + at, size).inverse();
    std::vector<float> w(static_cast<std::size_t>(inverse.size()));
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(inverse.data()[i]);
    apply_linear(w.data(), size, x, work.copy.data());
  };
  std::vector<float> out(n * width);
  std::vector<float> y(kTile);
  std::vector<float> low(kTile);
  std::vector<float> high(kTile);
  for (std::size_t first = 0; first < n; first += kTile) {
    const std::size_t count = std::min<std::size_t>(kTile, n - first);
    for (std::size_t t = 0; t < kTile; ++t) {
      const std::size_t row = first + (t < count ? t : 0);
      for (std::size_t i = 0; i < width; ++i) {
        x[i * kTile + t] =
            i < latents ? z[row * latents + i] : eta[row * (width - latents) + i - latents];
      }
    }
    undo(head.rotation, head.latents);
    for (std::size_t i = 0; i < latents; ++i) {
      for (std::size_t t = 0; t < kTile; ++t) x[i * kTile + t] += theta_[head.shift + i];
    }
    for (std::size_t l = head.nets.size(); l-- > 0;) {
      // Only the transformed coordinate changed, and its own net does not see it: the head is
      // known, and y is an increasing function of x. Brackets double until they hold y, then are
      // halved.
      float* coordinate = x + (l % width) * kTile;
      head.nets[l].forward(theta_.data(), kTile, x, 1, kTile, own.hidden[l].data(),
                           work.rows.data());
      kernel.transpose(work.rows.data(), kFlowHead, kTile, kFlowHead, own.head[l].data(), kTile);
      std::copy(coordinate, coordinate + kTile, y.begin());
      const auto value = [&](const std::vector<float>& at) {
        std::copy(at.begin(), at.end(), coordinate);
        kernel.bumps_forward(kTile, own.head[l].data(), coordinate, work.log_p.data(),
                             own.bumps[l].data());
      };
      std::fill(low.begin(), low.end(), -8.0f);
      std::fill(high.begin(), high.end(), 8.0f);
      for (bool open = true; open;) {
        open = false;
        for (int side = 0; side < 2; ++side) {
          std::vector<float>& bound = side == 0 ? low : high;
          value(bound);
          for (std::size_t t = 0; t < kTile; ++t) {
            const bool inside = side == 0 ? coordinate[t] <= y[t] : coordinate[t] >= y[t];
            if (inside || std::fabs(bound[t]) > 1e6f) continue;
            bound[t] *= 2;
            open = true;
          }
        }
      }
      std::vector<float> middle(kTile);
      for (int step = 0; step < 60; ++step) {
        for (std::size_t t = 0; t < kTile; ++t) middle[t] = 0.5f * (low[t] + high[t]);
        value(middle);
        for (std::size_t t = 0; t < kTile; ++t) (coordinate[t] < y[t] ? low : high)[t] = middle[t];
      }
      std::copy(middle.begin(), middle.end(), coordinate);
      if (l % width == 0) undo(head.linear[l / width], head.width);
    }
    for (std::size_t t = 0; t < count; ++t) {
      for (std::size_t i = 0; i < width; ++i) out[(first + t) * width + i] = x[i * kTile + t];
    }
  }
  return out;
}

}  // namespace polycause
