#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/terminal.h"
#include "data/visits.h"

namespace polycause::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double value, int digits = 3) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "";
}

Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

const char* arrow(const Edge& edge) {
  static const char* const kForms[3][3] = {
      {"---", "-->", "--o"}, {"<--", "<->", "<-o"}, {"o--", "o->", "o-o"}};
  const auto index = [](Mark mark) {
    return mark == Mark::kTail ? 0 : mark == Mark::kArrow ? 1 : 2;
  };
  return kForms[index(edge.mark_source)][index(edge.mark_target)];
}

double weight(const Edge& edge) {
  return std::isfinite(edge.strength) ? std::fabs(edge.strength) : -1;
}

}  // namespace

std::string edge_lines(const Graph& graph, std::size_t most, std::size_t participants) {
  std::vector<std::size_t> order(graph.edges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return weight(graph.edges[a]) > weight(graph.edges[b]);
  });
  const auto any = [&](double Edge::*number) {
    return std::any_of(graph.edges.begin(), graph.edges.end(),
                       [&](const Edge& edge) { return std::isfinite(edge.*number); });
  };
  const bool counted = any(&Edge::n);
  const bool repeated = any(&Edge::stability);
  const auto row = [&](std::vector<std::string> first, const std::string& n,
                       const std::string& stability, const std::string& kind) {
    if (counted) first.push_back(n);
    if (repeated) first.push_back(stability);
    first.push_back(kind);
    return first;
  };
  std::vector<std::vector<std::string>> rows{
      row({"edge", "", "", "strength"}, "n", "stability", "kind")};
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) {
    const Edge& edge = graph.edges[order[i]];
    const bool few = 2 * edge.n < static_cast<double>(participants);
    rows.push_back(row({graph.nodes[edge.source].id, arrow(edge), graph.nodes[edge.target].id,
                        number(edge.strength)},
                       number(edge.n, 0) + (few ? fmt::format(" of {}", participants) : ""),
                       number(edge.stability, 2), edge.kind));
  }
  std::string text = order.empty() ? "no edges\n" : aligned(rows);
  if (order.size() > most) text += fmt::format("... and {} more\n", order.size() - most);
  return text;
}

namespace {

/// Of a method that finds discrete features.
std::string features_text(const Study& study, const Fit& fit) {
  const Features& features = *fit.features;
  std::vector<std::vector<std::string>> rows{{"feature", "outcomes", "how often each"}};
  const std::vector<std::vector<double>> each = outcome_probabilities(features.network);
  for (std::size_t i = 0; i < each.size(); ++i) {
    std::string shares;
    for (const double p : each[i]) shares += (shares.empty() ? "" : " ") + number(p, 2);
    rows.push_back({features.network.nodes[i].name, fmt::format("{}", each[i].size()), shares});
  }
  std::vector<std::vector<std::string>> parts{
      {"modality", "R2", "R2 by the other modalities alone (held out)"}};
  for (const ClusterMeans& means : features.decoded)
    parts.push_back({means.modality, number(means.explained), number(means.predicted)});
  const std::string again = fit.branches.size() > 1 ? number(features.agreement) : "";
  return fmt::format(
      "{}: {}, held-out bound {} nat per participant, latents tell {} nat of the "
      "outcomes{}\n\n{}\n{}\n{}",
      study.spec.name, whom(study), number(features.bound, 2), number(features.information, 2),
      again.empty() ? "" : ", restarts agree in " + again + " of the features", aligned(rows),
      aligned(parts), edge_lines(fit.learned, 40));
}

/// Restarts, "2 and 1 rival" or "1 rival": branches of the reported restart are no repetition.
std::string compared_with(const LatentReport& latent) {
  const std::size_t restarts = latent.replicates - latent.rivals;
  if (latent.rivals == 0) return fmt::format("{}", restarts);
  return fmt::format("{}{} rival{}", restarts > 0 ? fmt::format("{} and ", restarts) : "",
                     latent.rivals, latent.rivals == 1 ? "" : "s");
}

}  // namespace

