#include "networks/plugin/end_to_end/posterior.h"

#include <torch/torch.h>

#include <cmath>

namespace polycause {

using torch::Tensor;

CodePosterior posterior_from(const Tensor& raw, std::int64_t k) {
  const Tensor mean = raw.narrow(1, 0, k);
  const Tensor deviation = raw.narrow(1, k, k).clamp(-6.0, 2.0).exp();
  Tensor lower = torch::diag_embed(deviation);
  if (k > 1) {
    // Below the diagonal in units of the row's deviation, so that it vanishes with it.
    const Tensor free = raw.narrow(1, 2 * k, k * (k - 1) / 2);
    const Tensor place = torch::tril_indices(k, k, -1);
    const Tensor flat = torch::zeros({raw.size(0), k * k})
                            .index_add(1, place[0] * k + place[1], free)
                            .view({raw.size(0), k, k});
    lower = lower + flat * deviation.unsqueeze(2);
  }
  return {mean, lower};
}

Tensor CodePosterior::sample(at::Generator& generator) const {
  const Tensor noise = torch::empty(mean.sizes()).normal_(0, 1, generator);
  return mean + (lower * noise.unsqueeze(1)).sum(2);
}

Tensor CodePosterior::variance() const { return lower.square().sum(2); }

Tensor CodePosterior::entropy() const {
  const auto k = static_cast<double>(mean.size(1));
  return lower.diagonal(0, 1, 2).log().sum(1) + 0.5 * k * (1 + std::log(2 * M_PI));
}

}  // namespace polycause
