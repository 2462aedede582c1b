#include "polycause/error.h"
#include "simulate/png_writer.h"

namespace polycause::simulation {

bool has_png() { return false; }

std::string encode_png(const unsigned char*, std::size_t, std::size_t, std::size_t) {
  throw ConfigError(
      "simulate.pictures: found png, which this build cannot write; expected libpng; install "
      "libpng-dev and build again, or use simulate.pictures = \"npy\"");
}

}  // namespace polycause::simulation
