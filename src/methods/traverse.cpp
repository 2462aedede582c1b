#include "polycause/traverse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "methods/model_impl.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kN = kTraversalLength;

/// Value of a latent as written in latents.csv <-> as the density knows it.
float raw_of(const Standard& s, double written) {
  return static_cast<float>(s.mean + s.sign * s.sd * written);
}
double written_of(const Standard& s, float raw) {
  return s.sign * (static_cast<double>(raw) - s.mean) / s.sd;
}

/// (steps, D): `latent` at kTraversalSteps, all others at 0.
std::vector<float> moved_alone(const Model::Impl& model, std::size_t latent) {
  const std::size_t latents = model.latents.size();
  std::vector<float> z(kN * latents);
  for (std::size_t s = 0; s < kN; ++s) {
    for (std::size_t j = 0; j < latents; ++j)
      z[s * latents + j] = raw_of(model.latents[j], j == latent ? kTraversalSteps[s] : 0);
  }
  return z;
}

/// Descendants of a latent, parents before children.
std::vector<std::size_t> descendants_of(const FittedModel& model, std::size_t latents,
                                        std::size_t latent) {
  std::vector<std::vector<int>> parents;
  for (std::size_t j = 0; j < latents; ++j) parents.push_back(model.parents(static_cast<int>(j)));
  std::vector<bool> moves(latents, false);
  moves[latent] = true;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t j = 0; j < latents; ++j) {
      const bool reached = std::any_of(parents[j].begin(), parents[j].end(),
                                       [&](int p) { return moves[static_cast<std::size_t>(p)]; });
      if (!reached || moves[j]) continue;
      moves[j] = true;
      more = true;
    }
  }
  std::vector<bool> known(latents);
  for (std::size_t j = 0; j < latents; ++j) known[j] = !moves[j] || j == latent;
  std::vector<std::size_t> order;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t j = 0; j < latents; ++j) {
      const bool ready = std::all_of(parents[j].begin(), parents[j].end(),
                                     [&](int p) { return known[static_cast<std::size_t>(p)]; });
      if (known[j] || !ready) continue;
      known[j] = true;
      order.push_back(j);
      more = true;
    }
  }
  return order;
}

void expect_finite(const std::vector<float>& values, const std::string& latent,
                   const std::string& modality) {
  if (std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) return;
  throw NumericError(
      fmt::format("traverse: what is expected of '{}' when '{}' moves is not finite; expected "
                  "numbers; the model is damaged or diverged: fit again",
                  modality, latent));
}

std::vector<ColumnResponse> columns_of(const Model::Impl& model, std::size_t modality,
                                       const std::vector<float>& cells) {
  std::vector<std::string> steps;
  for (const double step : kTraversalSteps) steps.push_back(fmt::format("{}", step));
  const Table table = model.encodings[modality].expected(cells, steps);
  const std::size_t width = table.columns.size();
  std::vector<ColumnResponse> columns;
  for (std::size_t j = 0; j < width; ++j) {
    const std::vector<double>& values = table.columns[j].values;
    columns.push_back({table.columns[j].name, values[kTraversalLow], values[kTraversalHigh],
                       static_cast<double>(cells[kTraversalHigh * width + j]) -
                           static_cast<double>(cells[kTraversalLow * width + j])});
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const ColumnResponse& a, const ColumnResponse& b) {
                     return std::fabs(a.scaled) > std::fabs(b.scaled);
                   });
  return columns;
}

/// What is expected of a modality at z (steps, D).
ModalityResponse response_of(const Model::Impl& model, std::size_t modality,
                             const std::vector<float>& z, const std::string& latent) {
  ModalityResponse response;
  response.modality = model.modalities[modality].name;
  std::vector<float> values = model.fitted->expected(modality, z);
  expect_finite(values, latent, response.modality);
  if (values.empty()) return response;  // the method has no decoder
  if (!model.modalities[modality].blocks) {
    response.columns = columns_of(model, modality, values);
    return response;
  }
  response.shape = model.modalities[modality].blocks->shape();
  response.blocks = std::move(values);
  return response;
}

}  // namespace

std::vector<std::string> latent_names(const Model& model) {
  if (model.impl().fitted && model.impl().fitted->shared_latents() > 0) return {};
  return names_of(model.modalities());
}

Traversal traverse(const Model& model, const std::string& latent) {
  const Model::Impl& impl = model.impl();
  const std::vector<std::string> names = latent_names(model);
  const auto found = std::find(names.begin(), names.end(), latent);
  if (found == names.end()) {
    throw ConfigError(
        names.empty() ? "traverse: the model is empty; expected a fitted one; fit or load it first"
                      : fmt::format("traverse: the model has no latent '{}'; expected one of {}",
                                    latent, fmt::join(names, ", ")));
  }
  const auto moved = static_cast<std::size_t>(found - names.begin());
  std::vector<std::size_t> modality_of;
  for (std::size_t m = 0; m < impl.modalities.size(); ++m)
    modality_of.insert(modality_of.end(), impl.modalities[m].latents, m);
  Traversal out;
  out.latent = latent;
  std::vector<float> z = moved_alone(impl, moved);
  out.held = response_of(impl, modality_of[moved], z, latent);
  std::vector<bool> follows(impl.modalities.size(), false);
  // Shared latents have no decoder of their own: all that show them move.
  const auto follow = [&](std::size_t modality) {
    follows[modality] = impl.modalities[modality].members.empty();
    for (const std::size_t member : impl.modalities[modality].members) follows[member] = true;
  };
  if (!impl.modalities[modality_of[moved]].members.empty()) follow(modality_of[moved]);
  for (const std::size_t j : descendants_of(*impl.fitted, names.size(), moved)) {
    const std::vector<float> values = impl.fitted->conditional_mean(static_cast<int>(j), z);
    expect_finite(values, latent, names[j]);
    for (std::size_t s = 0; s < kN; ++s) z[s * names.size() + j] = values[s];
    out.descendants.push_back({names[j], written_of(impl.latents[j], values[kTraversalLow]),
                               written_of(impl.latents[j], values[kTraversalHigh])});
    follow(modality_of[j]);
  }
  for (std::size_t m = 0; m < follows.size(); ++m) {
    if (follows[m]) out.following.push_back(response_of(impl, m, z, latent));
  }
  return out;
}

}  // namespace polycause
