#include "networks/plugin/batches.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstring>

namespace polycause {
namespace {

/// Moves a block (C, H, W) by (dy, dx); what comes in repeats the edge.
void shift(float* block, const BlockShape& shape, std::int64_t dy, std::int64_t dx) {
  const auto height = static_cast<std::int64_t>(shape.height);
  const auto width = static_cast<std::int64_t>(shape.width);
  std::vector<float> from(static_cast<std::size_t>(height * width));
  for (std::size_t c = 0; c < shape.channels; ++c) {
    float* plane = block + c * from.size();
    std::copy(plane, plane + from.size(), from.begin());
    for (std::int64_t y = 0; y < height; ++y) {
      const std::int64_t sy = std::clamp<std::int64_t>(y - dy, 0, height - 1);
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t sx = std::clamp<std::int64_t>(x - dx, 0, width - 1);
        plane[y * width + x] = from[static_cast<std::size_t>(sy * width + sx)];
      }
    }
  }
}

std::int64_t draw(std::mt19937_64& random, double share, std::size_t side) {
  const auto most = static_cast<std::int64_t>(share * static_cast<double>(side));
  return most == 0
             ? 0
             : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * most + 1)) -
                   most;
}

}  // namespace

std::vector<std::uint32_t> shuffled(std::vector<std::uint32_t> rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random() % i]);
  return rows;
}

BatchReader::BatchReader(const std::vector<NetworkInput>& inputs, std::vector<bool> wanted,
                         std::vector<std::uint32_t> rows, std::size_t size, double augment,
                         std::uint64_t seed)
    : inputs_(inputs),
      wanted_(std::move(wanted)),
      rows_(std::move(rows)),
      size_(size),
      augment_(augment),
      random_(seed) {
  ahead();
}

void BatchReader::ahead() {
  if (at_ >= batches()) return;
  coming_ = std::async(std::launch::async, [this, index = at_] { return read(index); });
  ++at_;
}

bool BatchReader::next(Batch& batch) {
  if (!coming_.valid()) return false;
  batch = coming_.get();
  ahead();
  return true;
}

Batch BatchReader::read(std::size_t index) {
  Batch batch;
  const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(index * size_);
  batch.rows.assign(begin, std::min(begin + static_cast<std::ptrdiff_t>(size_), rows_.end()));
  batch.raw.resize(inputs_.size());
  const auto count = static_cast<std::int64_t>(batch.rows.size());
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!wanted_[m]) continue;
    const BlockShape& shape = inputs_[m].shape;
    batch.raw[m] = torch::empty({count, static_cast<std::int64_t>(shape.channels),
                                 static_cast<std::int64_t>(shape.height),
                                 static_cast<std::int64_t>(shape.width)});
    float* to = batch.raw[m].data_ptr<float>();
    inputs_[m].read(batch.rows.data(), batch.rows.size(), to);
    if (augment_ <= 0) continue;
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
      const std::int64_t dy = draw(random_, augment_, shape.height);
      const std::int64_t dx = draw(random_, augment_, shape.width);
      if (dy != 0 || dx != 0) shift(to + i * shape.size(), shape, dy, dx);
    }
  }
  return batch;
}

}  // namespace polycause
