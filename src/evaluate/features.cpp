#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "polycause/error.h"
#include "polycause/evaluate.h"
#include "polycause/evaluate_features.h"

namespace polycause {
namespace {

constexpr std::size_t kLeastParticipants = 30;

/// One discrete column: codes 0 .. outcomes - 1, -1 = unknown.
struct Discrete {
  std::string name;
  std::vector<int> codes;
  int outcomes = 0;
};

/// Best share of rows in which `a` and `b` are equal once b's outcomes are renamed; `renamed`
/// (optional) receives b in a's outcomes.
double matched_share(const Discrete& a, const Discrete& b, std::vector<int>* renamed = nullptr) {
  const auto rows = static_cast<std::size_t>(a.outcomes);
  const auto columns = static_cast<std::size_t>(b.outcomes);
  if (rows == 0 || columns == 0) return 0;
  std::vector<double> counts(rows * columns, 0.0);
  double known = 0;
  for (std::size_t i = 0; i < a.codes.size(); ++i) {
    if (a.codes[i] < 0 || b.codes[i] < 0) continue;
    counts[static_cast<std::size_t>(a.codes[i]) * columns + static_cast<std::size_t>(b.codes[i])] +=
        1;
    known += 1;
  }
  const std::vector<std::size_t> match = assign(counts, rows, columns);
  double right = 0;
  std::vector<int> name_of(columns, -1);
  for (std::size_t r = 0; r < rows; ++r) {
    if (match[r] == kNoPartner) continue;
    right += counts[r * columns + match[r]];
    name_of[match[r]] = static_cast<int>(r);
  }
  if (renamed != nullptr) {
    renamed->resize(b.codes.size());
    for (std::size_t i = 0; i < b.codes.size(); ++i)
      (*renamed)[i] = b.codes[i] < 0 ? -1 : name_of[static_cast<std::size_t>(b.codes[i])];
  }
  return known > 0 ? right / known : 0;
}

/// Partner of every column of `a` among those of `b`.
std::vector<std::size_t> matched_columns(const std::vector<Discrete>& a,
                                         const std::vector<Discrete>& b,
                                         std::vector<double>& shares) {
  std::vector<double> weights(a.size() * b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j)
      weights[i * b.size() + j] = matched_share(a[i], b[j]);
  }
  const std::vector<std::size_t> match = assign(weights, a.size(), b.size());
  shares.assign(a.size(), 0.0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (match[i] != kNoPartner) shares[i] = weights[i * b.size() + match[i]];
  }
  return match;
}

bool is_probability(const std::string& name) {
  return name.size() > 2 && name.compare(name.size() - 2, 2, ".p") == 0;
}

std::vector<Discrete> discrete(const Table& table, const std::vector<std::size_t>& rows) {
  std::vector<Discrete> out;
  for (const Column& column : table.columns) {
    if (is_probability(column.name)) continue;
    Discrete one;
    one.name = column.name;
    std::map<double, int> codes;
    for (const std::size_t row : rows) {
      if (!std::isnan(column.values[row])) codes.emplace(column.values[row], 0);
    }
    for (auto& [value, code] : codes) code = one.outcomes++;
    for (const std::size_t row : rows) {
      const double value = column.values[row];
      one.codes.push_back(std::isnan(value) ? -1 : codes.at(value));
    }
    out.push_back(std::move(one));
  }
  return out;
}

/// How two nodes are joined: 0 not, 1 first -> second, 2 second -> first, 3 without direction.
using Marks = std::map<std::pair<std::string, std::string>, int>;

void join(Marks& marks, std::string a, std::string b, int how) {
  if (b < a) {
    std::swap(a, b);
    if (how != 3) how = 3 - how;
  }
  marks[{a, b}] = how;
}

Marks class_of_truth(const Graph& graph) {
  const std::size_t size = graph.nodes.size();
  std::vector<bool> parents(size * size, false);
  for (const Edge& edge : graph.edges) parents[edge.source * size + edge.target] = true;
  const std::vector<bool> identified = identified_edges(parents, size);
  Marks marks;
  for (const Edge& edge : graph.edges) {
    join(marks, graph.nodes[edge.source].id, graph.nodes[edge.target].id,
         identified[edge.source * size + edge.target] ? 1 : 3);
  }
  return marks;
}

Marks marks_of(const Graph& graph, const std::map<std::string, std::string>& truth_of) {
  const auto named = [&](std::size_t node) {
    const auto found = truth_of.find(graph.nodes[node].id);
    return found == truth_of.end() ? "(" + graph.nodes[node].id + ")" : found->second;
  };
  Marks marks;
  for (const Edge& edge : graph.edges) {
    const bool to = edge.mark_target == Mark::kArrow && edge.mark_source == Mark::kTail;
    const bool from = edge.mark_source == Mark::kArrow && edge.mark_target == Mark::kTail;
    join(marks, named(edge.source), named(edge.target), to ? 1 : from ? 2 : 3);
  }
  return marks;
}

}  // namespace

