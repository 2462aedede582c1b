#include "data/lzf.h"

namespace polycause {

std::size_t unpack_lzf(const unsigned char* data, std::size_t size, unsigned char* out,
                       std::size_t capacity, bool* too_long) {
  *too_long = false;
  std::size_t in = 0;
  std::size_t at = 0;
  while (in < size) {
    const std::size_t control = data[in++];
    if (control < 32) {  // control + 1 bytes as they are
      const std::size_t count = control + 1;
      if (count > size - in) return 0;
      if (count > capacity - at) {
        *too_long = true;
        return 0;
      }
      for (std::size_t i = 0; i < count; ++i) out[at++] = data[in++];
      continue;
    }
    std::size_t count = control >> 5U;  // a copy of earlier bytes, which may overlap itself
    if (count == 7) {
      if (in == size) return 0;
      count += data[in++];
    }
    count += 2;
    if (in == size) return 0;
    const std::size_t back = ((control & 0x1FU) << 8U) + data[in++] + 1;
    if (back > at) return 0;
    if (count > capacity - at) {
      *too_long = true;
      return 0;
    }
    for (std::size_t i = 0; i < count; ++i, ++at) out[at] = out[at - back];
  }
  return at;
}

}  // namespace polycause
