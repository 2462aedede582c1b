#include "polycause/evaluate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/parallel.h"
#include "base/random.h"
#include "evaluate/correlation.h"
#include "evaluate/graph_distance.h"
#include "evaluate/kernel_ridge.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLeastParticipants = 30;
constexpr std::size_t kRidgeParticipants = 2000;

double mean_of(const std::vector<double>& values) {
  return values.empty() ? std::numeric_limits<double>::quiet_NaN()
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

Eigen::MatrixXd take(const std::vector<std::vector<double>>& columns,
                     const std::vector<std::size_t>& rows, std::size_t begin, std::size_t count) {
  Eigen::MatrixXd out(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    for (std::size_t i = 0; i < count; ++i) {
      out(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = columns[k][rows[begin + i]];
    }
  }
  return out;
}

/// Per latent of the truth.
struct Explained {
  std::vector<double> r2;
  std::vector<double> fitted;  // on the rows that the regression was fitted to
};

// Every column of `truth` (same modality) from `estimate`; rows with a missing cell are left out.
Explained explained_in_modality(const std::vector<std::vector<double>>& estimate,
                                const std::vector<std::vector<double>>& truth,
                                const std::vector<std::size_t>& order) {
  std::vector<std::vector<double>> scores;
  for (const std::vector<double>& column : estimate) scores.push_back(rank_normal(column));
  std::vector<std::size_t> rows;
  for (const std::size_t row : order) {
    bool complete = true;
    for (const auto& column : scores) complete = complete && !std::isnan(column[row]);
    for (const auto& column : truth) complete = complete && !std::isnan(column[row]);
    if (complete) rows.push_back(row);
  }
  const std::size_t train = std::min(kRidgeParticipants, rows.size() / 2);
  const std::size_t test = std::min(kRidgeParticipants, rows.size() - train);
  if (train < kLeastParticipants / 2) {
    const std::vector<double> none(truth.size(), std::numeric_limits<double>::quiet_NaN());
    return {none, none};
  }
  const KernelRidgeFit fit = kernel_ridge_r2(
      take(scores, rows, 0, train), take(truth, rows, 0, train), take(scores, rows, train, test),
      take(truth, rows, train, test), thread_count(0));
  return {{fit.r2.begin(), fit.r2.end()}, {fit.fitted.begin(), fit.fitted.end()}};
}

// `order` of the rows, which are aligned.
Explained explained(const Table& known, const Table& found, const std::vector<std::size_t>& order) {
  const auto groups_found = columns_by_modality(found);
  Explained all;
  all.r2.resize(known.columns.size());
  all.fitted.resize(known.columns.size());
  for (const auto& [modality, columns] : columns_by_modality(known)) {
    const std::string& name = modality;
    const auto group = std::find_if(groups_found.begin(), groups_found.end(),
                                    [&](const auto& one) { return one.first == name; });
    if (group == groups_found.end()) {
      throw DataError(found.name, 0, "",
                      "found no estimated latents of the modality '" + name +
                          "'; expected columns '" + name +
                          ".z1', ...; was it left out of the fit?");
    }
    std::vector<std::vector<double>> x;
    std::vector<std::vector<double>> y;
    for (const std::size_t k : group->second) x.push_back(found.columns[k].values);
    for (const std::size_t k : columns) y.push_back(known.columns[k].values);
    const Explained own = explained_in_modality(x, y, order);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      all.r2[columns[k]] = own.r2[k];
      all.fitted[columns[k]] = own.fitted[k];
    }
  }
  return all;
}

// `own` is of the solution that was selected without the truth.
PublishedScores by_the_papers_protocol(const Table& truth, const std::vector<Table>& others,
                                       std::uint64_t seed, const PublishedScores& own) {
  PublishedScores best = own;
  best.solutions = 1 + others.size();
  const Table* chosen = nullptr;
  for (const Table& other : others) {
    const auto [known, found] = common_participants(truth, other, kLeastParticipants);
    const double mcc = mean_of(match_within(known, found, pearson).strength);
    if (mcc <= best.mcc) continue;
    best.mcc = mcc;
    chosen = &other;
  }
  if (chosen == nullptr) return best;
  const auto [known, found] = common_participants(truth, *chosen, kLeastParticipants);
  Random random(seed, "evaluate.r2");
  best.r2 = mean_of(explained(known, found, random.permutation(known.rows())).fitted);
  return best;
}

}  // namespace

