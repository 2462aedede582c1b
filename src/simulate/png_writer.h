// Pictures as PNG files, by libpng where it is installed.
#pragma once

#include <cstddef>
#include <string>

namespace polycause::simulation {

/// False in a build without libpng: `encode_png` then throws.
bool has_png();

/// Bytes of an 8-bit PNG file; pixels (height, width, channels), 1 channel grey or 3 red, green,
/// blue. Same pixels, same bytes (of one libpng and zlib). Throws Error.
std::string encode_png(const unsigned char* pixels, std::size_t height, std::size_t width,
                       std::size_t channels);

}  // namespace polycause::simulation
