#include "model/density_workspace.h"

#include <algorithm>

namespace polycause {

DensityWorkspace::DensityWorkspace(const Density& density) {
  const auto tile = static_cast<std::size_t>(kTile);
  const auto latents = static_cast<std::size_t>(density.latents());
  const std::size_t pairs = density.shape().pairs.size();
  std::size_t widest = kPad;
  std::size_t scratch_size = 0;
  for (const Density::Head& head : density.heads_) {
    PerModality own;
    const auto width = static_cast<std::size_t>(head.width);
    own.x.resize(width * tile);
    own.g.resize(width * tile);
    own.linear_in.assign(head.linear.size(), Buffer(width * tile));
    own.rotation_in.resize(width * tile);
    for (const Mlp& net : head.nets) {
      own.layer_in.emplace_back(width * tile);
      own.hidden.emplace_back(net.memory(kTile));
      own.head.emplace_back(kFlowHead * tile);
      own.bumps.emplace_back(kFlowMemory * tile);
      own.transposed.emplace_back(net.transposed_size());
      scratch_size = std::max(scratch_size, net.scratch(kTile));
    }
    widest = std::max(widest, static_cast<std::size_t>(padded(head.width)));
    modalities.push_back(std::move(own));
  }
  std::size_t most_parents = 1;
  for (const auto& into : density.pairs_into_) most_parents = std::max(most_parents, into.size());
  for (const Mlp& net : density.conditioners_) {
    prior_transposed.emplace_back(net.transposed_size());
    prior_hidden.resize(std::max(prior_hidden.size(), net.memory(kTile)));
    scratch_size = std::max(scratch_size, net.scratch(kTile));
    widest = std::max(widest, static_cast<std::size_t>(padded(net.inputs())));
  }
  z.resize(latents * tile);
  g_z.resize(latents * tile);
  eps.resize(latents * tile);
  log_p.resize(tile);
  dropped.resize(tile);
  for (auto* each : {&present, &runs, &counts}) each->assign(modalities.size(), 1);
  known.assign(latents, 1);
  log_det.resize(modalities.size());
  const auto conditions = static_cast<std::size_t>(density.shape().conditions);
  condition.resize(conditions * tile);
  condition_basis.resize(conditions * kBasis * tile);
  condition_link.resize(tile);
  eta_rest.resize(static_cast<std::size_t>(density.privates()) * tile);
  basis.resize(std::max(latents * kBasis, most_parents + conditions) * tile);
  g_basis.resize(basis.size());
  gate.resize(pairs * tile);
  gate_slope.resize(pairs * tile);
  g_gate.resize(pairs * tile);
  link.resize(pairs * tile);
  copy.resize(widest * tile);
  rows.resize(widest * tile);
  rows_in.resize(widest * tile);
  lanes.resize(widest * tile);
  scratch.resize(scratch_size);
}

}  // namespace polycause
