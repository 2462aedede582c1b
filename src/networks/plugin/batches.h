// Blocks of all modalities for one batch after another, read ahead on a second thread.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <future>
#include <random>
#include <vector>

#include "networks/networks.h"

namespace polycause {

/// raw (B, C, H, W) per modality; undefined for tables and modalities not asked for.
struct Batch {
  std::vector<std::uint32_t> rows;
  std::vector<torch::Tensor> raw;
};

class BatchReader {
 public:
  /// `wanted[m]`: read modality m. `rows` in the order of use, cut into batches of `size`; a last
  /// batch may be smaller.
  BatchReader(const std::vector<NetworkInput>& inputs, std::vector<bool> wanted,
              std::vector<std::uint32_t> rows, std::size_t size, double augment = 0,
              std::uint64_t seed = 0);
  std::size_t batches() const { return (rows_.size() + size_ - 1) / size_; }
  /// False after the last.
  bool next(Batch& batch);

 private:
  Batch read(std::size_t index);
  void ahead();

  const std::vector<NetworkInput>& inputs_;
  std::vector<bool> wanted_;
  std::vector<std::uint32_t> rows_;
  std::size_t size_;
  double augment_;
  std::mt19937_64 random_;
  std::size_t at_ = 0;
  std::future<Batch> coming_;
};

/// Fisher-Yates; the same on every platform.
std::vector<std::uint32_t> shuffled(std::vector<std::uint32_t> rows, std::uint64_t seed);

}  // namespace polycause
