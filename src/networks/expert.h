// Decoders that are a law of physics ("experts"): a curve with a few parameters per cluster of
// `pima`, in place of a network. What the bound needs of a modality x (n, width) with
// responsibilities gamma (n, K) is, per cluster c and point p,
//
//   weight_p = sum_d gamma_dc,  mean_p = sum_d gamma_dc x_dp / weight_p      over those that have
//   p,
//
// because sum_d gamma_dc |x_dp - f_p|^2 = weight_p (mean_p - f_p)^2 + what no parameter changes.
// So an expert only ever fits one curve at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "polycause/expert.h"

namespace polycause {

/// Immutable: fitting and predicting are safe from several threads, and use no random numbers.
class Expert {
 public:
  virtual ~Expert() = default;
  /// (P,) names for report and files, such as {"slope", "intercept"}.
  virtual const std::vector<std::string>& parameter_names() const = 0;
  std::size_t parameters() const { return parameter_names().size(); }
  /// Points of the curve, as given to `make_expert`.
  virtual std::size_t width() const = 0;

  /// parameters (P,) -> curve (width,).
  virtual void predict(const double* parameters, double* curve) const = 0;

  /// Least squares: parameters (P,) that minimise sum_p weight_p (mean_p - f_p(parameters))^2, up
  /// to a ridge that keeps them finite. mean (width,), weight (width,) >= 0; points of weight 0
  /// have no meaning in `mean`. `parameters` holds the values of the previous block update, from
  /// which a search may start (all NaN at first), and is never left worse than it was.
  virtual void fit(const double* mean, const double* weight, double* parameters) const = 0;
};

/// `at` (width,): where the points are. Series: seconds if the study gives a rate, otherwise the
/// share of the length in 0 .. 1; tables: ExpertSpec::at, otherwise 0 .. 1. Throws ConfigError
/// (unknown decoder, a formula that cannot be read, a build without muParser).
std::unique_ptr<Expert> make_expert(const ExpertSpec& spec, const std::vector<double>& at);

/// Whether this build reads formulas (muParser).
bool has_formulas();

}  // namespace polycause
