// The inner loops of the tabular networks, chosen once per process for the machine's instruction
// set. Two layouts: "rows" = one sample per row (T, width), width padded to kPad; "lanes" = one
// quantity per row, samples contiguous (count, T), T a multiple of kPad. `scale` multiplies a
// log-likelihood on its way into gradients: -1/B for a mean negative log-likelihood.
#pragma once

#include <cstddef>
#include <cstdint>

namespace polycause {

inline constexpr int kPad = 16;           ///< floats; every width is padded to a multiple
inline constexpr int kBumps = 4;          ///< tanh bumps of a flow layer
inline constexpr int kFlowHead = 16;      ///< 2 + 3 kBumps outputs of a conditioner, padded
inline constexpr int kMixture = 4;        ///< Gaussians of a noise density
inline constexpr int kBasis = 8;          ///< fixed functions of a parent: z/2 and 7 shifted tanh
inline constexpr float kLeak = 0.2f;      ///< slope of LeakyReLU below zero
inline constexpr float kGateLow = -0.1f;  ///< hard-concrete stretch (Louizos et al. 2018)
inline constexpr float kGateHigh = 1.1f;
inline constexpr float kGateBeta = 2.0f / 3.0f;

inline int padded(int width) { return (width + kPad - 1) / kPad * kPad; }

struct Kernels {
  const char* instruction_set;

  /// C (rows, columns) = [C |] [bias +] A B. A(r, k) = a[r * a_row + k * a_col]; B, C row-major
  /// with leading dimensions ldb, ldc; columns a multiple of kPad. `add`: C is added to; bias may
  /// be null.
  void (*gemm)(int rows, int inner, int columns, const float* a, int a_row, int a_col,
               const float* b, int ldb, float* c, int ldc, bool add, const float* bias);
  /// y = LeakyReLU(y) in place; and its gradient g *= slope, the slope read off the output y.
  void (*leaky_relu)(float* y, std::size_t count);
  void (*leaky_relu_backward)(const float* y, float* g, std::size_t count);
  /// sum (columns) += column sums of g (rows, columns).
  void (*add_column_sums)(const float* g, int rows, int columns, float* sum);
  /// out (columns, rows) = in (rows, columns) transposed; both multiples of kPad.
  void (*transpose)(const float* in, int ld_in, int rows, int columns, float* out, int ld_out);
  /// y += w * x over `count`.
  void (*axpy)(float w, const float* x, float* y, std::size_t count);
  float (*dot)(const float* x, const float* y, std::size_t count);

  /// One flow layer on coordinate x (T): y = s x + t + sum_k a_k tanh(b_k (x - c_k)), all of s, t,
  /// a, b, c from `head` (kFlowHead, T). Adds log dy/dx to log_det (T) and keeps in `memory`
  /// (kFlowMemory, T) what the backward pass needs.
  void (*bumps_forward)(int samples, const float* head, float* x, float* log_det, float* memory);
  /// g_x (T): gradient by y in, by x out. g_log_det: gradient of every sample's log-determinant.
  void (*bumps_backward)(int samples, const float* head, const float* memory, float g_log_det,
                         float* g_x, float* g_head);

  /// Basis functions of z (T) into f (kBasis, T); and g_z += sum_k g_f_k f_k'(z).
  void (*basis_forward)(int samples, const float* z, float* f);
  void (*basis_backward)(int samples, const float* f, const float* g_f, float* g_z);
  /// h (T) = sum_k c_k f_k; then mean += gate * h. Gate may be null (open).
  void (*link_forward)(int samples, const float* f, const float* c, const float* gate, float* h,
                       float* mean);
  /// Given g_mean (T): g_c_k += <g_mean gate f_k>, g_f_k += g_mean gate c_k, g_gate = g_mean h.
  void (*link_backward)(int samples, const float* f, const float* c, const float* gate,
                        const float* h, const float* g_mean, float* g_c, float* g_f, float* g_gate);

  /// Mixture of kMixture Gaussians; p = logits, means, log sds (kMixture each). log_p (T) += log
  /// density of e (T); g_e = scale * d log p / d e; g_p += scale * sum over samples. g_e, g_p may
  /// be null.
  void (*mixture_fixed)(int samples, const float* e, const float* p, float scale, float* log_p,
                        float* g_e, float* g_p);
  /// The same with a density per sample: head (3 kMixture, T) and its gradient.
  void (*mixture_conditional)(int samples, const float* z, const float* head, float scale,
                              float* log_p, float* g_z, float* g_head);

  /// Hard-concrete gate of log-odds `a` with fresh noise per sample from (key, counter): g (T), and
  /// slope (T) = d g / d a.
  void (*gate_sample)(int samples, float a, std::uint32_t key, std::uint32_t counter, float* g,
                      float* slope);

  /// Adam on `count` parameters; rate includes the bias corrections' ratio. epsilon 1e-8.
  void (*adam)(std::size_t count, float rate, float beta1, float beta2, float correction2,
               const float* gradient, float* first, float* second, float* parameter);
};

/// Rows of bumps_forward's memory: x, s, 1/dy, then a, b, t of every bump.
inline constexpr int kFlowMemory = 3 + 3 * kBumps;

/// The fastest set that this processor has; POLYCAUSE_ISA = sse2 | avx2 | avx512 asks for another.
const Kernels& kernels();

}  // namespace polycause
