#include "methods/agreement.h"

#include <algorithm>
#include <cmath>

#include "polycause/evaluate.h"

namespace polycause {

std::vector<double> matched_agreement(const std::vector<float>& a, const std::vector<float>& b,
                                      const std::vector<int>& latents,
                                      std::vector<std::size_t>* partner) {
  std::size_t total = 0;
  for (const int k : latents) total += static_cast<std::size_t>(k);
  const std::size_t participants = a.size() / std::max<std::size_t>(1, total);
  // 2,000 participants settle a rank correlation to 0.02.
  const std::size_t stride = std::max<std::size_t>(1, participants / 2000);
  const auto column = [&](const std::vector<float>& z, std::size_t j) {
    std::vector<double> values;
    for (std::size_t i = 0; i < participants; i += stride)
      values.push_back(static_cast<double>(z[i * total + j]));
    return values;
  };
  std::vector<double> result(total);
  if (partner != nullptr) partner->resize(total);
  std::size_t first = 0;
  for (const int k : latents) {
    const auto size = static_cast<std::size_t>(k);
    std::vector<double> weights(size * size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::vector<double> x = column(a, first + i);
      for (std::size_t j = 0; j < size; ++j) {
        weights[i * size + j] = std::fabs(spearman(x, column(b, first + j)));
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
