// The short texts and JSON objects that commands print as their results.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "polycause/evaluate.h"
#include "polycause/evaluate_features.h"
#include "polycause/graph.h"
#include "polycause/model.h"
#include "polycause/study.h"

namespace polycause::cli {

/// One row per latent with its agreement between restarts, then the learned edges.
std::string fit_text(const Study& study, const Fit& fit);
nlohmann::ordered_json fit_json(const Study& study, const Fit& fit);

std::string scores_text(const Scores& scores);
std::string feature_scores_text(const FeatureScores& scores);

/// One line per edge, strongest first, at most `most` of them and a note on the rest. Where an edge
/// rests on fewer than half of `participants`, its n says of how many.
std::string edge_lines(const Graph& graph, std::size_t most, std::size_t participants = 0);

}  // namespace polycause::cli
