// LZF, the compression that h5py offers beside gzip.
#pragma once

#include <cstddef>

namespace polycause {

/// Unpacks `size` bytes into `out`. Returns the number of bytes written, or nothing sensible:
/// 0 when the data are damaged or longer than `capacity`; `*too_long` tells the two apart.
std::size_t unpack_lzf(const unsigned char* data, std::size_t size, unsigned char* out,
                       std::size_t capacity, bool* too_long);

}  // namespace polycause
