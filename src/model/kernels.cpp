#include "model/kernels.h"

#include <cstdlib>
#include <string_view>

namespace polycause {

extern const Kernels kernels_sse2;
#if defined(__x86_64__)
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

namespace {

const Kernels& choose() {
#if defined(__x86_64__)
  const char* wish = std::getenv("POLYCAUSE_ISA");
  const std::string_view asked = wish == nullptr ? "" : wish;
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                      __builtin_cpu_supports("avx512dq") != 0 &&
                      __builtin_cpu_supports("avx512vl") != 0;
  if (asked == "sse2" || !avx2) return kernels_sse2;
  if (asked == "avx2" || !avx512) return kernels_avx2;
  return kernels_avx512;
#else
  return kernels_sse2;  // the baseline build: whatever vectors the target has
#endif
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace polycause
