#include "networks/plugin/pima/pieces.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "networks/plugin/flat.h"
#include "networks/plugin/pima/halves.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr double kCommon = 0.6;         // correlation from which a direction is shared
constexpr double kFewest = 200;         // participants of a half
constexpr double kOwnSpread = 0.2;      // on the halves' own axis, on which they are 2 apart
constexpr double kNegligible = 1e-3;    // of the largest singular value
constexpr std::int64_t kMostTurns = 5;  // nodes for which all ways to match names are tried

Tensor squares_and_products(const Tensor& x) {
  std::vector<Tensor> columns{x};
  for (std::int64_t i = 0; i < x.size(1); ++i)
    columns.push_back(x.slice(1, i) * x.slice(1, i, i + 1));
  return torch::cat(columns, 1);
}

/// One way to name the other half's nodes: node j is `from[j]`, turned round where sign is -1.
struct Match {
  std::vector<std::size_t> from;
  std::vector<int> sign;
};

Match as_they_are(std::size_t nodes) {
  Match match{std::vector<std::size_t>(nodes), std::vector<int>(nodes, 1)};
  std::iota(match.from.begin(), match.from.end(), std::size_t{0});
  return match;
}

Tensor turned(const Tensor& t, const Match& match) {
  std::vector<Tensor> columns;
  for (std::size_t j = 0; j < match.from.size(); ++j)
    columns.push_back(t.select(1, static_cast<std::int64_t>(match.from[j])) * match.sign[j]);
  return torch::stack(columns, 1);
}

/// The match under which one slope for both halves explains most of where participants are.
Match best_match(const std::vector<int>& outcomes, const std::array<Tensor, 2>& t,
                 const std::array<Tensor, 2>& x) {
  const std::size_t size = outcomes.size();
  Match best = as_they_are(size);
  if (static_cast<std::int64_t>(size) > kMostTurns) return best;
  std::array<Tensor, 2> at;
  std::array<Tensor, 2> where;
  for (std::size_t b = 0; b < 2; ++b) {
    at[b] = t[b] - t[b].mean(0, true);
    where[b] = x[b] - x[b].mean(0, true);
  }
  double most = -1;
  Match match = best;
  do {
    bool same = true;
    for (std::size_t j = 0; j < size; ++j) same = same && outcomes[match.from[j]] == outcomes[j];
    for (std::size_t signs = 0; same && signs < (std::size_t{1} << size); ++signs) {
      for (std::size_t j = 0; j < size; ++j) match.sign[j] = (signs >> j) % 2 == 0 ? 1 : -1;
      const Tensor other = turned(at[1], match);
      const Tensor own = at[0].t().mm(at[0]) + other.t().mm(other);
      const Tensor cross = at[0].t().mm(where[0]) + other.t().mm(where[1]);
      const Tensor slopes =
          torch::linalg_solve(own + 1e-6 * torch::eye(own.size(0), torch::kDouble), cross, true);
      const double explained = (cross * slopes).sum().item<double>();
      if (explained <= most) continue;
      most = explained;
      best = match;
    }
  } while (std::next_permutation(match.from.begin(), match.from.end()));
  return best;
}

/// Outcomes of a joint outcome's nodes, row-major.
std::vector<int> outcomes_at(const std::vector<int>& outcomes, std::int64_t joint) {
  std::vector<int> own(outcomes.size());
  for (std::size_t j = outcomes.size(); j-- > 0; joint /= outcomes[j])
    own[j] = static_cast<int>(joint % outcomes[j]);
  return own;
}

/// The grid of both halves, as tensors.
struct Joined {
  Joined(const Nodes& nodes, const Tensor& latents)
      : coordinates(torch::zeros({latents.size(0), nodes.count()})),
        responsibilities(torch::zeros({latents.size(0), nodes.joint})),
        positions(torch::zeros({nodes.joint, nodes.count()})),
        spread(torch::zeros({nodes.joint, nodes.count()})),
        rest(torch::zeros(latents.sizes())) {}
  Tensor coordinates;       // (n, L)
  Tensor responsibilities;  // (n, K)
  Tensor positions;         // (K, L)
  Tensor spread;            // (K, L)
  Tensor rest;              // (n, l)
};

/// One half of the participants.
struct Piece {
  Tensor rows;   // (h,) who they are
  Tensor where;  // (h, s) in what modalities share in all participants
  Tensor t;      // (h, L - 1) on the half's grid
  PimaGrid grid;
  Match match;
};

