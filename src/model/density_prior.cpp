// The causal prior p(z) of a Density, its gates and their penalties, and the deterministic pass.
#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <cstring>

#include "model/density.h"
#include "model/density_workspace.h"
#include "model/kernels.h"

namespace polycause {
namespace {

constexpr float kHalfLogTwoPi = 0.91893853320467274f;
constexpr std::size_t kT = kTile;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// P(hard-concrete gate > 0) for log-odds a.
double open_probability(float a) {
  static const double offset = kGateBeta * std::log(-static_cast<double>(kGateLow) / kGateHigh);
  return sigmoid(static_cast<double>(a) - offset);
}

float deterministic_gate(float a) {
  const double y = sigmoid(static_cast<double>(a));
  return static_cast<float>(std::clamp(
      y * static_cast<double>(kGateHigh - kGateLow) + static_cast<double>(kGateLow), 0.0, 1.0));
}

/// Phi^-1(F(z)) under the mixture whose parameters stand at head[k * T]: the noise that a monotone
/// map of z given its parents would recover.
float normal_score(float z, const float* head) {
  double total = 0;
  double below = 0;
  for (std::size_t k = 0; k < kMixture; ++k) {
    const double weight = std::exp(static_cast<double>(head[k * kT]));
    const double sd = std::exp(
        std::clamp(static_cast<double>(head[(std::size_t{2} * kMixture + k) * kT]), -4.0, 3.0));
    const double e = (static_cast<double>(z) - static_cast<double>(head[(kMixture + k) * kT])) / sd;
    total += weight;
    below += weight * 0.5 * std::erfc(-e / std::sqrt(2.0));
  }
  const double p = std::clamp(below / total, 1e-9, 1 - 1e-9);
  return static_cast<float>(-std::sqrt(2.0) * boost::math::erfc_inv(2 * p));
}

}  // namespace

void Density::gather_latents(Workspace& work) const {
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    if (!work.runs[m]) continue;
    const auto count = static_cast<std::size_t>(heads_[m].latents);
    const std::vector<float>& x = work.modalities[m].x;
    std::copy(
        x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count * kT),
        work.z.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(first_z_[m]) * kT));
    if (!work.counts[m]) continue;
    for (std::size_t i = count; i < static_cast<std::size_t>(heads_[m].width); ++i) {
      const float* eta = x.data() + i * kT;
      const std::size_t k = eta_index(m, i - count);
      float* rest = work.eta_rest.data() + k * kT;
      std::fill(rest, rest + kT, 0.0f);
      add_condition_mean(work, static_cast<std::size_t>(total_z_) + k, rest);
      for (std::size_t t = 0; t < kT; ++t) {
        rest[t] = eta[t] - rest[t];
        work.log_p[t] -= 0.5f * rest[t] * rest[t] + kHalfLogTwoPi;
      }
    }
  }
}

void Density::scatter_gradients(Workspace& work, float scale, float* gradient) const {
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    if (!work.runs[m]) continue;
    const auto count = static_cast<std::size_t>(heads_[m].latents);
    Workspace::PerModality& own = work.modalities[m];
    const float* from = work.g_z.data() + static_cast<std::size_t>(first_z_[m]) * kT;
    std::copy(from, from + count * kT, own.g.begin());
    if (!work.counts[m]) {
      std::fill(own.g.begin() + static_cast<std::ptrdiff_t>(count * kT), own.g.end(), 0.0f);
      continue;
    }
    for (std::size_t i = count; i < static_cast<std::size_t>(heads_[m].width); ++i) {
      const std::size_t k = eta_index(m, i - count);
      const float* rest = work.eta_rest.data() + k * kT;
      for (std::size_t t = 0; t < kT; ++t) own.g[i * kT + t] = -scale * rest[t];
      condition_gradient(work, static_cast<std::size_t>(total_z_) + k, scale, rest, gradient);
    }
  }
}

void Density::make_gates(Workspace& work, bool sample, std::uint32_t key,
                         std::uint32_t counter) const {
  const std::size_t pairs = shape_.pairs.size();
  for (std::size_t e = 0; e < pairs; ++e) {
    const float a = theta_[gate_begin_ + e];
    float* gate = work.gate.data() + e * kT;
    if (sample) {
      // 2^16 samples of a step times 2^16 pairs never collide.
      kernels().gate_sample(kTile, a, key, counter + static_cast<std::uint32_t>(e << 16), gate,
                            work.gate_slope.data() + e * kT);
    } else {
      std::fill(gate, gate + kT, deterministic_gate(a));
    }
  }
}

