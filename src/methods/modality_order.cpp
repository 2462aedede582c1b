#include "methods/modality_order.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/additive_fit.h"

namespace polycause {
namespace {

constexpr std::size_t kRows = 4000;       // of training and of held-out participants
constexpr std::size_t kMostRows = 20000;  // of each part, for the orientation margins
constexpr std::size_t kExhaustive = 5;    // modalities: 120 orders, 80 sets of causes
constexpr double kSmallest = 1e-9;

class Scorer {
 public:
  Scorer(const std::vector<float>& z, const LatentLayout& layout, const Split& split,
         const Conditions& conditions)
      : layout_(layout),
        scores_(z, layout.total(), split.train, split.validation, kRows, conditions) {}

  double operator()(const std::vector<std::size_t>& rank) {
    std::vector<std::vector<std::size_t>> parents(layout_.total());
    for (const LatentPair& pair : layout_.pairs(rank))
      parents[static_cast<std::size_t>(pair.target)].push_back(
          static_cast<std::size_t>(pair.source));
    double total = 0;
    for (std::size_t i = 0; i < parents.size(); ++i) total += scores_.validation_nll(i, parents[i]);
    return total;
  }

 private:
  const LatentLayout& layout_;
  AdditiveScores scores_;
};

std::vector<std::size_t> rank_of(const std::vector<std::size_t>& sequence) {
  std::vector<std::size_t> rank(sequence.size());
  for (std::size_t i = 0; i < sequence.size(); ++i) rank[sequence[i]] = i;
  return rank;
}

}  // namespace

double order_nll(const std::vector<float>& z, const LatentLayout& layout, const Split& split,
                 const std::vector<std::size_t>& rank, const Conditions& conditions) {
  return Scorer(z, layout, split, conditions)(rank);
}

OrderScore best_order(const std::vector<float>& z, const LatentLayout& layout, const Split& split,
                      const std::vector<std::size_t>& rank, const Conditions& conditions) {
  Scorer score(z, layout, split, conditions);
  std::vector<std::size_t> sequence(layout.units());
  for (std::size_t m = 0; m < rank.size(); ++m) sequence[rank[m]] = m;
  OrderScore best{rank, score(rank)};
  if (layout.units() <= kExhaustive) {
    std::sort(sequence.begin(), sequence.end());
    do {
      const double nll = score(rank_of(sequence));
      if (nll < best.nll - kSmallest) best = {rank_of(sequence), nll};
    } while (std::next_permutation(sequence.begin(), sequence.end()));
    return best;
  }
  for (bool better = true; better;) {
    better = false;
    for (std::size_t from = 0; from < sequence.size() && !better; ++from) {
      for (std::size_t to = 0; to < sequence.size() && !better; ++to) {
        if (from == to) continue;
        std::vector<std::size_t> moved = sequence;
        const std::size_t modality = moved[from];
        moved.erase(moved.begin() + static_cast<std::ptrdiff_t>(from));
        moved.insert(moved.begin() + static_cast<std::ptrdiff_t>(to), modality);
        const double nll = score(rank_of(moved));
        if (nll < best.nll - kSmallest) {
          best = {rank_of(moved), nll};
          sequence = moved;
          better = true;
        }
      }
    }
  }
  return best;
}

namespace {

using Parents = std::vector<std::vector<std::size_t>>;

bool has_cycle(const Parents& parents) {
  // Kahn: nodes without unplaced parents are placed until none is left.
  std::vector<bool> placed(parents.size(), false);
  for (std::size_t round = 0; round < parents.size(); ++round) {
    bool any = false;
    for (std::size_t i = 0; i < parents.size(); ++i) {
      if (placed[i]) continue;
      bool ready = true;
      for (const std::size_t p : parents[i]) ready = ready && placed[p];
      if (ready) placed[i] = any = true;
    }
    if (!any) break;
  }
  return std::find(placed.begin(), placed.end(), false) != placed.end();
}

}  // namespace

std::vector<double> orientation_margins(const Candidate& candidate, const Split& split,
                                        const Conditions& conditions,
                                        const std::vector<std::size_t>& groups) {
  const auto total = static_cast<std::size_t>(candidate.density.latents());
  const std::vector<LatentPair>& pairs = candidate.density.shape().pairs;
  Parents parents(total);
  for (std::size_t e = 0; e < pairs.size(); ++e) {
    if (candidate.edges[e]) {
      parents[static_cast<std::size_t>(pairs[e].target)].push_back(
          static_cast<std::size_t>(pairs[e].source));
    }
  }
  AdditiveScores scores(candidate.parts.z, total, split.train, split.validation, kMostRows,
                        conditions);
  std::vector<double> margins(pairs.size(), std::numeric_limits<double>::quiet_NaN());
  const auto modalities = [&](std::size_t e) {
    return std::make_pair(candidate.density.modality_of(pairs[e].source),
                          candidate.density.modality_of(pairs[e].target));
  };
  for (std::size_t e = 0; e < pairs.size(); ++e) {
    if (!candidate.edges[e] || !std::isnan(margins[e])) continue;
    Parents turned = parents;
    std::vector<std::size_t> together;
    for (std::size_t f = e; f < pairs.size(); ++f) {
      if (!candidate.edges[f] || modalities(f) != modalities(e)) continue;
      together.push_back(f);
      const auto cause = static_cast<std::size_t>(pairs[f].source);
      const auto effect = static_cast<std::size_t>(pairs[f].target);
      turned[effect].erase(std::find(turned[effect].begin(), turned[effect].end(), cause));
      turned[cause].push_back(effect);
    }
    double margin = std::numeric_limits<double>::infinity();
    if (!has_cycle(turned)) {
      const auto [worse, error] = scores.difference(parents, turned, groups);
      margin = worse / std::max(error, 1e-12);
    }
    for (const std::size_t f : together) margins[f] = margin;
  }
  return margins;
}

}  // namespace polycause
