#include "model/cross_prediction.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace polycause {
namespace {

/// Three modalities with 1, 2 and 1 latents: 1.z1 follows 0.z1 by a bend, 2.z1 follows 1.z1;
/// 1.z2 is alone.
std::vector<float> bent(std::size_t n, std::uint64_t seed = 5) {
  std::vector<float> z;
  Random random(seed, "bent");
  for (std::size_t i = 0; i < n; ++i) {
    const double a = random.normal();
    const double b = 3 + 2 * (std::tanh(2 * a) + 0.2 * random.normal());
    z.push_back(static_cast<float>(a));
    z.push_back(static_cast<float>(b));
    z.push_back(static_cast<float>(10 + random.normal()));
    z.push_back(static_cast<float>(-0.5 * b + 0.3 * random.normal()));
  }
  return z;
}

const std::vector<int> kLatents = {1, 2, 1};

std::vector<std::uint32_t> first_rows(std::uint32_t n) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < n; ++i) rows.push_back(i);
  return rows;
}

double r2(const std::vector<float>& z, const std::vector<float>& predicted, std::size_t latent,
          std::size_t from, std::size_t to) {
  double mean = 0;
  double total = 0;
  double rest = 0;
  const auto value = [&](const std::vector<float>& v, std::size_t i) {
    return static_cast<double>(v[i * 4 + latent]);
  };
  for (std::size_t i = from; i < to; ++i) mean += value(z, i) / static_cast<double>(to - from);
  for (std::size_t i = from; i < to; ++i) {
    total += std::pow(value(z, i) - mean, 2);
    rest += std::pow(value(z, i) - value(predicted, i), 2);
  }
  return 1 - rest / total;
}

TEST(CrossPrediction, FollowsBentRelationsAndClaimsNothingElse) {
  const std::vector<float> z = bent(4000);
  const CrossPrediction prediction(z, kLatents, first_rows(2000));
  const std::vector<float> found = prediction.predict(z, {});
  EXPECT_GT(r2(z, found, 1, 2000, 4000), 0.93);  // the noise leaves 0.05 without modality 2
  EXPECT_GT(r2(z, found, 3, 2000, 4000), 0.86);  // 0.9 is possible
  EXPECT_NEAR(r2(z, found, 2, 2000, 4000), 0, 0.02);
}

TEST(CrossPrediction, FewParticipantsGetMoreRidge) {
  double known = 0;
  double unknown = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<float> z = bent(1080, seed);
    const CrossPrediction prediction(z, kLatents, first_rows(80));
    const std::vector<float> found = prediction.predict(z, {});
    known += r2(z, found, 1, 80, 1080) / 10;
    unknown += r2(z, found, 2, 80, 1080) / 10;
  }
  EXPECT_GT(known, 0.92);
  EXPECT_GT(unknown, -0.08);  // 16 coefficients from 80 participants cost 0.25 without a ridge
}

/// Ten people with forty rows each, who differ a lot in latents that have nothing to do with each
/// other: rows of a person seen before are easily predicted, those of another one not at all.
TEST(CrossPrediction, RowsOfOnePersonAreInOneFold) {
  const auto squares = [](bool grouped) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      Random random(seed, "people");
      std::vector<float> z;
      std::vector<std::size_t> groups;
      for (std::size_t person = 0; person < 10; ++person) {
        const double level[] = {random.normal(), random.normal(), random.normal(), random.normal()};
        for (int row = 0; row < 40; ++row) {
          for (const double mean : level)
            z.push_back(static_cast<float>(mean + 0.1 * random.normal()));
          groups.push_back(person);
        }
      }
      if (!grouped) groups.clear();
      const CrossPrediction prediction(z, kLatents, first_rows(400), {}, groups);
      std::vector<float> independent(4000);
      Random fresh(seed, "others");
      for (float& value : independent) value = static_cast<float>(fresh.normal());
      sum += r2(independent, prediction.predict(independent, {}), 0, 0, 1000) / 10;
    }
    return sum;
  };
  EXPECT_GT(squares(true), squares(false) + 0.2);
}