void Density::additive(Workspace& work, float scale, float* gradient) const {
  const Kernels& kernel = kernels();
  const std::size_t pairs = shape_.pairs.size();
  const bool gated = shape_.gated;
  std::vector<bool> is_parent(static_cast<std::size_t>(total_z_), false);
  for (const LatentPair& pair : shape_.pairs)
    is_parent[static_cast<std::size_t>(pair.source)] = true;
  for (std::size_t j = 0; j < is_parent.size(); ++j) {
    is_parent[j] = is_parent[j] && work.runs[static_cast<std::size_t>(modality_of_[j])];
    if (is_parent[j])
      kernel.basis_forward(kTile, work.z.data() + j * kT, work.basis.data() + j * kBasis * kT);
  }
  std::memcpy(work.eps.data(), work.z.data(), work.z.size() * sizeof(float));
  for (std::size_t i = 0; i < is_parent.size(); ++i) {
    if (!work.known[i]) {
      std::fill_n(work.g_z.begin() + static_cast<std::ptrdiff_t>(i * kT), kT, 0.0f);
      continue;
    }
    float* mean = work.copy.data();
    std::fill(mean, mean + kT, 0.0f);
    for (const std::size_t e : pairs_into_[i]) {
      const auto source = static_cast<std::size_t>(shape_.pairs[e].source);
      if (!is_parent[source]) continue;  // absent, behind a shut gate
      kernel.link_forward(kTile, work.basis.data() + source * kBasis * kT,
                          theta_.data() + coefficients_ + e * kBasis,
                          gated ? work.gate.data() + e * kT : nullptr, work.link.data() + e * kT,
                          mean);
    }
    add_condition_mean(work, i, mean);
    float* eps = work.eps.data() + i * kT;
    kernel.axpy(-1.0f, mean, eps, kT);
    kernel.mixture_fixed(kTile, eps, theta_.data() + noise_[i], scale, log_p_of(work, i),
                         gradient == nullptr ? nullptr : work.g_z.data() + i * kT,
                         gradient == nullptr ? nullptr : gradient + noise_[i]);
  }
  if (gradient == nullptr) return;
  // g_z now holds the gradient by eps; eps = z - mean, so a link receives its negative.
  for (std::size_t i = 0; i < is_parent.size(); ++i) {
    if (work.known[i]) condition_gradient(work, i, -1.0f, work.g_z.data() + i * kT, gradient);
  }
  std::memset(work.g_basis.data(), 0, work.g_basis.size() * sizeof(float));
  for (std::size_t e = 0; e < pairs; ++e) {
    const auto source = static_cast<std::size_t>(shape_.pairs[e].source);
    const auto target = static_cast<std::size_t>(shape_.pairs[e].target);
    if (!work.known[target]) continue;
    float* g_mean = work.copy.data();
    for (std::size_t t = 0; t < kT; ++t) g_mean[t] = -work.g_z[target * kT + t];
    kernel.link_backward(kTile, work.basis.data() + source * kBasis * kT,
                         theta_.data() + coefficients_ + e * kBasis,
                         gated ? work.gate.data() + e * kT : nullptr, work.link.data() + e * kT,
                         g_mean, gradient + coefficients_ + e * kBasis,
                         work.g_basis.data() + source * kBasis * kT, work.g_gate.data() + e * kT);
    if (gated) {
      gradient[gate_begin_ + e] +=
          kernel.dot(work.g_gate.data() + e * kT, work.gate_slope.data() + e * kT, kT);
    }
  }
  for (std::size_t j = 0; j < is_parent.size(); ++j) {
    if (is_parent[j]) {
      kernel.basis_backward(kTile, work.basis.data() + j * kBasis * kT,
                            work.g_basis.data() + j * kBasis * kT, work.g_z.data() + j * kT);
    }
  }
}

