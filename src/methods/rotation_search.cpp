#include "methods/rotation_search.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "base/spread.h"
#include "methods/latent_layout.h"
#include "model/subspace.h"

namespace polycause {
namespace {

constexpr int kStarts = 8;
constexpr int kSteps = 200;  // of an attempt, times the square of the breadth
constexpr int kBatch = 512;
constexpr double kRate = 0.02;
constexpr double kPriorFactor = 1.5;
constexpr double kPrice = 0.02;
constexpr std::size_t kRows = 20000;  // of the training set; a linear map needs no more

double held_out(const Density& density, const Codes& codes,
                const std::vector<std::uint32_t>& rows) {
  return density.decompose(codes, rows).mean_nll();
}

}  // namespace

double search_rotation(Density& density, const Codes& codes, const Split& split, const Unit& unit,
                       Watch& watch) {
  if (density.shape().prior != PriorKind::kAdditive)
    return held_out(density, codes, split.validation);
  const std::vector<int>& latents = density.shape().latents;
  const std::size_t total = static_cast<std::size_t>(density.latents());
  // Participants of the search, renumbered 0, 1, ...: training rows first.
  std::vector<std::uint32_t> rows = spread(split.train, kRows);
  const std::size_t fitted = rows.size();
  const std::vector<std::uint32_t> held = spread(split.validation, kRows);
  rows.insert(rows.end(), held.begin(), held.end());
  Split part;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    (i < fitted ? part.train : part.validation).push_back(static_cast<std::uint32_t>(i));
  }
  const std::vector<std::uint32_t> held_out_rows(rows.begin() + static_cast<std::ptrdiff_t>(fitted),
                                                 rows.end());
  const std::vector<float> z = density.decompose(codes, rows).z;
  std::vector<std::vector<double>> means(latents.size());
  std::vector<std::vector<double>> maps(latents.size());
  Codes frozen;
  frozen.participants = rows.size();
  frozen.conditions.count = codes.conditions.count;
  for (const std::uint32_t row : rows) {
    const auto from =
        codes.conditions.values.begin() + static_cast<std::ptrdiff_t>(row * codes.conditions.count);
    frozen.conditions.values.insert(frozen.conditions.values.end(), from,
                                    from + static_cast<std::ptrdiff_t>(codes.conditions.count));
  }
  for (std::size_t m = 0; m < latents.size(); ++m) {
    const auto k = static_cast<std::size_t>(latents[m]);
    const auto first = static_cast<std::size_t>(density.first_latent(m));
    whitening(z, total, first, latents[m], part.train, means[m], maps[m]);
    std::vector<float> u(rows.size() * k);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t b = 0; b < k; ++b) {
        double s = 0;
        for (std::size_t a = 0; a < k; ++a) {
          s += (static_cast<double>(z[i * total + first + a]) - means[m][a]) * maps[m][a * k + b];
        }
        u[i * k + b] = static_cast<float>(s);
      }
    }
    frozen.width.push_back(latents[m]);
    frozen.u.push_back(std::move(u));
  }
  DensityShape shape = density.shape();
  shape.privates.assign(latents.size(), 0);
  shape.layers_per_width = 0;
  Schedule schedule;
  // k latents have k (k - 1) / 2 planes to turn in.
  schedule.epochs = static_cast<int>(kSteps * breadth(latents) * breadth(latents));
  schedule.max_steps = schedule.epochs;
  schedule.batch = kBatch;
  schedule.rate = kRate;
  schedule.prior_factor = kPriorFactor;
  schedule.group_lasso = kPrice;
  const Checkpoint nowhere("", 0);
  Watch silent(nullptr, 1);
  double best = 0;
  Density winner(shape);
  for (int s = 0; s < kStarts; ++s) {
    watch.check();
    Density trial(shape);
    const Unit search{fmt::format("{}/rotation{}", unit.name, s), unit.seed};
    Random random(unit.seed, search.name);
    trial.initialise(random);
    for (std::size_t m = 0; m < latents.size(); ++m) {
      trial.append_rotation(m, std::vector<double>(static_cast<std::size_t>(latents[m]), 0.0),
                            random_rotation(latents[m], random));
    }
    optimise(trial, frozen, part, schedule, search, nowhere, silent);
    const double objective = held_out(trial, frozen, part.validation) + kPrice * trial.group_norm();
    if (s == 0 || objective < best) {
      best = objective;
      winner = trial;
    }
  }
  // The winner maps whitened latents; written as a map of the head's own latents.
  for (std::size_t m = 0; m < latents.size(); ++m) {
    const int k = latents[m];
    density.append_rotation(m, means[m], rotate_first(maps[m], k, winner.rotation(m), k));
  }
  density.copy_prior(winner);
  return held_out(density, codes, held_out_rows) + kPrice * density.group_norm();
}

}  // namespace polycause
