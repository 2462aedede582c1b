// Stacks of grey figures in IDX files (the format of MNIST and Fashion-MNIST).
#pragma once

#include <cstddef>
#include <string>

namespace polycause::simulation {

struct Figures {
  std::size_t count = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::string pixels;  ///< (count, height, width), unsigned bytes

  const unsigned char* of(std::size_t figure) const {
    return reinterpret_cast<const unsigned char*>(pixels.data()) + figure * height * width;
  }
};

/// The figures of an IDX file (.gz or not), or of train-images-idx3-ubyte[.gz] in a directory.
/// `setting` names in errors where the path came from. Throws ConfigError without a path and
/// DataError for a file that is absent, damaged or no stack of pictures.
Figures read_figures(const std::string& setting, const std::string& path);

}  // namespace polycause::simulation