void Density::general(Workspace& work, float scale, float* gradient) const {
  const Kernels& kernel = kernels();
  const bool gated = shape_.gated;
  const int columns = padded(3 * kMixture);
  std::vector<float> g_parents(gradient == nullptr ? 0 : work.z.size(), 0.0f);
  for (std::size_t i = 0; i < conditioners_.size(); ++i) {
    if (!work.known[i]) {
      std::fill_n(work.g_z.begin() + static_cast<std::ptrdiff_t>(i * kT), kT, 0.0f);
      continue;
    }
    const Mlp& net = conditioners_[i];
    const std::vector<std::size_t>& into = pairs_into_[i];
    float* inputs = work.basis.data();  // (parents, T), gated
    std::fill(inputs, inputs + static_cast<std::size_t>(net.inputs()) * kT, 0.0f);
    for (std::size_t k = 0; k < into.size(); ++k) {
      const auto source = static_cast<std::size_t>(shape_.pairs[into[k]].source);
      if (!work.runs[static_cast<std::size_t>(modality_of_[source])]) continue;  // shut gate
      const float* z = work.z.data() + source * kT;
      const float* gate = work.gate.data() + into[k] * kT;
      for (std::size_t t = 0; t < kT; ++t) inputs[k * kT + t] = gated ? z[t] * gate[t] : z[t];
    }
    std::copy(work.condition.begin(), work.condition.end(), inputs + into.size() * kT);
    net.forward(theta_.data(), kTile, inputs, 1, kTile, work.prior_hidden.data(), work.rows.data());
    kernel.transpose(work.rows.data(), columns, kTile, columns, work.lanes.data(), kTile);
    float* g_head = work.copy.data();
    kernel.mixture_conditional(kTile, work.z.data() + i * kT, work.lanes.data(), scale,
                               log_p_of(work, i),
                               gradient == nullptr ? nullptr : work.g_z.data() + i * kT, g_head);
    if (gradient == nullptr) {
      for (std::size_t t = 0; t < kT; ++t) {
        work.eps[i * kT + t] = normal_score(work.z[i * kT + t], work.lanes.data() + t);
      }
      continue;
    }
    kernel.transpose(g_head, kTile, columns, kTile, work.rows.data(), columns);
    net.backward(work.prior_transposed[i].data(), kTile, inputs, 1, kTile, work.prior_hidden.data(),
                 work.rows.data(), work.scratch.data(), gradient, work.rows_in.data());
    const int width = padded(net.inputs());
    kernel.transpose(work.rows_in.data(), width, kTile, width, work.lanes.data(), kTile);
    for (std::size_t k = 0; k < into.size(); ++k) {
      const auto source = static_cast<std::size_t>(shape_.pairs[into[k]].source);
      const float* g = work.lanes.data() + k * kT;
      const float* gate = work.gate.data() + into[k] * kT;
      float total = 0;
      for (std::size_t t = 0; t < kT; ++t) {
        g_parents[source * kT + t] += gated ? g[t] * gate[t] : g[t];
        if (gated) total += g[t] * work.z[source * kT + t] * work.gate_slope[into[k] * kT + t];
      }
      gradient[gate_begin_ + into[k]] += total;
    }
  }
  if (gradient != nullptr) kernel.axpy(1.0f, g_parents.data(), work.g_z.data(), g_parents.size());
}

void Density::set_gates(double probability) {
  const auto a = static_cast<float>(std::log(probability / (1.0 - probability)));
  std::fill(theta_.begin() + static_cast<std::ptrdiff_t>(gate_begin_), theta_.end(), a);
}

void Density::close_gates(const std::vector<bool>& kept) {
  for (std::size_t e = 0; e < kept.size(); ++e) {
    if (!kept[e]) theta_[gate_begin_ + e] = -4.0f;  // deterministic value 0
  }
}

std::vector<double> Density::gate_probability() const {
  std::vector<double> p;
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e)
    p.push_back(open_probability(theta_[gate_begin_ + e]));
  return p;
}

std::vector<bool> Density::gate_open() const {
  std::vector<bool> open;
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    open.push_back(deterministic_gate(theta_[gate_begin_ + e]) > 0.5f);
  }
  return open;
}

void Density::add_sparsity(double lambda, float* gradient,
                           const std::vector<double>& shares) const {
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    const double p = open_probability(theta_[gate_begin_ + e]);
    const auto target = static_cast<std::size_t>(modality_of(shape_.pairs[e].target));
    const double share = shares.empty() ? 1.0 : shares[target];
    const double price = lambda * share * shape_.pairs[e].price;
    gradient[gate_begin_ + e] += static_cast<float>(price * p * (1.0 - p));
  }
}

double Density::pair_norm(std::size_t pair) const {
  double squares = 1e-8;
  for (std::size_t k = 0; k < kBasis; ++k) {
    const auto c = static_cast<double>(theta_[coefficients_ + pair * kBasis + k]);
    squares += c * c;
  }
  return std::sqrt(squares);
}

double Density::group_norm() const {
  double total = 0;
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e)
    total += shape_.pairs[e].price * pair_norm(e);
  return total;
}

void Density::add_group_lasso(double weight, float* gradient) const {
  for (std::size_t e = 0; e < shape_.pairs.size(); ++e) {
    const auto slope = static_cast<float>(weight * shape_.pairs[e].price / pair_norm(e));
    for (std::size_t k = 0; k < kBasis; ++k) {
      const std::size_t at = coefficients_ + e * kBasis + k;
      gradient[at] += slope * theta_[at];
    }
  }
}

std::vector<Density::Tensor> Density::tensors() const {
  std::vector<Tensor> list;
  for (std::size_t m = 0; m < heads_.size(); ++m) {
    const std::string name = "head" + std::to_string(m);
    const std::size_t end =
        m + 1 < heads_.size()
            ? heads_[m + 1].nets.empty() ? heads_[m + 1].rotation : heads_[m + 1].linear[0]
            : prior_begin_;
    const std::size_t begin = heads_[m].nets.empty() ? heads_[m].rotation : heads_[m].linear[0];
    list.push_back({name, begin, 1, end - begin});
  }
  list.push_back({"prior", prior_begin_, 1, gate_begin_ - prior_begin_});
  list.push_back({"gates", gate_begin_, 1, theta_.size() - gate_begin_});
  return list;
}

}  // namespace polycause