/// Nodes with one that parts the participants.
struct Parted {
  const Nodes& nodes;
  std::size_t own;          // the node that does
  std::vector<int> others;  // outcomes of the others

  std::vector<std::size_t> rest() const {  // which nodes the others are
    std::vector<std::size_t> list;
    for (std::size_t j = 0; j < nodes.outcomes.size(); ++j)
      if (j != own) list.push_back(j);
    return list;
  }
  /// Of joint outcome c: the index among the half's own joint outcomes, by its own names.
  std::int64_t within(std::int64_t c, const Match& match) const {
    std::vector<int> all = outcomes_at(nodes.outcomes, c);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(own));
    std::vector<int> theirs(others.size());
    for (std::size_t j = 0; j < others.size(); ++j)
      theirs[match.from[j]] = match.sign[j] > 0 ? all[j] : others[j] - 1 - all[j];
    std::int64_t at = 0;
    for (std::size_t j = 0; j < others.size(); ++j) at = at * others[j] + theirs[j];
    return at;
  }
};

/// What the participants' places on the grid, their squares and products miss of x (h, l).
Tensor missed(const Tensor& t, const Tensor& x) {
  const Tensor one = torch::ones({t.size(0), 1}, torch::kDouble);
  const Tensor terms = torch::cat({one, squares_and_products(t)}, 1);
  const Tensor to = x.to(torch::kDouble);
  const Tensor ridge = 1e-6 * torch::eye(terms.size(1), torch::kDouble);
  const Tensor fit = torch::linalg_solve(terms.t().mm(terms) + ridge, terms.t().mm(to), true);
  return (to - terms.mm(fit)).to(torch::kFloat);
}

/// Half `outcome` of the node that parts gets its place in `joined`.
void put(const Parted& parted, int outcome, const Piece& piece, const Tensor& latents,
         Joined& joined) {
  const Nodes& nodes = parted.nodes;
  const auto own = static_cast<std::int64_t>(parted.own);
  const Tensor t = turned(piece.t, piece.match);
  const std::vector<std::size_t> rest = parted.rest();
  const Tensor list = torch::tensor(std::vector<std::int64_t>(rest.begin(), rest.end()));
  Tensor places = torch::full({t.size(0), nodes.count()}, outcome == 0 ? -1.0 : 1.0);
  places.index_copy_(1, list, t.to(torch::kFloat));
  joined.coordinates.index_copy_(0, piece.rows, places);
  joined.rest.index_copy_(0, piece.rows, missed(t, latents.index_select(0, piece.rows)));

  const std::int64_t each = nodes.joint / 2;
  auto* gamma = const_cast<float*>(piece.grid.responsibilities.data());
  auto* spread = const_cast<float*>(piece.grid.spread.data());
  const Tensor mine = torch::from_blob(gamma, {t.size(0), each});
  const Tensor widths = torch::from_blob(spread, {each, t.size(1)});
  Tensor named = torch::zeros({t.size(0), nodes.joint});
  for (std::int64_t c = 0; c < nodes.joint; ++c) {
    const std::vector<int> all = outcomes_at(nodes.outcomes, c);
    if (all[parted.own] != outcome) continue;
    const std::int64_t at = parted.within(c, piece.match);
    named.select(1, c).copy_(mine.select(1, at));
    for (std::size_t j = 0; j < all.size(); ++j)
      joined.positions[c][static_cast<std::int64_t>(j)] =
          2.0 * all[j] / (nodes.outcomes[j] - 1) - 1;
    joined.spread[c][own] = kOwnSpread;
    for (std::size_t k = 0; k < rest.size(); ++k)
      joined.spread[c][static_cast<std::int64_t>(rest[k])] =
          widths[at][static_cast<std::int64_t>(piece.match.from[k])];
  }
  joined.responsibilities.index_copy_(0, piece.rows, named);
}

}  // namespace

