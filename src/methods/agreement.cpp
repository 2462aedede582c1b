#include "methods/agreement.h"

#include <algorithm>
#include <cmath>

#include "base/spread.h"
#include "polycause/evaluate.h"

namespace polycause {
namespace {

constexpr std::size_t kRows = 2000;  // settle a rank correlation to 0.02

}  // namespace

std::vector<double> matched_agreement(const std::vector<float>& a, const std::vector<float>& b,
                                      const std::vector<int>& latents,
                                      std::vector<std::size_t>* partner) {
  std::size_t total = 0;
  for (const int k : latents) total += static_cast<std::size_t>(k);
  const std::size_t participants = a.size() / std::max<std::size_t>(1, total);
  const auto column = [&](const std::vector<float>& z, const std::vector<std::size_t>& rows,
                          std::size_t j) {
    std::vector<double> values;
    for (const std::size_t row : rows) values.push_back(static_cast<double>(z[row * total + j]));
    return values;
  };
  std::vector<double> result(total);
  if (partner != nullptr) partner->resize(total);
  std::size_t first = 0;
  for (const int k : latents) {
    const auto size = static_cast<std::size_t>(k);
    std::vector<std::size_t> known;  // a modality may have been measured in few of many
    for (std::size_t i = 0; i < participants && k > 0; ++i) {
      if (!std::isnan(a[i * total + first]) && !std::isnan(b[i * total + first]))
        known.push_back(i);
    }
    const std::vector<std::size_t> rows = spread(known, kRows);
    std::vector<double> weights(size * size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::vector<double> x = column(a, rows, first + i);
      for (std::size_t j = 0; j < size; ++j) {
        const double r = std::fabs(spearman(x, column(b, rows, first + j)));
        weights[i * size + j] = std::isfinite(r) ? r : 0;  // of a latent that is the same in all
      }
    }
    const std::vector<std::size_t> match = assign(weights, size, size);
    for (std::size_t i = 0; i < size; ++i) {
      result[first + i] = weights[i * size + match[i]];
      if (partner != nullptr) (*partner)[first + i] = first + match[i];
    }
    first += size;
  }
  return result;
}

}  // namespace polycause
