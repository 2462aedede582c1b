// What is measured in a picture or a recording, so that a report can say what a latent is about.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "polycause/blocks.h"
#include "polycause/table.h"

namespace polycause {

/// Of every channel of a picture: mean, sd, x and y (centre of brightness, 0 .. 1 from the left and
/// the top). Of every channel of a series: mean, sd, p05, p95, lag1 (autocorrelation of
/// neighbours), missing (share). Named "red_mean", "spo2_p05".
class Descriptors {
 public:
  Descriptors(const BlockShape& shape, std::size_t participants);

  /// values (channels, height, width). May run in parallel for different rows.
  void describe(std::size_t row, const float* values);

  /// Rows that were not described are missing.
  Table take();

 private:
  void describe_image(std::size_t row, const float* values);
  void describe_series(std::size_t row, const float* values);

  BlockShape shape_;
  Table table_;
};

}  // namespace polycause