TEST(CrossPrediction, UsesWhatIsThereAndNeverTheOwnModality) {
  std::vector<float> z = bent(2000);
  const CrossPrediction prediction(z, kLatents, first_rows(2000));
  const std::vector<float> all = prediction.predict(z, {});
  std::vector<std::uint8_t> present(2000 * 3, 1);
  for (std::size_t i = 0; i < 2000; ++i) {
    if (i % 4 == 1) present[i * 3] = 0;
    if (i % 4 == 2) present[i * 3] = present[i * 3 + 2] = 0;
    if (i % 4 == 3) present[i * 3 + 1] = 0;
  }
  for (std::size_t i = 0; i < z.size(); ++i) {
    const std::size_t modality = i % 4 == 0 ? 0 : i % 4 == 3 ? 2 : 1;
    if (present[i / 4 * 3 + modality] == 0) z[i] = std::nanf("");
  }
  const std::vector<float> some = prediction.predict(z, present);
  for (std::size_t i = 0; i < 2000; ++i) {
    if (i % 4 == 0) {
      for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(some[i * 4 + j], all[i * 4 + j]) << i;
    }
    if (i % 4 == 1) {  // modality 0 from 1 and 2 as before, 1 from 2 alone
      EXPECT_EQ(some[i * 4], all[i * 4]) << i;
      EXPECT_NE(some[i * 4 + 1], all[i * 4 + 1]) << i;
    }
    if (i % 4 == 2) {  // nothing says anything about modality 1
      EXPECT_TRUE(std::isnan(some[i * 4 + 1]) && std::isnan(some[i * 4 + 2])) << i;
      EXPECT_TRUE(std::isfinite(some[i * 4]) && std::isfinite(some[i * 4 + 3])) << i;
    }
    if (i % 4 == 3) {  // what the whole set says of an absent modality does not need it
      EXPECT_EQ(some[i * 4 + 1], all[i * 4 + 1]) << i;
    }
  }
}

TEST(CrossPrediction, NothingIsPredictedFromItsOwnSource) {
  const std::vector<float> z = bent(2000);
  CrossPrediction::OneSource one(3, std::vector<bool>(3, false));
  one[0][1] = one[1][0] = true;  // both read off the same measurements
  const CrossPrediction prediction(z, kLatents, first_rows(2000), one);
  const std::vector<float> found = prediction.predict(z, {});
  std::vector<std::uint8_t> last_only(2000 * 3, 1);
  for (std::size_t i = 0; i < 2000; ++i) last_only[3 * i] = 0;
  const std::vector<float> without = prediction.predict(z, last_only);
  for (std::size_t i = 0; i < 2000; ++i) EXPECT_EQ(found[4 * i + 1], without[4 * i + 1]);
  EXPECT_GT(r2(z, found, 0, 0, 2000), 0.5) << "by modality 2";
  const CrossPrediction again(kLatents, prediction.values(), one);
  EXPECT_EQ(again.predict(z, {}), found);
  one[0][2] = one[1][2] = true;
  const std::vector<float> none =
      CrossPrediction(z, kLatents, first_rows(2000), one).predict(z, {});
  EXPECT_TRUE(std::isnan(none[0]) && std::isnan(none[1]));
}

TEST(CrossPrediction, ComesBackFromItsValues) {
  const std::vector<float> z = bent(500);
  const CrossPrediction prediction(z, kLatents, first_rows(500));
  ASSERT_EQ(prediction.values().size(), CrossPrediction::size_of(kLatents));
  const CrossPrediction again(kLatents, prediction.values());
  EXPECT_EQ(again.predict(z, {}), prediction.predict(z, {}));
}

}  // namespace
}  // namespace polycause
