#include "networks/plugin/pima/node_network.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "networks/plugin/pima/node_tables.h"

namespace polycause {
namespace {

using torch::Tensor;

/// For families {j} and parents within `mask`: the counts of a joint outcome's family, node j's
/// outcome apart.
struct Family {
  std::vector<std::size_t> parent_of;  // (K,) index of the parents' outcome
  std::size_t parents = 1;             // parents' joint outcomes
};

Family family(const Nodes& nodes, std::uint32_t mask) {
  Family f;
  f.parent_of.assign(static_cast<std::size_t>(nodes.joint), 0);
  std::size_t stride = static_cast<std::size_t>(nodes.joint);
  for (std::size_t i = 0; i < nodes.outcomes.size(); ++i) {
    const auto outcomes = static_cast<std::size_t>(nodes.outcomes[i]);
    stride /= outcomes;
    if ((mask >> i & 1U) == 0) continue;
    for (std::size_t c = 0; c < f.parent_of.size(); ++c)
      f.parent_of[c] = f.parent_of[c] * outcomes + c / stride % outcomes;
    f.parents *= outcomes;
  }
  return f;
}

struct FamilyCounts {
  std::vector<double> both;    // (parents * C_j,)
  std::vector<double> parent;  // (parents,)
};

std::vector<std::size_t> own_outcomes(const Nodes& nodes, std::size_t j) {
  std::vector<std::size_t> own(static_cast<std::size_t>(nodes.joint));
  std::size_t stride = 1;
  for (std::size_t i = nodes.outcomes.size(); i-- > j + 1;)
    stride *= static_cast<std::size_t>(nodes.outcomes[i]);
  for (std::size_t c = 0; c < own.size(); ++c)
    own[c] = c / stride % static_cast<std::size_t>(nodes.outcomes[j]);
  return own;
}

FamilyCounts count(const Family& f, const std::vector<std::size_t>& own, std::size_t outcomes,
                   const double* counts, double pseudo) {
  FamilyCounts n;
  n.both.assign(f.parents * outcomes, pseudo);
  n.parent.assign(f.parents, pseudo * static_cast<double>(outcomes));
  for (std::size_t c = 0; c < own.size(); ++c) {
    n.both[f.parent_of[c] * outcomes + own[c]] += counts[c];
    n.parent[f.parent_of[c]] += counts[c];
  }
  return n;
}

double family_score(const Nodes& nodes, std::size_t j, std::uint32_t mask,
                    const std::vector<std::size_t>& own, const double* counts, double price) {
  const Family f = family(nodes, mask);
  const auto outcomes = static_cast<std::size_t>(nodes.outcomes[j]);
  const FamilyCounts n = count(f, own, outcomes, counts, 0);
  double score = -price * static_cast<double>((outcomes - 1) * f.parents);
  for (const double b : n.both) score += b > 0 ? b * std::log(b) : 0;
  for (const double p : n.parent) score -= p > 0 ? p * std::log(p) : 0;
  return score;
}

std::uint32_t mask_of(const std::vector<bool>& parents, std::size_t nodes, std::size_t j) {
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    if (parents[i * nodes + j]) mask |= 1U << i;
  }
  return mask;
}

/// sum n log n of the marginal counts of `set`, whose table is `counts`, and of all its subsets
/// that lack nodes from `from` on only: every subset is reached once, at prod (1 + C_i) in all.
void add_information(const Nodes& nodes, const std::vector<double>& counts, std::uint32_t set,
                     std::size_t from, std::vector<double>& information) {
  double sum = 0;
  for (const double n : counts) sum += n > 0 ? n * std::log(n) : 0;
  information[set] = sum;
  std::size_t stride = 1;
  for (std::size_t i = nodes.outcomes.size(); i-- > from;) {
    const auto own = static_cast<std::size_t>(nodes.outcomes[i]);  // all from `from` on are there
    std::vector<double> rest(counts.size() / own, 0.0);
    for (std::size_t c = 0; c < counts.size(); ++c)
      rest[c / (stride * own) * stride + c % stride] += counts[c];
    add_information(nodes, rest, set & ~(1U << i), i + 1, information);
    stride *= own;
  }
}

}  // namespace

Nodes::Nodes(std::vector<int> all) : outcomes(std::move(all)) {
  for (const int c : outcomes) joint *= c;
}

std::vector<std::int64_t> Nodes::grid(std::int64_t leading) const {
  std::vector<std::int64_t> sizes{leading};
  sizes.insert(sizes.end(), outcomes.begin(), outcomes.end());
  return sizes;
}

Tensor edge_indicators(const NodeParameters& p, double beta) {
  const Tensor gradient = p.potential.unsqueeze(1) - p.potential.unsqueeze(2);  // xi_j - xi_i
  return torch::tanh(p.weight * torch::relu(gradient) / beta);
}

Tensor log_joint(const Nodes& nodes, const Tensor& logits, const Tensor& edges) {
  const std::int64_t runs = logits.size(0);
  std::vector<Tensor> tables;
  std::int64_t stride = nodes.joint;
  for (std::int64_t j = 0; j < nodes.count(); ++j) {
    const std::int64_t outcomes = nodes.outcomes[static_cast<std::size_t>(j)];
    stride /= outcomes;
    const Tensor own = logits.select(1, j).reshape({runs, -1, outcomes, stride});
    tables.push_back(torch::softmax(own, 2).reshape({runs, nodes.joint}));
  }
  return log_product(nodes, torch::stack(tables, 1), edges);
}