std::string fit_text(const Study& study, const Fit& fit) {
  if (fit.features) return features_text(study, fit);
  std::vector<std::vector<std::string>> rows{{"latent", "agreement", "least", "compared with",
                                              "R2 by the other modalities",
                                              "expected with the truth"}};
  for (const LatentReport& latent : fit.latents) {
    const bool compared = latent.replicates > 0;
    rows.push_back({latent.name, compared ? number(latent.agreement) : "",
                    compared ? number(latent.agreement_min) : "", compared_with(latent),
                    number(latent.predicted_r2),
                    std::isnan(latent.expected) ? "" : number(latent.expected)});
  }
  std::vector<std::string> fitted;
  for (std::size_t m = 0; m < std::min(study.modalities.size(), fit.reconstruction_r2.size());
       ++m) {
    if (std::isnan(fit.reconstruction_r2[m])) continue;  // the method has no decoder
    fitted.push_back(
        fmt::format("{} {}", study.modalities[m].name, number(fit.reconstruction_r2[m])));
  }
  const std::string prior = fit.prior.empty() ? "" : fmt::format(", {} prior", fit.prior);
  const std::string decoded =
      fitted.empty() ? ""
                     : fmt::format(", held-out reconstruction R2: {}", fmt::join(fitted, ", "));
  return fmt::format("{}: {}{}{}\n\n{}\n{}", study.spec.name, whom(study), prior, decoded,
                     aligned(rows), edge_lines(fit.learned, 40));
}

Json fit_json(const Study& study, const Fit& fit) {
  Json json = {{"study", study.spec.name}, {"participants", study.participants()},
               {"prior", fit.prior},       {"latents", Json::array()},
               {"edges", Json::array()},   {"warnings", Json::array()}};
  for (const LatentReport& latent : fit.latents) {
    json["latents"].push_back({{"name", latent.name},
                               {"agreement", finite(latent.agreement)},
                               {"agreement_min", finite(latent.agreement_min)},
                               {"replicates", latent.replicates},
                               {"predicted_r2", finite(latent.predicted_r2)},
                               {"expected", finite(latent.expected)},
                               {"expected_low", finite(latent.expected_low)}});
  }
  for (const Edge& edge : fit.learned.edges) {
    json["edges"].push_back({{"source", fit.learned.nodes[edge.source].id},
                             {"target", fit.learned.nodes[edge.target].id},
                             {"strength", finite(edge.strength)}});
  }
  for (const Warning& warning : fit.warnings) {
    json["warnings"].push_back({{"code", warning.code}, {"text", warning.text}});
  }
  return json;
}

std::string scores_text(const Scores& scores) {
  const auto count = [](std::int64_t value) { return value < 0 ? "" : fmt::format("{}", value); };
  std::string text =
      aligned({{"score", "value", "meaning"},
               {"mcc_spearman", number(scores.mcc_spearman),
                "mean |rank correlation| with the true latents"},
               {"mcc_spearman_min", number(scores.mcc_spearman_min), "of the worst latent"},
               {"mcc", number(scores.mcc), "the same with Pearson's correlation"},
               {"r2", number(scores.r2), "true latents explained by the estimated ones"},
               {"shd", count(scores.shd), "edges between modalities missing, extra or reversed"},
               {"shd_within", count(scores.shd_within), "edges inside a modality"},
               {"edge_f1", number(scores.edge_f1),
                "of the pairs joined between modalities: precision and recall, harmonic mean"}});
  std::vector<std::vector<std::string>> rows{
      {"true latent", "estimate", "spearman", "pearson", "r2"}};
  for (const LatentScore& latent : scores.latents) {
    rows.push_back({latent.truth, latent.estimate, number(latent.spearman), number(latent.pearson),
                    number(latent.r2)});
  }
  const PublishedScores& paper = scores.published;
  return text + "\n" + aligned(rows) +
         fmt::format(
             "\nby the paper's protocol: mcc {}, r2 {} (best of {} by Pearson's mcc; r2 on the "
             "participants fitted)\n",
             number(paper.mcc), number(paper.r2),
             paper.solutions == 1 ? "1 solution" : fmt::format("{} solutions", paper.solutions));
}

std::string feature_scores_text(const FeatureScores& scores) {
  const auto count = [](std::int64_t value) { return value < 0 ? "" : fmt::format("{}", value); };
  std::string text =
      aligned({{"score", "value", "meaning"},
               {"feature_accuracy", number(scores.accuracy), "share of right outcomes, matched"},
               {"feature_joint_accuracy", number(scores.joint_accuracy),
                "share of participants with all right"},
               {"feature_shd_skeleton", count(scores.shd_skeleton),
                "pairs of features joined in one network only"},
               {"feature_shd_class", count(scores.shd_class),
                "the same, and those with another direction where it is identified"}});
  std::vector<std::vector<std::string>> rows{{"true feature", "estimate", "accuracy", "chance"}};
  for (const FeatureScore& node : scores.nodes)
    rows.push_back({node.truth, node.estimate, number(node.accuracy), number(node.chance)});
  return text + "\n" + aligned(rows);
}

}  // namespace polycause::cli
