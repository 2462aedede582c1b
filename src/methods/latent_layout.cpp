#include "methods/latent_layout.h"

#include <algorithm>
#include <numeric>

namespace polycause {

LatentLayout::LatentLayout(std::vector<int> own, const std::vector<SharedUnit>& shared)
    : sizes_(std::move(own)) {
  const std::vector<int> originals = sizes_;
  apart_.assign(sizes_.size(), std::vector<bool>(sizes_.size(), false));
  for (std::size_t u = 0; u < originals.size(); ++u) {
    for (int i = 0; i < originals[u]; ++i) {
      place_.push_back(static_cast<int>(reported_.size()));
      reported_.push_back(unit_of_.size());
      unit_of_.push_back(u);
      original_.push_back(kOwn);
    }
    for (const SharedUnit& block : shared) {
      if (std::find(block.members.begin(), block.members.end(), u) == block.members.end()) continue;
      const int count = originals[block.unit];
      sizes_[u] += count;
      place_.insert(place_.end(), static_cast<std::size_t>(count), -1);
      unit_of_.insert(unit_of_.end(), static_cast<std::size_t>(count), u);
      original_.insert(original_.end(), static_cast<std::size_t>(count), block.unit);
      apart_[u][block.unit] = apart_[block.unit][u] = true;
    }
  }
  for (const SharedUnit& a : shared) {
    for (const SharedUnit& b : shared) {
      for (const std::size_t m : a.members) {
        if (std::find(b.members.begin(), b.members.end(), m) != b.members.end())
          apart_[a.unit][b.unit] = true;
      }
    }
  }
}

std::vector<LatentPair> LatentLayout::pairs(const std::vector<std::size_t>& rank) const {
  std::vector<LatentPair> all;
  for (std::size_t target = 0; target < total(); ++target) {
    for (std::size_t source = 0; source < total(); ++source) {
      const std::size_t from = unit_of_[source];
      const std::size_t to = unit_of_[target];
      const bool may =
          is_copy(target) ? from == original_[target] : rank[from] < rank[to] && !apart_[from][to];
      if (may && !is_copy(source))
        all.push_back({static_cast<int>(source), static_cast<int>(target)});
    }
  }
  return all;
}

std::vector<LatentPair> LatentLayout::within(bool ascending) const {
  std::vector<LatentPair> all;
  for (const std::size_t target : reported_) {
    for (const std::size_t source : reported_) {
      const bool first = ascending ? source < target : target < source;
      if (first && unit_of_[source] == unit_of_[target])
        all.push_back({static_cast<int>(source), static_cast<int>(target)});
    }
  }
  return all;
}

std::vector<float> LatentLayout::visible(const std::vector<float>& values) const {
  if (reported_.size() == total() || total() == 0) return values;
  std::vector<float> out;
  out.reserve(values.size() / total() * reported_.size());
  for (std::size_t row = 0; row < values.size() / total(); ++row) {
    for (const std::size_t j : reported_) out.push_back(values[row * total() + j]);
  }
  return out;
}

Decomposition LatentLayout::visible(const Decomposition& parts) const {
  Decomposition out = parts;
  out.z = visible(parts.z);
  out.eps = visible(parts.eps);
  return out;
}

std::vector<float> LatentLayout::with_copies(const std::vector<float>& z) const {
  if (reported_.size() == total()) return z;
  const std::size_t n = z.size() / reported_.size();
  std::vector<float> out(n * total(), 0.0f);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < reported_.size(); ++j)
      out[i * total() + reported_[j]] = z[i * reported_.size() + j];
  }
  return out;
}

double breadth(const std::vector<int>& latents) {
  constexpr double kNarrow = 3;
  const auto widest = std::max_element(latents.begin(), latents.end());
  return widest == latents.end() ? 1 : std::max(1.0, *widest / kNarrow);
}

std::vector<std::size_t> listed_ranks(std::size_t units, const std::vector<SharedUnit>& shared) {
  // Modalities stand at even places, a shared block just before its first member.
  std::vector<std::size_t> key(units);
  for (std::size_t u = 0; u < units; ++u) key[u] = 2 * u + 1;
  for (const SharedUnit& block : shared)
    key[block.unit] = 2 * *std::min_element(block.members.begin(), block.members.end());
  std::vector<std::size_t> order(units);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
  std::vector<std::size_t> rank(units);
  for (std::size_t i = 0; i < units; ++i) rank[order[i]] = i;
  return rank;
}

}  // namespace polycause
