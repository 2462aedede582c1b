// What the causal prior of a Density expects of a latent, given its parents.
#include <algorithm>
#include <cmath>

#include "model/density.h"
#include "model/density_workspace.h"
#include "model/kernels.h"

namespace polycause {
namespace {

constexpr std::size_t kT = kTile;

/// Mean of a mixture: logits, means, log sds one after the other, `stride` apart.
float mixture_mean(const float* p, std::size_t stride) {
  double largest = static_cast<double>(p[0]);
  for (std::size_t k = 1; k < kMixture; ++k)
    largest = std::max(largest, static_cast<double>(p[k * stride]));
  double total = 0;
  double sum = 0;
  for (std::size_t k = 0; k < kMixture; ++k) {
    const double weight = std::exp(static_cast<double>(p[k * stride]) - largest);
    total += weight;
    sum += weight * static_cast<double>(p[(kMixture + k) * stride]);
  }
  return static_cast<float>(sum / total);
}

}  // namespace

std::vector<int> Density::parents(int latent) const {
  std::vector<int> sources;
  Workspace work(*this);
  if (shape_.gated) make_gates(work, false, 0, 0);
  for (const std::size_t e : pairs_into_[static_cast<std::size_t>(latent)]) {
    if (!shape_.gated || work.gate[e * kT] > 0) sources.push_back(shape_.pairs[e].source);
  }
  return sources;
}

std::vector<float> Density::conditional_mean(int latent, const std::vector<float>& z) const {
  const Kernels& kernel = kernels();
  const auto i = static_cast<std::size_t>(latent);
  const auto latents = static_cast<std::size_t>(total_z_);
  const std::vector<std::size_t>& into = pairs_into_[i];
  const std::size_t n = z.size() / latents;
  Workspace work(*this);
  if (shape_.gated) make_gates(work, false, 0, 0);
  Codes average;
  average.conditions.values.assign(static_cast<std::size_t>(shape_.conditions), 0.0f);
  const std::uint32_t row = 0;
  if (shape_.conditions > 0) load_conditions(average, &row, 1, work);
  std::vector<float> out(n);
  std::vector<float> parent(kT);
  std::vector<float> mean(kT);
  for (std::size_t first = 0; first < n; first += kT) {
    const std::size_t count = std::min(kT, n - first);
    const auto load = [&](std::size_t e) {
      const auto source = static_cast<std::size_t>(shape_.pairs[e].source);
      for (std::size_t t = 0; t < kT; ++t)
        parent[t] = z[(first + (t < count ? t : 0)) * latents + source];
    };
    std::fill(mean.begin(), mean.end(), 0.0f);
    if (shape_.prior == PriorKind::kAdditive) {
      for (const std::size_t e : into) {
        load(e);
        kernel.basis_forward(kTile, parent.data(), work.basis.data());
        kernel.link_forward(kTile, work.basis.data(), theta_.data() + coefficients_ + e * kBasis,
                            shape_.gated ? work.gate.data() + e * kT : nullptr, work.link.data(),
                            mean.data());
      }
      add_condition_mean(work, i, mean.data());
      const float noise = mixture_mean(theta_.data() + noise_[i], 1);
      for (float& value : mean) value += noise;
    } else {
      const Mlp& net = conditioners_[i];
      const int columns = padded(3 * kMixture);
      float* inputs = work.basis.data();  // (parents and conditions, T)
      std::fill(inputs, inputs + static_cast<std::size_t>(net.inputs()) * kT, 0.0f);
      for (std::size_t k = 0; k < into.size(); ++k) {
        load(into[k]);
        const float* gate = work.gate.data() + into[k] * kT;
        for (std::size_t t = 0; t < kT; ++t)
          inputs[k * kT + t] = shape_.gated ? parent[t] * gate[t] : parent[t];
      }
      std::copy(work.condition.begin(), work.condition.end(), inputs + into.size() * kT);
      net.forward(theta_.data(), kTile, inputs, 1, kTile, work.prior_hidden.data(),
                  work.rows.data());
      kernel.transpose(work.rows.data(), columns, kTile, columns, work.lanes.data(), kTile);
      for (std::size_t t = 0; t < kT; ++t) mean[t] = mixture_mean(work.lanes.data() + t, kT);
    }
    std::copy_n(mean.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return out;
}

}  // namespace polycause