Scores evaluate(const Table& estimate, const Table& truth, const Graph* learned,
                const Graph* truth_graph, std::uint64_t seed, const std::vector<Table>& others) {
  // The order of the truth's rows, not the estimate's: scores do not depend on how a run wrote
  // them.
  const auto [known, found] = common_participants(truth, estimate, kLeastParticipants);
  if (known.columns.empty()) {
    throw DataError(truth.name, 0, "",
                    "found no latents in the truth; expected a column per latent");
  }
  const Matching by_rank = match_within(known, found, spearman);
  const Matching by_value = match_within(known, found, pearson);

  Scores scores;
  scores.participants = known.rows();
  scores.mcc_spearman = mean_of(by_rank.strength);
  scores.mcc_spearman_min = *std::min_element(by_rank.strength.begin(), by_rank.strength.end());
  scores.mcc = mean_of(by_value.strength);
  Random random(seed, "evaluate.r2");
  const Explained all = explained(known, found, random.permutation(known.rows()));
  for (std::size_t k = 0; k < known.columns.size(); ++k) {
    LatentScore score;
    const std::size_t partner = by_rank.partner[k];
    score.truth = known.columns[k].name;
    score.spearman = by_rank.strength[k];
    score.r2 = all.r2[k];
    if (partner != kNoPartner) {
      score.estimate = found.columns[partner].name;
      const double r = std::fabs(pearson(known.columns[k].values, found.columns[partner].values));
      score.pearson = std::isnan(r) ? 0.0 : r;
    }
    scores.latents.push_back(std::move(score));
  }
  scores.r2 = mean_of(all.r2);
  scores.published =
      by_the_papers_protocol(truth, others, seed, {scores.mcc, mean_of(all.fitted), 1});

  if (learned != nullptr && truth_graph != nullptr) {
    std::map<std::string, std::string> truth_of;
    // A name no truth can have: the edges of an estimate without partner are extra ones.
    for (const Column& column : found.columns) truth_of[column.name] = column.name + " (unmatched)";
    for (const LatentScore& score : scores.latents) {
      if (!score.estimate.empty()) truth_of[score.estimate] = score.truth;
    }
    const GraphDistance distance = graph_distance(*learned, *truth_graph, truth_of);
    scores.shd = distance.across;
    scores.shd_within = distance.within;
    scores.shd_skeleton = distance.skeleton;
    const auto right = static_cast<double>(distance.joined);
    const auto learned_pairs = static_cast<double>(distance.joined + distance.extra);
    const auto true_pairs =
        static_cast<double>(distance.joined + distance.skeleton - distance.extra);
    scores.edge_precision = right / learned_pairs;  // 0 / 0 is NaN, as promised
    scores.edge_recall = right / true_pairs;
    scores.edge_f1 = 2 * right / (learned_pairs + true_pairs);
  }
  return scores;
}

std::string scores_json(const Scores& scores) {
  using Json = nlohmann::ordered_json;  // NaN becomes null
  const auto count = [](std::int64_t value) { return value < 0 ? Json() : Json(value); };
  Json json;
  json["mcc_spearman"] = scores.mcc_spearman;
  json["mcc_spearman_min"] = scores.mcc_spearman_min;
  json["mcc"] = scores.mcc;
  json["r2"] = scores.r2;
  json["shd"] = count(scores.shd);
  json["shd_within"] = count(scores.shd_within);
  json["shd_skeleton"] = count(scores.shd_skeleton);
  json["edge_precision"] = scores.edge_precision;
  json["edge_recall"] = scores.edge_recall;
  json["edge_f1"] = scores.edge_f1;
  json["participants"] = scores.participants;
  json["paper_protocol"] = {{"mcc", scores.published.mcc},
                            {"r2", scores.published.r2},
                            {"solutions", scores.published.solutions}};
  json["latents"] = Json::array();
  for (const LatentScore& latent : scores.latents) {
    Json entry;
    entry["truth"] = latent.truth;
    entry["estimate"] = latent.estimate;
    entry["spearman"] = latent.spearman;
    entry["pearson"] = latent.pearson;
    entry["r2"] = latent.r2;
    json["latents"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

}  // namespace polycause