FeatureScores evaluate_features(const Table& found, const Table& truth, const Graph* learned,
                                const Graph* truth_graph) {
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < truth.ids.size(); ++i) place.emplace(truth.ids[i], i);
  std::vector<std::size_t> own;
  std::vector<std::size_t> true_rows;
  for (std::size_t i = 0; i < found.ids.size(); ++i) {
    const auto at = place.find(found.ids[i]);
    if (at == place.end()) continue;
    own.push_back(i);
    true_rows.push_back(at->second);
  }
  if (own.size() < kLeastParticipants) {
    throw DataError(fmt::format(
        "evaluate: {} participants are in both tables of features; expected at least {}; compare "
        "the run with the truth of its own data",
        own.size(), kLeastParticipants));
  }
  const std::vector<Discrete> estimates = discrete(found, own);
  const std::vector<Discrete> truths = discrete(truth, true_rows);
  FeatureScores scores;
  scores.participants = own.size();
  std::vector<double> shares;
  const std::vector<std::size_t> match = matched_columns(truths, estimates, shares);
  std::vector<bool> all_right(own.size(), true);
  std::map<std::string, std::string> truth_of;
  for (std::size_t i = 0; i < truths.size(); ++i) {
    FeatureScore score;
    score.truth = truths[i].name;
    score.accuracy = shares[i];
    std::vector<double> counts(static_cast<std::size_t>(truths[i].outcomes), 0.0);
    for (const int code : truths[i].codes) {
      if (code >= 0) counts[static_cast<std::size_t>(code)] += 1;
    }
    if (!counts.empty())
      score.chance =
          *std::max_element(counts.begin(), counts.end()) / static_cast<double>(own.size());
    std::vector<int> renamed(own.size(), -1);
    if (match[i] != kNoPartner) {
      score.estimate = estimates[match[i]].name;
      truth_of[score.estimate] = score.truth;
      matched_share(truths[i], estimates[match[i]], &renamed);
    }
    for (std::size_t d = 0; d < own.size(); ++d)
      all_right[d] = all_right[d] && renamed[d] >= 0 && renamed[d] == truths[i].codes[d];
    scores.accuracy += shares[i] / static_cast<double>(truths.size());
    scores.nodes.push_back(std::move(score));
  }
  scores.joint_accuracy =
      static_cast<double>(std::count(all_right.begin(), all_right.end(), true)) /
      static_cast<double>(own.size());
  if (learned == nullptr || truth_graph == nullptr) return scores;
  std::vector<std::string> measured;
  std::map<std::string, std::string> itself;
  for (const Discrete& one : truths) {
    measured.push_back(one.name);
    itself.emplace(one.name, one.name);
  }
  const bool hidden = truth_graph->nodes.size() > measured.size();
  // Effects of a hidden cause cannot be separated: they count as joined, by no direction.
  const Marks right = hidden ? marks_of(observable_neighbours(*truth_graph, measured), itself)
                             : class_of_truth(*truth_graph);
  const Marks ours = marks_of(*learned, truth_of);
  scores.shd_skeleton = 0;
  scores.shd_class = 0;
  for (const auto& [pair, how] : right) {
    const auto same = ours.find(pair);
    scores.shd_skeleton += same == ours.end();
    scores.shd_class += same == ours.end() || same->second != how;
  }
  for (const auto& [pair, how] : ours) {
    if (right.count(pair) > 0) continue;
    ++scores.shd_skeleton;
    ++scores.shd_class;
  }
  if (hidden) scores.shd_class = -1;
  return scores;
}

std::string feature_scores_json(const FeatureScores& scores) {
  using Json = nlohmann::ordered_json;
  const auto count = [](std::int64_t n) { return n < 0 ? Json(nullptr) : Json(n); };
  Json json = {{"feature_accuracy", scores.accuracy},
               {"feature_joint_accuracy", scores.joint_accuracy},
               {"feature_shd_skeleton", count(scores.shd_skeleton)},
               {"feature_shd_class", count(scores.shd_class)},
               {"participants", scores.participants},
               {"features", Json::array()}};
  for (const FeatureScore& node : scores.nodes) {
    json["features"].push_back({{"truth", node.truth},
                                {"estimate", node.estimate},
                                {"accuracy", node.accuracy},
                                {"chance", node.chance}});
  }
  return json.dump(2) + "\n";
}

std::vector<double> feature_agreement(const std::vector<int>& a, const std::vector<int>& outcomes_a,
                                      const std::vector<int>& b, const std::vector<int>& outcomes_b,
                                      std::vector<std::size_t>* partner) {
  const auto columns = [](const std::vector<int>& values, const std::vector<int>& outcomes) {
    std::vector<Discrete> out(outcomes.size());
    for (std::size_t j = 0; j < outcomes.size(); ++j) {
      out[j].outcomes = outcomes[j];
      for (std::size_t i = j; i < values.size(); i += outcomes.size())
        out[j].codes.push_back(values[i]);
    }
    return out;
  };
  std::vector<double> shares;
  const std::vector<std::size_t> match =
      matched_columns(columns(a, outcomes_a), columns(b, outcomes_b), shares);
  if (partner != nullptr) *partner = match;
  return shares;
}

std::vector<bool> identified_edges(const std::vector<bool>& parents, std::size_t n) {
  const auto adjacent = [&](std::size_t a, std::size_t b) {
    return parents[a * n + b] || parents[b * n + a];
  };
  std::vector<bool> known(n * n, false);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        if (a == b || !parents[a * n + j] || !parents[b * n + j] || adjacent(a, b)) continue;
        known[a * n + j] = true;
      }
    }
  }
  // Meek's rules 1 to 3 for i -> j; the fourth needs background knowledge.
  const auto follows = [&](std::size_t i, std::size_t j) {
    for (std::size_t k = 0; k < n; ++k) {
      if (known[k * n + i] && k != j && !adjacent(k, j)) return true;
      if (known[i * n + k] && known[k * n + j]) return true;
      for (std::size_t l = 0; l < k; ++l) {
        const bool free = adjacent(i, k) && adjacent(i, l) && !known[i * n + k] &&
                          !known[k * n + i] && !known[i * n + l] && !known[l * n + i];
        if (free && !adjacent(k, l) && known[k * n + j] && known[l * n + j]) return true;
      }
    }
    return false;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (!parents[i * n + j] || known[i * n + j] || !follows(i, j)) continue;
        known[i * n + j] = true;
        changed = true;
      }
    }
  }
  return known;
}

}  // namespace polycause
