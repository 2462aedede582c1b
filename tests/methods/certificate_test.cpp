#include "methods/certificate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace polycause {
namespace {

LatentReport evidence(double agreement, double predicted, std::size_t replicates = 2) {
  LatentReport latent;
  latent.agreement = agreement;
  latent.predicted_r2 = predicted;
  latent.replicates = replicates;
  return latent;
}

TEST(Certificate, MoreEvidenceNeverExpectsLess) {
  const double base = certificate_of(evidence(0.9, 0.3), 1000).expected;
  EXPECT_GT(certificate_of(evidence(0.99, 0.3), 1000).expected, base);
  EXPECT_GT(certificate_of(evidence(0.9, 0.6), 1000).expected, base);
  EXPECT_GT(certificate_of(evidence(0.9, 0.3), 4000).expected, base);
}

TEST(Certificate, FollowsTheFormula) {
  const Certificate certificate = certificate_of(evidence(0.97, 0.49), 2000);
  const double z =
      -0.121 + 0.502 * std::atanh(0.97) + 0.412 * std::atanh(0.7) + 0.109 * std::log(2000.0);
  EXPECT_NEAR(certificate.expected, std::tanh(z), 1e-12);
  EXPECT_NEAR(certificate.low, std::tanh(z - 0.38), 1e-12);
}

TEST(Certificate, StaysACorrelationAtTheEnds) {
  for (const double agreement : {0.0, 0.5, 1.0}) {
    for (const double predicted : {-3.0, 0.0, 1.0, std::nan("")}) {
      for (const std::size_t n : {std::size_t{300}, std::size_t{10000000}}) {
        const Certificate certificate = certificate_of(evidence(agreement, predicted), n);
        EXPECT_GE(certificate.low, 0.0);
        EXPECT_LE(certificate.low, certificate.expected);
        EXPECT_LT(certificate.expected, 1.0);
      }
    }
  }
}

TEST(Certificate, SaysNothingOfFewerPeopleThanItWasCalibratedOn) {
  EXPECT_TRUE(std::isnan(certificate_of(evidence(0.99, 0.5), 299).expected));
  EXPECT_TRUE(std::isnan(certificate_of(evidence(0.99, 0.5), 299).low));
  EXPECT_FALSE(std::isnan(certificate_of(evidence(0.99, 0.5), 300).expected));
}

TEST(Certificate, SaysNothingWithoutRepetitions) {
  EXPECT_TRUE(std::isnan(certificate_of(evidence(1, 0.5, 0), 1000).expected));
}

}  // namespace
}  // namespace polycause
