#include "simulate/links.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "polycause/error.h"

namespace polycause::simulation {
namespace {

constexpr int kAttempts = 1000;

bool has_link(const Links& links, std::size_t parent, std::size_t child) {
  const std::vector<std::size_t>& list = links.parents[child];
  return std::find(list.begin(), list.end(), parent) != list.end();
}

// One parent for every latent of modality `m` (first index `begin`, `size` of them), all different
// where possible: from one earlier modality if one is large enough, else from all of them.
void match_modality(Links& links, const std::vector<ModalityShape>& shape, std::size_t m,
                    std::size_t begin, Random& random) {
  const std::size_t size = shape[m].latents;
  std::vector<std::size_t> large;
  for (std::size_t k = 0; k < m; ++k) {
    if (shape[k].latents >= size) large.push_back(k);
  }
  std::vector<std::size_t> candidates;
  const bool one = !large.empty();
  const std::size_t chosen = one ? large[random.below(large.size())] : 0;
  for (std::size_t node = 0; node < begin; ++node) {
    if (!one || links.modality[node] == chosen) candidates.push_back(node);
  }
  const std::vector<std::size_t> order = random.permutation(candidates.size());
  for (std::size_t i = 0; i < size; ++i) {
    links.parents[begin + i] = {candidates[order[i % order.size()]]};
  }
}

void add_edges(Links& links, std::size_t wanted, Random& random) {
  std::vector<std::pair<std::size_t, std::size_t>> free;
  for (std::size_t child = 0; child < links.modality.size(); ++child) {
    for (std::size_t parent = 0; parent < child; ++parent) {
      if (links.modality[parent] != links.modality[child] && !has_link(links, parent, child)) {
        free.emplace_back(parent, child);
      }
    }
  }
  if (wanted > free.size()) {
    throw ConfigError(fmt::format(
        "simulate.extra_edges: found {}; expected at most {}, the pairs of latents of different "
        "modalities that the matching leaves",
        wanted, free.size()));
  }
  const std::vector<std::size_t> order = random.permutation(free.size());
  for (std::size_t k = 0; k < wanted; ++k) {
    links.parents[free[order[k]].second].push_back(free[order[k]].first);
  }
  for (std::vector<std::size_t>& list : links.parents) std::sort(list.begin(), list.end());
}

// Edges beyond the matching that a sparsity ratio asks for (two modalities).
std::size_t edges_of_ratio(double ratio, const Links& links, std::size_t pairs) {
  const auto present =
      static_cast<std::size_t>(std::lround((1.0 - ratio) * static_cast<double>(pairs)));
  if (present < links.count()) {
    throw ConfigError(
        fmt::format("simulate.sparsity_ratio: found {}, which leaves {} of {} edges; expected at "
                    "least {} edges "
                    "(ratio {:.4g}), one per latent",
                    ratio, present, pairs, links.count(),
                    1.0 - static_cast<double>(links.count()) / static_cast<double>(pairs)));
  }
  return present - links.count();
}

}  // namespace

std::size_t Links::count() const {
  std::size_t edges = 0;
  for (const std::vector<std::size_t>& list : parents) edges += list.size();
  return edges;
}

std::size_t structural_rank(const Links& links, std::size_t m) {
  const std::size_t nodes = links.modality.size();
  std::vector<std::vector<std::size_t>> neighbours(nodes);
  for (std::size_t child = 0; child < nodes; ++child) {
    for (const std::size_t parent : links.parents[child]) {
      if (links.modality[parent] == links.modality[child]) continue;
      if (links.modality[child] == m) neighbours[child].push_back(parent);
      if (links.modality[parent] == m) neighbours[parent].push_back(child);
    }
  }
  std::vector<std::size_t> partner(nodes, nodes);  // of the nodes outside m
  std::vector<bool> seen;
  const std::function<bool(std::size_t)> augment = [&](std::size_t node) {
    for (const std::size_t other : neighbours[node]) {
      if (seen[other]) continue;
      seen[other] = true;
      if (partner[other] == nodes || augment(partner[other])) {
        partner[other] = node;
        return true;
      }
    }
    return false;
  };
  std::size_t rank = 0;
  for (std::size_t node = 0; node < nodes; ++node) {
    if (links.modality[node] != m) continue;
    seen.assign(nodes, false);
    if (augment(node)) ++rank;
  }
  return rank;
}

Links draw_links(const SimulateOptions& options, const std::vector<ModalityShape>& shape,
                 Random& random) {
  Links empty;
  for (std::size_t m = 0; m < shape.size(); ++m) {
    empty.modality.insert(empty.modality.end(), shape[m].latents, m);
  }
  empty.parents.resize(empty.modality.size());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Links links = empty;
    std::size_t begin = shape[0].latents;
    for (std::size_t m = 1; m < shape.size(); ++m) {
      match_modality(links, shape, m, begin, random);
      begin += shape[m].latents;
    }
    std::size_t extra = static_cast<std::size_t>(options.extra_edges);
    if (options.sparsity_ratio != -1) {
      extra = edges_of_ratio(options.sparsity_ratio, links, shape[0].latents * shape[1].latents);
    }
    add_edges(links, extra, random);
    bool full = true;
    for (std::size_t m = 0; m < shape.size(); ++m) {
      full = full && structural_rank(links, m) == shape[m].latents;
    }
    if (full) return links;
  }
  throw ConfigError(
      "simulate.sizes: found no links of full structural rank; expected for every modality as many "
      "latents in the others as it has itself, and edges enough; change the sizes or raise "
      "simulate.extra_edges");
}

}  // namespace polycause::simulation
