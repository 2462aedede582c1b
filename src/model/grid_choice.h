// How many discrete nodes, of how many outcomes each, latents speak of: bent grids of several sizes
// in the same coordinates, compared by the integrated completed likelihood (Biernacki, Celeux and
// Govaert 2000), which is BIC less the uncertainty about who is in which cluster.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace polycause {

struct GridCandidate {
  std::vector<int> outcomes;  ///< of each node, ascending
  double likelihood = 0;      ///< nat per participant
  double uncertainty = 0;     ///< of the joint outcome given the latents, nat per participant
  int free = 0;               ///< numbers that are fitted
  /// likelihood - bends' price - uncertainty - free log n / (2 n): the highest is chosen.
  double criterion = 0;
};

struct GridChoice {
  double dimension = 0;  ///< of the sheet that the latents form (Levina and Bickel 2004)
  std::vector<GridCandidate> tried;
  std::size_t chosen = 0;  ///< of `tried`
};

/// Told of every candidate and asked for it before it is searched: true when it has filled in all
/// but `outcomes`.
using KnownCandidate = std::function<bool(GridCandidate&)>;

/// Of latents (n, l): for every number of nodes up to the dimension of their sheet, and at most
/// `most_nodes`, all nodes get one outcome more while the criterion rises, up to `most_outcomes`;
/// then single nodes get one more or less while that raises it. All grids lie in the same flat
/// coordinates (geodesic.h), as many as the dimension. `check` as in search_latent_grid; `known`
/// and `found` are for checkpoints.
GridChoice choose_grid(const Eigen::MatrixXf& latents, int most_nodes, int most_outcomes,
                       std::uint64_t seed, std::size_t threads, const std::function<void()>& check,
                       const KnownCandidate& known = {},
                       const std::function<void(const GridCandidate&)>& found = {});

}  // namespace polycause
