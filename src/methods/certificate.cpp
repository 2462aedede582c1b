#include "methods/certificate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace polycause {
namespace {

// Least squares over 167 latents of 30 simulated studies; the largest |r| keeps atanh finite.
constexpr double kIntercept = -0.121;
constexpr double kAgreement = 0.502;
constexpr double kPredicted = 0.412;
constexpr double kLogParticipants = 0.109;
constexpr double kTenth = 0.38;  // tenth percentile of the left-out residuals, sign turned
constexpr double kLargest = 0.998;
constexpr std::size_t kFewest = 300;  // people: the calibrated sizes
constexpr std::size_t kMost = 5000;   // beyond, the formula stays where it ends

double fisher(double r) { return std::atanh(std::clamp(r, 0.0, kLargest)); }

}  // namespace

Certificate certificate_of(const LatentReport& latent, std::size_t people) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (latent.replicates == latent.rivals || people < kFewest) return {kNan, kNan};
  const auto n = static_cast<double>(std::min(people, kMost));
  // What is not known of the other modalities' prediction counts as none.
  const double predicted = std::isnan(latent.predicted_r2) ? 0.0 : latent.predicted_r2;
  const double z = kIntercept + kAgreement * fisher(latent.agreement) +
                   kPredicted * fisher(std::sqrt(std::max(0.0, predicted))) +
                   kLogParticipants * std::log(n);
  return {std::tanh(std::max(0.0, z)), std::tanh(std::max(0.0, z - kTenth))};
}

}  // namespace polycause
