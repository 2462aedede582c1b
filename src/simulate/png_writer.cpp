#include "simulate/png_writer.h"

#include <png.h>

#include "polycause/error.h"

namespace polycause::simulation {

bool has_png() { return true; }

std::string encode_png(const unsigned char* pixels, std::size_t height, std::size_t width,
                       std::size_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  // Room for the worst case, so that each picture is compressed once.
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, nullptr) == 0) {
    throw Error(std::string("png: libpng says \"") + image.message +
                "\"; expected it to encode 8-bit pixels; use simulate.pictures = \"npy\"");
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace polycause::simulation
