// The causal links between the latents of different modalities.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "polycause/simulate.h"
#include "simulate/shape.h"

namespace polycause::simulation {

/// Nodes are the latents, modality after modality, causes first, so that parents have smaller
/// indices.
struct Links {
  std::vector<std::size_t> modality;              ///< (D,) of every latent
  std::vector<std::vector<std::size_t>> parents;  ///< (D,) ascending
  std::size_t count() const;
};

/// Size of the largest matching between the latents of modality `m` and latents of other modalities
/// along the links, in either direction. The links determine z(m) only if it is d(z(m)).
std::size_t structural_rank(const Links& links, std::size_t m);

/// Each modality is matched one to one to an earlier one (to several where none is large enough),
/// plus the edges asked for; every modality has full structural rank. Throws ConfigError where that
/// cannot be.
Links draw_links(const SimulateOptions& options, const std::vector<ModalityShape>& shape,
                 Random& random);

}  // namespace polycause::simulation
