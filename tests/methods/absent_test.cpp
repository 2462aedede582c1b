// Participants who lack whole modalities: they train what they have, and nothing is said of what
// they have not.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"
#include "methods/fixtures.h"
#include "polycause/error.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

/// Every participant for whom `lacks` says so loses the modality.
template <typename Lacks>
void take_away(Study& study, std::size_t modality, const Lacks& lacks) {
  Modality& m = study.modalities[modality];
  m.present.assign(study.participants(), true);
  for (std::size_t i = 0; i < study.participants(); ++i) {
    if (!lacks(i)) continue;
    m.present[i] = false;
    for (Column& column : m.table.columns)
      column.values[i] = std::numeric_limits<double>::quiet_NaN();
  }
}

/// Three modalities in a chain; each is absent for some.
Simulated with_gaps(std::int64_t participants, std::uint64_t seed) {
  SimulateOptions options = simulation_preset("free");
  options.participants = participants;
  options.modalities = 3;
  Simulated data = simulated("free", options, seed);
  for (std::size_t m = 0; m < 3; ++m)
    take_away(data.study, m, [&](std::size_t i) { return i % 10 == m || (i % 50 == 9 && m > 0); });
  return data;
}

bool same_values(const Table& a, const Table& b) {
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    for (std::size_t i = 0; i < a.rows(); ++i) {
      const double x = a.columns[c].values[i];
      const double y = b.columns[c].values[i];
      if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
    }
  }
  return a.columns.size() == b.columns.size();
}

TEST(Absent, NothingIsSaidOfAModalityThatIsNotThere) {
  const Simulated data = with_gaps(500, 3);
  for (const char* prior : {"additive", "general"}) {
    FitOptions options = hasty_options();
    options.prior = prior;
    const Fit fit = train(data.study, options);
    const Encoding& found = fit.encoding;
    for (std::size_t i = 0; i < 500; ++i) {
      for (std::size_t c = 0; c < 6; ++c) {
        const std::size_t m = c / 2;
        const bool has = data.study.modalities[m].has(i);
        EXPECT_EQ(std::isfinite(found.latents.columns[c].values[i]), has) << i << " " << c;
        if (!has) {
          EXPECT_TRUE(std::isnan(found.exogenous.columns[c].values[i]));
        }
        bool others = false;
        for (std::size_t o = 0; o < 3; ++o)
          others = others || (o != m && data.study.modalities[o].has(i));
        EXPECT_EQ(std::isfinite(found.predicted.columns[c].values[i]), others) << i << " " << c;
      }
      for (std::size_t m = 0; m < 3; ++m) {
        EXPECT_EQ(std::isfinite(found.private_parts.columns[m].values[i]),
                  data.study.modalities[m].has(i));
      }
    }
    // Mean 0, sd 1 over those who have it.
    for (const Column& column : found.latents.columns) {
      double sum = 0;
      double squares = 0;
      double n = 0;
      for (const double v : column.values) {
        if (std::isnan(v)) continue;
        sum += v;
        squares += v * v;
        n += 1;
      }
      EXPECT_NEAR(sum / n, 0, 1e-6);
      EXPECT_NEAR(squares / n, 1, 1e-5);
    }
  }
}

