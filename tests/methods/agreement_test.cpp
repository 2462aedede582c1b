#include "methods/agreement.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "methods/standards.h"

namespace polycause {
namespace {

/// One latent that everybody has and two that the participants `measured` have, (n, 3).
std::vector<float> rarely_measured(std::size_t n, std::size_t every) {
  Random random(81, "rare");
  std::vector<float> z;
  for (std::size_t i = 0; i < n; ++i) {
    z.push_back(static_cast<float>(random.normal()));
    for (int k = 0; k < 2; ++k) {
      const auto value = static_cast<float>(random.normal());
      z.push_back(i % every == 7 ? value : std::nanf(""));
    }
  }
  return z;
}

// A sample of all participants would hold two of those who have the second modality.
TEST(MatchedAgreement, IsOverThoseWhoHaveTheModality) {
  const std::vector<float> z = rarely_measured(50000, 1000);
  std::vector<float> swapped = z;
  for (std::size_t i = 0; i < swapped.size(); i += 3) std::swap(swapped[i + 1], swapped[i + 2]);
  std::vector<std::size_t> partner;
  const std::vector<double> each = matched_agreement(z, swapped, {1, 2}, &partner);
  for (const double r : each) EXPECT_DOUBLE_EQ(r, 1);
  EXPECT_EQ(partner, (std::vector<std::size_t>{0, 2, 1}));
}

TEST(MatchedAgreement, ALatentWithoutSpreadAgreesWithNothing) {
  std::vector<float> z = rarely_measured(500, 10);
  for (std::size_t i = 0; i < z.size(); i += 3) z[i] = 1;
  EXPECT_EQ(matched_agreement(z, z, {1, 2})[0], 0);
}

TEST(Standards, ASignThatAReaderCanFollowAmongTheFewWhoHaveIt) {
  const std::size_t n = 50000;
  const std::vector<float> z = rarely_measured(n, 1000);
  Table table;
  table.columns.resize(2);
  table.columns[1].type = ColumnType::kCategorical;  // its codes have no direction
  for (std::size_t i = 0; i < n; ++i) {
    table.columns[0].values.push_back(-static_cast<double>(z[3 * i + 1]));
    table.columns[1].values.push_back(static_cast<double>(z[3 * i + 2]));
  }
  EXPECT_EQ(readable_sign(z, 3, 1, {&table}), -1);
  table.columns.erase(table.columns.begin());
  EXPECT_EQ(readable_sign(z, 3, 1, {&table}), 1);
  const std::vector<Standard> found = standards(z, 3);
  EXPECT_NEAR(found[1].mean, 0, 0.5);
  EXPECT_NEAR(found[1].sd, 1, 0.4);
}

}  // namespace
}  // namespace polycause