Tensor free_probabilities(const Nodes& nodes, const Tensor& edges) {
  std::vector<double> less(nodes.outcomes.begin(), nodes.outcomes.end());
  for (double& c : less) c -= 1;
  const Tensor one_less = torch::tensor(less, edges.options());  // C - 1, (L,)
  const Tensor apart = 1 - torch::eye(nodes.count(), edges.options());
  const Tensor families = (1 + edges * apart * one_less.view({1, -1, 1})).prod(1);  // (R, L)
  return (families * one_less).sum(1);
}

Tensor fitted_log_joint(const Nodes& nodes, const std::vector<bool>& parents, const Tensor& counts,
                        double pseudo) {
  const Tensor flat = counts.to(torch::kDouble).contiguous();
  std::vector<double> result(static_cast<std::size_t>(nodes.joint), 0.0);
  const std::size_t size = nodes.outcomes.size();
  for (std::size_t j = 0; j < size; ++j) {
    const Family f = family(nodes, mask_of(parents, size, j));
    const std::vector<std::size_t> own = own_outcomes(nodes, j);
    const auto outcomes = static_cast<std::size_t>(nodes.outcomes[j]);
    const FamilyCounts n = count(f, own, outcomes, flat.data_ptr<double>(), pseudo);
    for (std::size_t c = 0; c < result.size(); ++c) {
      const double all = n.parent[f.parent_of[c]];
      const double p = all > 0 ? n.both[f.parent_of[c] * outcomes + own[c]] / all
                               : 1.0 / static_cast<double>(outcomes);
      result[c] += std::log(std::max(p, kSmallestProbability));
    }
  }
  return torch::tensor(result, torch::kDouble);
}

double network_score(const Nodes& nodes, const std::vector<bool>& parents, const Tensor& counts,
                     double price) {
  const Tensor flat = counts.to(torch::kDouble).contiguous();
  const std::size_t size = nodes.outcomes.size();
  double score = 0;
  for (std::size_t j = 0; j < size; ++j) {
    score += family_score(nodes, j, mask_of(parents, size, j), own_outcomes(nodes, j),
                          flat.data_ptr<double>(), price);
  }
  return score;
}

std::vector<bool> best_network(const Nodes& nodes, const Tensor& counts, double price) {
  const Tensor flat = counts.to(torch::kDouble).contiguous();
  const std::size_t size = nodes.outcomes.size();
  const std::uint32_t sets = 1U << size;
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  std::vector<double> information(sets,
                                  0);  // of a set of nodes: sum n log n of its marginal counts
  std::vector<double> outcomes(sets, 1);
  add_information(nodes, {flat.data_ptr<double>(), flat.data_ptr<double>() + nodes.joint}, sets - 1,
                  0, information);
  for (std::uint32_t set = 1; set < sets; ++set) {
    std::size_t first = 0;
    while ((set >> first & 1U) == 0) ++first;
    outcomes[set] = outcomes[set & (set - 1)] * nodes.outcomes[first];
  }
  // Per node and set of candidates: the best parents among them.
  std::vector<std::vector<double>> score(size, std::vector<double>(sets, kNever));
  std::vector<std::vector<std::uint32_t>> chosen(size, std::vector<std::uint32_t>(sets, 0));
  for (std::size_t j = 0; j < size; ++j) {
    for (std::uint32_t set = 0; set < sets; ++set) {
      if ((set >> j & 1U) != 0) continue;
      score[j][set] = information[set | 1U << j] - information[set] -
                      price * (nodes.outcomes[j] - 1) * outcomes[set];
      chosen[j][set] = set;
      for (std::size_t i = 0; i < size; ++i) {
        if ((set >> i & 1U) == 0) continue;
        const std::uint32_t rest = set & ~(1U << i);
        if (score[j][rest] < score[j][set]) continue;  // fewer parents win a tie
        score[j][set] = score[j][rest];
        chosen[j][set] = chosen[j][rest];
      }
    }
  }
  // Per set: the best network over it, and the node that comes last in it.
  std::vector<double> best(sets, kNever);
  std::vector<std::size_t> last(sets, 0);
  best[0] = 0;
  for (std::uint32_t set = 1; set < sets; ++set) {
    for (std::size_t j = 0; j < size; ++j) {
      if ((set >> j & 1U) == 0) continue;
      const std::uint32_t rest = set & ~(1U << j);
      if (best[rest] + score[j][rest] <= best[set]) continue;
      best[set] = best[rest] + score[j][rest];
      last[set] = j;
    }
  }
  std::vector<bool> parents(size * size, false);
  for (std::uint32_t set = sets - 1; set != 0; set &= ~(1U << last[set])) {
    const std::size_t j = last[set];
    const std::uint32_t from = chosen[j][set & ~(1U << j)];
    for (std::size_t i = 0; i < size; ++i) parents[i * size + j] = (from >> i & 1U) != 0;
  }
  return parents;
}

}  // namespace polycause