TEST(Absent, EncodesAsTheFitDidAlsoAfterLoading) {
  const Simulated data = with_gaps(500, 3);
  const Fit fit = train(data.study, hasty_options());
  const ScratchDirectory directory;
  fit.model.save(directory.path() + "/model");
  const Model model = Model::load(directory.path() + "/model");
  const Encoding again = encode(model, data.study);
  EXPECT_TRUE(same_values(again.latents, fit.encoding.latents));
  EXPECT_TRUE(same_values(again.private_parts, fit.encoding.private_parts));
  EXPECT_TRUE(same_values(again.exogenous, fit.encoding.exogenous));
  EXPECT_TRUE(same_values(again.predicted, fit.encoding.predicted));
  // Losing one modality leaves the latents of the others as they are, and what those predict.
  Study less = data.study;
  take_away(less, 2, [](std::size_t) { return true; });
  const Encoding rest = encode(model, less);
  for (std::size_t i = 0; i < 500; ++i) {
    for (std::size_t c = 0; c < 6; ++c) {
      const double before = again.latents.columns[c].values[i];
      const double now = rest.latents.columns[c].values[i];
      if (c >= 4 || std::isnan(before)) {
        EXPECT_TRUE(std::isnan(now));
      } else {
        EXPECT_EQ(now, before) << i << " " << c;
      }
      if (c < 4) continue;
      const double predicted = again.predicted.columns[c].values[i];
      if (std::isfinite(predicted)) {
        EXPECT_EQ(rest.predicted.columns[c].values[i], predicted);
      }
    }
  }
}

// Whoever has every cell of what they have leaves the encoder without a mask.
TEST(Absent, AnAbsentModalityIsNoGapInItsTable) {
  const Simulated data = with_gaps(400, 3);
  const Fit fit = train(data.study, hasty_options());
  // New participants with an empty cell: without a mask input it is read as the median.
  Study gap = data.study;
  std::vector<double>& cells = gap.modalities[0].table.columns[0].values;
  std::vector<double> present;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (std::isfinite(cells[i]) && !gap.validation[i]) present.push_back(cells[i]);
  }
  std::sort(present.begin(), present.end());
  const std::size_t half = present.size() / 2;
  const double median =
      present.size() % 2 == 1 ? present[half] : 0.5 * (present[half - 1] + present[half]);
  cells[5] = median;
  const double with_median = encode(fit.model, gap).latents.columns[0].values[5];
  cells[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NEAR(encode(fit.model, gap).latents.columns[0].values[5], with_median, 1e-5);
}

TEST(Absent, TheirPartsOfTheDataCount) {
  const Simulated data = with_gaps(1500, 2);
  const Fit fit = train(data.study, quick_options());
  Study changed = data.study;
  for (std::size_t i = 2; i < 1500; i += 10) {  // lack the last modality
    for (Column& column : changed.modalities[1].table.columns) column.values[i] *= 1.5;
  }
  const Fit other = train(changed, quick_options());
  EXPECT_FALSE(same_values(fit.encoding.latents, other.encoding.latents));
  const Scores scores = evaluate(fit.encoding.latents, data.truth.latents, nullptr, nullptr);
  EXPECT_GT(scores.mcc_spearman, 0.9);
  for (const LatentReport& latent : fit.latents) {
    EXPECT_GT(latent.predicted_r2, 0.1) << latent.name;
    EXPECT_LT(latent.predicted_r2, 0.95) << latent.name;
  }
}

TEST(Absent, OneThreadAndTwoGiveTheSameBytes) {
  const Simulated data = with_gaps(500, 5);
  FitOptions options = hasty_options();
  const Fit one = train(data.study, options);
  options.threads = 2;
  const Fit two = train(data.study, options);
  EXPECT_TRUE(same_values(one.encoding.latents, two.encoding.latents));
  EXPECT_TRUE(same_values(one.encoding.predicted, two.encoding.predicted));
}

TEST(Absent, TooFewWithEverythingIsAnErrorThatNamesTheRarestModality) {
  Simulated data = with_gaps(300, 3);
  take_away(data.study, 1, [](std::size_t i) { return i % 12 != 0; });
  try {
    train(data.study, hasty_options());
    ADD_FAILURE() << "accepted";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("'m2' is missing most (275 of 300)"),
              std::string::npos)
        << error.what();
  }
  // Nobody held out has everything.
  data = with_gaps(300, 3);
  take_away(data.study, 2, [&](std::size_t i) { return data.study.validation[i]; });
  EXPECT_THROW(train(data.study, hasty_options()), DataError);
}

}  // namespace
}  // namespace polycause
