// Known common causes in the prior of a Density: z_i and eta_k get a mean that is additive in
// them, with the same basis functions as the links between latents.
#include "model/density.h"
#include "model/density_workspace.h"
#include "model/kernels.h"

namespace polycause {
namespace {

constexpr std::size_t kT = kTile;

}  // namespace

void Density::load_conditions(const Codes& codes, const std::uint32_t* rows, std::size_t count,
                              Workspace& work) const {
  const auto conditions = static_cast<std::size_t>(shape_.conditions);
  for (std::size_t t = 0; t < kT; ++t) {
    const float* from = codes.conditions.values.data() + rows[t < count ? t : 0] * conditions;
    for (std::size_t c = 0; c < conditions; ++c) work.condition[c * kT + t] = from[c];
  }
  for (std::size_t c = 0; c < conditions; ++c) {
    kernels().basis_forward(kTile, work.condition.data() + c * kT,
                            work.condition_basis.data() + c * kBasis * kT);
  }
}

void Density::add_condition_mean(Workspace& work, std::size_t target, float* mean) const {
  const auto conditions = static_cast<std::size_t>(shape_.conditions);
  for (std::size_t c = 0; c < conditions; ++c) {
    kernels().link_forward(kTile, work.condition_basis.data() + c * kBasis * kT,
                           theta_.data() + condition_links_ + (target * conditions + c) * kBasis,
                           nullptr, work.condition_link.data(), mean);
  }
}

void Density::condition_gradient(const Workspace& work, std::size_t target, float weight,
                                 const float* g, float* gradient) const {
  const auto columns = static_cast<std::size_t>(shape_.conditions) * kBasis;
  float* to = gradient + condition_links_ + target * columns;
  for (std::size_t k = 0; k < columns; ++k)
    to[k] += weight * kernels().dot(g, work.condition_basis.data() + k * kT, kT);
}

}  // namespace polycause
