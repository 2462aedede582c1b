// Vectors of floats and the few transcendental functions that the kernels need. Included only by
// kernels_isa.cpp, which is compiled once per instruction set; nothing here leaves that file.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define POLYCAUSE_LANES 16
#elif defined(__AVX2__)
#define POLYCAUSE_LANES 8
#else
#define POLYCAUSE_LANES 4
#endif

namespace {

constexpr int kLanes = POLYCAUSE_LANES;
typedef float Vec __attribute__((vector_size(POLYCAUSE_LANES * 4)));
typedef std::int32_t VecInt __attribute__((vector_size(POLYCAUSE_LANES * 4)));
typedef std::uint32_t VecBits __attribute__((vector_size(POLYCAUSE_LANES * 4)));

inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
inline Vec splat(float x) { return x - Vec{}; }
inline VecInt as_int(Vec v) { return reinterpret_cast<VecInt>(v); }  // same bits
inline Vec as_float(VecInt v) { return reinterpret_cast<Vec>(v); }
inline Vec select(VecInt mask, Vec a, Vec b) {
  return as_float((mask & as_int(a)) | (~mask & as_int(b)));
}
inline Vec minimum(Vec a, Vec b) { return select(a < b, a, b); }
inline Vec maximum(Vec a, Vec b) { return select(a > b, a, b); }
inline Vec clamp(Vec x, float low, float high) {
  return minimum(maximum(x, splat(low)), splat(high));
}

/// Sum over the lanes, in a fixed order.
inline float sum(Vec v) {
  float lane[kLanes];
  std::memcpy(lane, &v, sizeof v);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
  }
  return lane[0];
}

/// e^x to 2 units in the last place; arguments are clamped to +-87.
inline Vec exponential(Vec x) {
  x = clamp(x, -87.0f, 87.0f);
  const Vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
  const Vec k = (x * 1.44269504088896341f + shift) - shift;
  const Vec r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
  Vec p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const VecInt exponent = (__builtin_convertvector(k, VecInt) + 127) << 23;
  return p * as_float(exponent);
}

/// Natural logarithm of positive normal numbers, to 2 units in the last place.
inline Vec logarithm(Vec x) {
  const VecInt bits = as_int(maximum(x, splat(1.17549435e-38f)));
  VecInt exponent = (bits >> 23) - 126;
  Vec m = as_float((bits & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  const VecInt low = m < splat(0.707106781186547524f);
  exponent += low;  // true is -1
  m = m + select(low, m, Vec{}) - 1.0f;
  const Vec e = __builtin_convertvector(exponent, Vec);
  const Vec z = m * m;
  Vec p = splat(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const Vec y = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  return m + y + e * 0.693359375f;
}

inline Vec tangent_h(Vec x) {  // hyperbolic tangent, absolute error about 1e-7
  const Vec e = exponential(2.0f * clamp(x, -15.0f, 15.0f));
  return 1.0f - 2.0f / (e + 1.0f);
}
inline Vec sigmoid(Vec x) { return 1.0f / (1.0f + exponential(-x)); }
inline Vec softplus(Vec x) { return logarithm(1.0f + exponential(x)); }

/// 32-bit mixing (a finaliser with full avalanche), for gate noise.
inline VecBits mix_bits(VecBits x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x;
}

}  // namespace