SharedPlaces shared_places(const Tensor& codes, const Tensor& there) {
  const std::int64_t modalities = codes.size(0);
  std::vector<Tensor> parts;
  for (std::int64_t m = 0; m < modalities; ++m) {
    const Tensor use = there[m].to(torch::kDouble);  // (n, 1)
    const Tensor count = use.sum().clamp_min(1);
    const auto standard = [&](const Tensor& x) {
      const Tensor centred = (x - (x * use).sum(0, true) / count) * use;
      return centred / (centred.square().sum(0, true) / count).sqrt().clamp_min(1e-9);
    };
    const Tensor all = standard(squares_and_products(standard(codes[m].to(torch::kDouble))));
    const auto [values, vectors] = torch::linalg_eigh(all.t().mm(all) / count);
    const Tensor keep = (values > kNegligible * kNegligible * values.max()).nonzero().squeeze(1);
    parts.push_back(all.mm(vectors.index_select(1, keep)) * values.index_select(0, keep).rsqrt());
  }
  const Tensor joined = torch::cat(parts, 1);
  // Who lacks a modality says nothing of how it goes with others.
  const Tensor whole = there.amin(0).squeeze(1).nonzero().squeeze(1);
  const Tensor use = whole.size(0) > joined.size(1) ? joined.index_select(0, whole) : joined;
  const auto [values, vectors] =
      torch::linalg_eigh(use.t().mm(use) / static_cast<double>(use.size(0)));
  const Tensor present = there.to(torch::kDouble).sum(0).clamp_min(1);  // (n, 1)
  SharedPlaces shared;
  const std::int64_t most = std::min<std::int64_t>(codes.size(2), values.size(0));
  const Tensor order = torch::arange(values.size(0) - 1, values.size(0) - 1 - most, -1);
  const Tensor strength = values.index_select(0, order);
  shared.correlations =
      (strength - 1) / static_cast<double>(std::max<std::int64_t>(1, modalities - 1));
  shared.at = joined.mm(vectors.index_select(1, order)) / static_cast<double>(modalities) *
              (static_cast<double>(modalities) / present);
  return shared;
}

bool may_part(const Nodes& nodes) {
  return nodes.count() > 1 &&
         std::find(nodes.outcomes.begin(), nodes.outcomes.end(), 2) != nodes.outcomes.end();
}

std::optional<PimaGrid> grid_in_pieces(const Nodes& nodes, const Tensor& codes, const Tensor& there,
                                       const Tensor& latents, const PimaGridFinder& finder,
                                       at::Generator& generator) {
  if (!may_part(nodes)) return std::nullopt;
  const auto parting = std::find(nodes.outcomes.begin(), nodes.outcomes.end(), 2);
  Parted parted{nodes, static_cast<std::size_t>(parting - nodes.outcomes.begin()), {}};
  for (const std::size_t j : parted.rest()) parted.others.push_back(nodes.outcomes[j]);
  const std::optional<Tensor> second = clean_halves(latents, generator);
  if (!second) return std::nullopt;

  const SharedPlaces whole = shared_places(codes, there);
  const auto count = static_cast<std::int64_t>(parted.others.size());
  std::array<Piece, 2> pieces;
  std::array<Tensor, 2> shared;  // of the half, what its grid is laid on
  for (std::size_t b = 0; b < 2; ++b) {
    Piece& piece = pieces[b];
    piece.rows = second->eq(b == 1).nonzero().squeeze(1);
    if (static_cast<double>(piece.rows.size(0)) < kFewest) return std::nullopt;
    piece.where = whole.at.slice(1, 0, nodes.count()).index_select(0, piece.rows);
    const SharedPlaces half =
        shared_places(codes.index_select(1, piece.rows), there.index_select(1, piece.rows));
    const auto common = (half.correlations > kCommon).sum().item<std::int64_t>();
    // A node that shows in one modality only has no place in what is shared.
    if (common < count) return std::nullopt;
    shared[b] = half.at.slice(1, 0, common).to(torch::kFloat).contiguous();
  }
  PimaGrid grid;
  for (std::size_t b = 0; b < 2; ++b) {
    Piece& piece = pieces[b];
    const std::int64_t people = piece.rows.size(0);
    piece.grid = finder(shared[b].data_ptr<float>(), static_cast<std::size_t>(people),
                        static_cast<std::size_t>(shared[b].size(1)), parted.others);
    piece.t = torch::from_blob(piece.grid.coordinates.data(), {people, count}).to(torch::kDouble);
    grid.divergence +=
        piece.grid.divergence * static_cast<double>(people) / static_cast<double>(latents.size(0));
  }
  pieces[0].match = as_they_are(parted.others.size());
  pieces[1].match =
      best_match(parted.others, {pieces[0].t, pieces[1].t}, {pieces[0].where, pieces[1].where});
  Joined joined(nodes, latents);
  for (int b = 0; b < 2; ++b) put(parted, b, pieces[static_cast<std::size_t>(b)], latents, joined);
  grid.coordinates = flat(joined.coordinates);
  grid.rest = flat(joined.rest);
  grid.responsibilities = flat(joined.responsibilities);
  grid.positions = flat(joined.positions);
  grid.spread = flat(joined.spread);
  return grid;
}

}  // namespace polycause
