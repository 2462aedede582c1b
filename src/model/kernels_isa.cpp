// Compiled once per instruction set with POLYCAUSE_ISA_NAME = sse2 | avx2 | avx512. Everything but
// the table at the end has internal linkage, so that no code built for one set can be linked into
// another.
#include "model/kernels.h"
#include "model/kernels_dense.h"
#include "model/simd.h"

// Offsets inside a tile: far below the range of int.
// NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result)
namespace polycause {
namespace {

constexpr float kScaleBound = 1.5f;  // log-scale of a flow layer stays within +-1.5
constexpr float kSlopeBound = 2.0f;  // log-slope of a bump

void bumps_forward(int samples, const float* head, float* x, float* log_det, float* memory) {
  const int n = samples;
  for (int i = 0; i < n; i += kLanes) {
    const Vec in = load(x + i);
    const Vec s = exponential(kScaleBound * tangent_h(load(head + i) * (1.0f / kScaleBound)));
    Vec y = s * in + load(head + n + i);
    Vec dy = s;
    for (int k = 0; k < kBumps; ++k) {
      const Vec a = softplus(load(head + (2 + k) * n + i));
      const Vec b =
          exponential(clamp(load(head + (2 + kBumps + k) * n + i), -kSlopeBound, kSlopeBound));
      const Vec t = tangent_h(b * (in - load(head + (2 + 2 * kBumps + k) * n + i)));
      y += a * t;
      dy += a * b * (1.0f - t * t);
      store(memory + (3 + k) * n + i, a);
      store(memory + (3 + kBumps + k) * n + i, b);
      store(memory + (3 + 2 * kBumps + k) * n + i, t);
    }
    store(memory + i, in);
    store(memory + n + i, s);
    store(memory + 2 * n + i, 1.0f / dy);
    store(log_det + i, load(log_det + i) + logarithm(dy));
    store(x + i, y);
  }
}

void bumps_backward(int samples, const float* head, const float* memory, float g_log_det,
                    float* g_x, float* g_head) {
  const int n = samples;
  for (int i = 0; i < n; i += kLanes) {
    const Vec x = load(memory + i);
    const Vec s = load(memory + n + i);
    const Vec q = g_log_det * load(memory + 2 * n + i);  // gradient by dy/dx
    const Vec g = load(g_x + i);
    const Vec bound = tangent_h(load(head + i) * (1.0f / kScaleBound));
    store(g_head + i, (g * x + q) * s * (1.0f - bound * bound));
    store(g_head + n + i, g);
    Vec gx = g * s;
    for (int k = 0; k < kBumps; ++k) {
      const Vec a = load(memory + (3 + k) * n + i);
      const Vec b = load(memory + (3 + kBumps + k) * n + i);
      const Vec t = load(memory + (3 + 2 * kBumps + k) * n + i);
      const Vec c = load(head + (2 + 2 * kBumps + k) * n + i);
      const Vec log_b = load(head + (2 + kBumps + k) * n + i);
      const Vec d = 1.0f - t * t;
      const Vec g_a = g * t + q * b * d;
      const Vec g_arg = (g * a - 2.0f * q * a * b * t) * d;  // by the argument of tanh
      const Vec g_b = q * a * d + g_arg * (x - c);
      // softplus' = 1 - exp(-softplus)
      store(g_head + (2 + k) * n + i, g_a * (1.0f - exponential(-a)));
      const VecInt inside = (log_b > -kSlopeBound) & (log_b < kSlopeBound);
      store(g_head + (2 + kBumps + k) * n + i, select(inside, g_b * b, Vec{}));
      store(g_head + (2 + 2 * kBumps + k) * n + i, -g_arg * b);
      gx += g_arg * b;
    }
    for (int k = 2 + 3 * kBumps; k < kFlowHead; ++k) store(g_head + k * n + i, Vec{});
    store(g_x + i, gx);
  }
}

constexpr float kBasisSlope = 1.25f;
constexpr float kBasisStep = 0.7f;  // centres -2.1, -1.4, ..., 2.1

void basis_forward(int samples, const float* z, float* f) {
  for (int i = 0; i < samples; i += kLanes) {
    const Vec x = load(z + i);
    store(f + i, 0.5f * x);
    for (int k = 1; k < kBasis; ++k) {
      const float centre = kBasisStep * static_cast<float>(k - 4);
      store(f + k * samples + i, tangent_h(kBasisSlope * (x - centre)));
    }
  }
}

void basis_backward(int samples, const float* f, const float* g_f, float* g_z) {
  for (int i = 0; i < samples; i += kLanes) {
    Vec g = load(g_z + i) + 0.5f * load(g_f + i);
    for (int k = 1; k < kBasis; ++k) {
      const Vec t = load(f + k * samples + i);
      g += kBasisSlope * load(g_f + k * samples + i) * (1.0f - t * t);
    }
    store(g_z + i, g);
  }
}

void link_forward(int samples, const float* f, const float* c, const float* gate, float* h,
                  float* mean) {
  for (int i = 0; i < samples; i += kLanes) {
    Vec s{};
    for (int k = 0; k < kBasis; ++k) s += c[k] * load(f + k * samples + i);
    store(h + i, s);
    if (gate != nullptr) s *= load(gate + i);
    store(mean + i, load(mean + i) + s);
  }
}

void link_backward(int samples, const float* f, const float* c, const float* gate, const float* h,
                   const float* g_mean, float* g_c, float* g_f, float* g_gate) {
  Vec sums[kBasis] = {};
  for (int i = 0; i < samples; i += kLanes) {
    Vec g = load(g_mean + i);
    if (gate != nullptr) {
      store(g_gate + i, g * load(h + i));
      g *= load(gate + i);
    }
    for (int k = 0; k < kBasis; ++k) {
      float* at = g_f + k * samples + i;
      sums[k] += g * load(f + k * samples + i);
      store(at, load(at) + c[k] * g);
    }
  }
  for (int k = 0; k < kBasis; ++k) g_c[k] += sum(sums[k]);
}

constexpr float kHalfLogTwoPi = 0.91893853320467274f;
constexpr float kLogSdLow = -4.0f;
constexpr float kLogSdHigh = 3.0f;

/// Log density of a mixture and its derivatives for one vector of samples.
struct MixtureTerms {
  Vec log_p;
  Vec weight[kMixture];  // softmax of the logits
  Vec share[kMixture];   // responsibilities
  Vec e[kMixture];       // standardised residuals
  Vec inverse_sd[kMixture];
};

inline MixtureTerms mixture_terms(Vec x, const Vec* logit, const Vec* mean, const Vec* log_sd) {
  MixtureTerms m;
  Vec top = logit[0];
  for (int k = 1; k < kMixture; ++k) top = maximum(top, logit[k]);
  Vec total{};
  for (int k = 0; k < kMixture; ++k) {
    m.weight[k] = exponential(logit[k] - top);
    total += m.weight[k];
  }
  const Vec log_total = top + logarithm(total);
  Vec part[kMixture];
  Vec best{};
  for (int k = 0; k < kMixture; ++k) {
    const Vec ls = clamp(log_sd[k], kLogSdLow, kLogSdHigh);
    m.weight[k] /= total;
    m.inverse_sd[k] = exponential(-ls);
    m.e[k] = (x - mean[k]) * m.inverse_sd[k];
    part[k] = logit[k] - log_total - 0.5f * m.e[k] * m.e[k] - ls - kHalfLogTwoPi;
    best = k == 0 ? part[k] : maximum(best, part[k]);
  }
  Vec sum_parts{};
  for (int k = 0; k < kMixture; ++k) {
    m.share[k] = exponential(part[k] - best);
    sum_parts += m.share[k];
  }
  for (int k = 0; k < kMixture; ++k) m.share[k] /= sum_parts;
  m.log_p = best + logarithm(sum_parts);
  return m;
}

void mixture_fixed(int samples, const float* e, const float* p, float scale, float* log_p,
                   float* g_e, float* g_p) {
  Vec logit[kMixture];
  Vec mean[kMixture];
  Vec log_sd[kMixture];
  for (int k = 0; k < kMixture; ++k) {
    logit[k] = splat(p[k]);
    mean[k] = splat(p[kMixture + k]);
    log_sd[k] = splat(p[2 * kMixture + k]);
  }
  Vec by_logit[kMixture] = {};
  Vec by_mean[kMixture] = {};
  Vec by_sd[kMixture] = {};
  for (int i = 0; i < samples; i += kLanes) {
    const MixtureTerms m = mixture_terms(load(e + i), logit, mean, log_sd);
    store(log_p + i, load(log_p + i) + m.log_p);
    if (g_e == nullptr) continue;
    Vec g{};
    for (int k = 0; k < kMixture; ++k) {
      const Vec pull = m.share[k] * m.e[k] * m.inverse_sd[k];
      g -= pull;
      by_logit[k] += m.share[k] - m.weight[k];
      by_mean[k] += pull;
      by_sd[k] += m.share[k] * (m.e[k] * m.e[k] - 1.0f);
    }
    store(g_e + i, scale * g);
  }
  if (g_e == nullptr || g_p == nullptr) return;
  for (int k = 0; k < kMixture; ++k) {
    const float ls = p[2 * kMixture + k];
    g_p[k] += scale * sum(by_logit[k]);
    g_p[kMixture + k] += scale * sum(by_mean[k]);
    if (ls > kLogSdLow && ls < kLogSdHigh) g_p[2 * kMixture + k] += scale * sum(by_sd[k]);
  }
}

void mixture_conditional(int samples, const float* z, const float* head, float scale, float* log_p,
                         float* g_z, float* g_head) {
  const int n = samples;
  for (int i = 0; i < n; i += kLanes) {
    Vec logit[kMixture];
    Vec mean[kMixture];
    Vec log_sd[kMixture];
    for (int k = 0; k < kMixture; ++k) {
      logit[k] = load(head + k * n + i);
      mean[k] = load(head + (kMixture + k) * n + i);
      log_sd[k] = load(head + (2 * kMixture + k) * n + i);
    }
    const MixtureTerms m = mixture_terms(load(z + i), logit, mean, log_sd);
    store(log_p + i, load(log_p + i) + m.log_p);
    if (g_z == nullptr) continue;
    Vec g{};
    for (int k = 0; k < kMixture; ++k) {
      const Vec pull = m.share[k] * m.e[k] * m.inverse_sd[k];
      const VecInt inside = (log_sd[k] > kLogSdLow) & (log_sd[k] < kLogSdHigh);
      g -= pull;
      store(g_head + k * n + i, scale * (m.share[k] - m.weight[k]));
      store(g_head + (kMixture + k) * n + i, scale * pull);
      store(g_head + (2 * kMixture + k) * n + i,
            select(inside, scale * (m.share[k] * (m.e[k] * m.e[k] - 1.0f)), Vec{}));
    }
    for (int k = 3 * kMixture; k < padded(3 * kMixture); ++k) store(g_head + k * n + i, Vec{});
    store(g_z + i, scale * g);
  }
}

void gate_sample(int samples, float a, std::uint32_t key, std::uint32_t counter, float* g,
                 float* slope) {
  VecBits lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = static_cast<std::uint32_t>(i);
  for (int i = 0; i < samples; i += kLanes) {
    const VecBits index = lane + (counter + static_cast<std::uint32_t>(i));
    const VecBits bits = mix_bits(mix_bits(index ^ key) + key);
    const VecInt top = __builtin_convertvector(bits >> 8, VecInt);
    const Vec r = (__builtin_convertvector(top, Vec) + 0.5f) * (1.0f / 16777216.0f);
    const Vec noise = logarithm(r) - logarithm(1.0f - r);
    const Vec y = sigmoid((noise + a) * (1.0f / kGateBeta));
    const Vec raw = y * (kGateHigh - kGateLow) + kGateLow;
    const VecInt inside = (raw > 0.0f) & (raw < 1.0f);
    store(g + i, clamp(raw, 0.0f, 1.0f));
    store(slope + i, select(inside, y * (1.0f - y) * ((kGateHigh - kGateLow) / kGateBeta), Vec{}));
  }
}

inline Vec square_root(Vec x) {
  for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

void adam(std::size_t count, float rate, float beta1, float beta2, float correction2,
          const float* gradient, float* first, float* second, float* parameter) {
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Vec g = load(gradient + i);
    const Vec m = beta1 * load(first + i) + (1.0f - beta1) * g;
    const Vec v = beta2 * load(second + i) + (1.0f - beta2) * g * g;
    store(first + i, m);
    store(second + i, v);
    store(parameter + i, load(parameter + i) - rate * m / (square_root(v * correction2) + 1e-8f));
  }
}

}  // namespace
// NOLINTEND(bugprone-implicit-widening-of-multiplication-result)

#define POLYCAUSE_JOIN2(a, b) a##b
#define POLYCAUSE_JOIN(a, b) POLYCAUSE_JOIN2(a, b)
#define POLYCAUSE_TEXT2(a) #a
#define POLYCAUSE_TEXT(a) POLYCAUSE_TEXT2(a)

extern const Kernels POLYCAUSE_JOIN(kernels_, POLYCAUSE_ISA_NAME);
const Kernels POLYCAUSE_JOIN(kernels_, POLYCAUSE_ISA_NAME) = {POLYCAUSE_TEXT(POLYCAUSE_ISA_NAME),
                                                              gemm,
                                                              leaky_relu,
                                                              leaky_relu_backward,
                                                              add_column_sums,
                                                              transpose,
                                                              axpy,
                                                              dot,
                                                              bumps_forward,
                                                              bumps_backward,
                                                              basis_forward,
                                                              basis_backward,
                                                              link_forward,
                                                              link_backward,
                                                              mixture_fixed,
                                                              mixture_conditional,
                                                              gate_sample,
                                                              adam};

}  // namespace polycause
