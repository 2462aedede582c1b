// Makes LZF known to the HDF5 library, which comes without it.
#include <cstddef>

#include "data/hdf5.h"
#include "data/lzf.h"

namespace polycause {
namespace {

constexpr H5Z_filter_t kLzf = 32000;

/// A filter of the library: unpacks one chunk; 0 = failed.
std::size_t lzf_filter(unsigned flags, std::size_t count, const unsigned* values, std::size_t bytes,
                       std::size_t* size, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;  // never packs
  std::size_t capacity = count >= 3 && values[2] != 0 ? values[2] : *size;
  constexpr std::size_t kMost = std::size_t{1} << 32U;  // a chunk is never longer
  for (; capacity > 0 && capacity <= kMost; capacity *= 2) {
    void* out = H5allocate_memory(capacity, false);
    if (out == nullptr) return 0;
    bool too_long = false;
    const std::size_t written = unpack_lzf(static_cast<const unsigned char*>(*buffer), bytes,
                                           static_cast<unsigned char*>(out), capacity, &too_long);
    if (written > 0) {
      H5free_memory(*buffer);
      *buffer = out;
      *size = capacity;
      return written;
    }
    H5free_memory(out);
    if (!too_long) return 0;
  }
  return 0;
}

}  // namespace

void register_lzf_filter() {
  if (H5Zfilter_avail(kLzf) > 0) return;
  const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, kLzf, 0, 1, "lzf", nullptr, nullptr, lzf_filter};
  H5Zregister(&filter);
}

}  // namespace polycause
