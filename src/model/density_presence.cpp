// Participants who lack whole modalities: what a tile computes, how rows are grouped into tiles,
// and the deterministic pass over all of them.
#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "model/density.h"
#include "model/density_workspace.h"

namespace polycause {
namespace {

constexpr std::size_t kT = kTile;
constexpr float kAbsent = std::numeric_limits<float>::quiet_NaN();

std::vector<bool> modalities_of(const Codes& codes, std::uint32_t row) {
  std::vector<bool> there(codes.width.size());
  for (std::size_t m = 0; m < there.size(); ++m) there[m] = codes.has(row, m);
  return there;
}

}  // namespace

/// From work.present: which blocks count. A shut gate makes no parent, unless gates are sampled
/// (training), where only the blocks that count are computed, and what they depend on.
void Density::set_presence(Workspace& work, bool sampled) const {
  const auto modality = [&](int latent) { return static_cast<std::size_t>(modality_of(latent)); };
  work.counts = work.present;
  work.runs = work.present;
  for (std::size_t i = 0; i < work.known.size(); ++i)
    work.known[i] = work.present[modality(static_cast<int>(i))];
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    const LatentPair& pair = shape_.pairs[e];
    const bool shut = !sampled && shape_.gated && work.gate[e * kT] == 0.0f;
    if (work.present[modality(pair.source)] || shut) continue;
    work.counts[modality(pair.target)] = 0;
    work.known[static_cast<std::size_t>(pair.target)] = 0;
  }
  if (!sampled) return;
  for (std::size_t i = 0; i < work.known.size(); ++i)
    work.known[i] = work.counts[modality(static_cast<int>(i))];
  work.runs = work.counts;
  for (const LatentPair& pair : shape_.pairs) {
    if (work.counts[modality(pair.target)]) work.runs[modality(pair.source)] = 1;
  }
}

float* Density::log_p_of(Workspace& work, std::size_t latent) const {
  return work.counts[static_cast<std::size_t>(modality_of_[latent])] ? work.log_p.data()
                                                                     : work.dropped.data();
}

std::vector<RowGroup> Density::row_groups(const Codes& codes,
                                          const std::vector<std::uint32_t>& rows) const {
  if (codes.present.empty()) return {{std::vector<bool>(heads_.size(), true), rows}};
  std::map<std::vector<bool>, std::vector<std::uint32_t>> groups;
  for (const std::uint32_t row : rows) {
    const std::vector<bool> there = modalities_of(codes, row);
    std::vector<bool> counts = there;
    for (const LatentPair& pair : shape_.pairs) {
      if (!there[static_cast<std::size_t>(modality_of(pair.source))])
        counts[static_cast<std::size_t>(modality_of(pair.target))] = false;
    }
    if (std::find(counts.begin(), counts.end(), true) != counts.end())
      groups[counts].push_back(row);
  }
  std::vector<RowGroup> out;
  for (auto& [counts, group] : groups) out.push_back({counts, std::move(group)});
  return out;
}

Decomposition Density::decompose(const Codes& codes, const std::vector<std::uint32_t>& rows) const {
  std::vector<std::uint32_t> all;
  if (rows.empty()) {
    all.resize(codes.participants);
    std::iota(all.begin(), all.end(), 0u);
  }
  const std::vector<std::uint32_t>& chosen = rows.empty() ? all : rows;
  const std::size_t n = chosen.size();
  const auto latents = static_cast<std::size_t>(total_z_);
  const auto privates = static_cast<std::size_t>(total_eta_);
  // Places in `chosen` by what is there: a tile holds participants of one kind.
  std::map<std::vector<bool>, std::vector<std::size_t>> kinds;
  for (std::size_t i = 0; i < n; ++i) kinds[modalities_of(codes, chosen[i])].push_back(i);
  Decomposition out;
  out.z.assign(n * latents, kAbsent);
  out.eta.assign(n * privates, kAbsent);
  out.eps.assign(n * latents, kAbsent);
  out.log_p.resize(n);
  Workspace work(*this);
  prepare(work, false);
  if (shape_.gated) make_gates(work, false, 0, 0);
  std::vector<std::uint32_t> tile(kT);
  for (const auto& [there, places] : kinds) {
    for (std::size_t first = 0; first < places.size(); first += kT) {
      const std::size_t count = std::min(kT, places.size() - first);
      for (std::size_t t = 0; t < count; ++t) tile[t] = chosen[places[first + t]];
      load_tile(codes, tile.data(), count, work);
      set_presence(work, false);
      double constant = work.constant_log_det;
      for (std::size_t m = 0; m < heads_.size(); ++m) {
        if (work.runs[m]) head_forward(heads_[m], work, m);
        if (!work.counts[m]) constant -= work.log_det[m];
      }
      gather_latents(work);
      if (shape_.prior == PriorKind::kAdditive) {
        additive(work, 1.0f, nullptr);
      } else {
        general(work, 1.0f, nullptr);
      }
      for (std::size_t t = 0; t < count; ++t) {
        const std::size_t row = places[first + t];
        for (std::size_t i = 0; i < latents; ++i) {
          if (there[static_cast<std::size_t>(modality_of_[i])])
            out.z[row * latents + i] = work.z[i * kT + t];
          if (work.known[i]) out.eps[row * latents + i] = work.eps[i * kT + t];
        }
        for (std::size_t m = 0; m < heads_.size(); ++m) {
          for (int i = heads_[m].latents; there[m] && i < heads_[m].width; ++i) {
            out.eta[row * privates +
                    eta_index(m, static_cast<std::size_t>(i - heads_[m].latents))] =
                work.modalities[m].x[static_cast<std::size_t>(i) * kT + t];
          }
        }
        out.log_p[row] = work.log_p[t] + static_cast<float>(constant);
      }
    }
  }
  return out;
}

}  // namespace polycause
