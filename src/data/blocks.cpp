#include "polycause/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "data/cache_file.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kMostBytes = 4e18;  ///< offsets are signed 64-bit numbers

}  // namespace

struct Blocks::Impl {
  BlockShape shape;
  BlockStorage storage = BlockStorage::kFloat;
  std::size_t values = 0;          ///< per participant
  std::size_t bytes = 0;           ///< per participant
  std::vector<char> present;       ///< (participants,), no bits: rows are written in parallel
  std::optional<CacheFile> cache;  ///< none where nobody has a block

  std::uint64_t offset(std::size_t row) const { return std::uint64_t{row} * bytes; }
};

Blocks::Blocks(const BlockShape& shape, std::size_t participants, BlockStorage storage,
               const std::string& directory)
    : impl_(std::make_unique<Impl>()) {
  const double all = 4.0 * static_cast<double>(shape.channels) * static_cast<double>(shape.height) *
                     static_cast<double>(shape.width) *
                     static_cast<double>(std::max<std::size_t>(participants, 1));
  if (shape.size() == 0 || all > kMostBytes) {
    throw Error(fmt::format(
        "cache: blocks of {} channels, {} x {} for {} participants; expected at least one value "
        "each and a sensible total; choose another size",
        shape.channels, shape.height, shape.width, participants));
  }
  impl_->shape = shape;
  impl_->storage = storage;
  impl_->values = shape.size();
  impl_->bytes = shape.size() * (storage == BlockStorage::kByte ? 1 : sizeof(float));
  impl_->present.assign(participants, 0);
  if (participants == 0 || storage == BlockStorage::kNone) return;
  impl_->cache.emplace(directory);
  impl_->cache->reserve(impl_->offset(participants));
}

Blocks::~Blocks() = default;

const BlockShape& Blocks::shape() const { return impl_->shape; }

std::size_t Blocks::participants() const { return impl_->present.size(); }

std::uint64_t Blocks::bytes() const { return impl_->cache ? impl_->offset(participants()) : 0; }

bool Blocks::present(std::size_t row) const { return impl_->present.at(row) != 0; }

void Blocks::write(std::size_t row, const float* values) {
  char& present = impl_->present.at(row);
  if (!impl_->cache) throw Error("cache: a block for a modality that nobody has");
  if (impl_->storage == BlockStorage::kFloat) {
    impl_->cache->write(impl_->offset(row), values, impl_->bytes);
  } else {
    std::vector<unsigned char> bytes(impl_->values);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const float value = values[i];
      if (std::isnan(value)) throw Error("cache: a pixel is missing; expected 0 .. 1 everywhere");
      bytes[i] = static_cast<unsigned char>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
    }
    impl_->cache->write(impl_->offset(row), bytes.data(), bytes.size());
  }
  present = 1;
}

void Blocks::read(const std::uint32_t* rows, std::size_t count, float* out) const {
  std::vector<unsigned char> bytes;
  for (std::size_t k = 0; k < count; ++k, out += impl_->values) {
    const std::size_t row = rows[k];
    if (!present(row)) {
      std::fill(out, out + impl_->values, std::numeric_limits<float>::quiet_NaN());
    } else if (impl_->storage == BlockStorage::kFloat) {
      impl_->cache->read(impl_->offset(row), out, impl_->bytes);
    } else {
      bytes.resize(impl_->bytes);
      impl_->cache->read(impl_->offset(row), bytes.data(), bytes.size());
      for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = static_cast<float>(bytes[i]) / 255.0F;
    }
  }
}

}  // namespace polycause
