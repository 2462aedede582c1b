#include <tiffio.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// A file in memory, as libtiff reads it.
struct Memory {
  const std::string& bytes;
  std::size_t at = 0;
};

tmsize_t read_memory(thandle_t handle, void* out, tmsize_t size) {
  auto* memory = static_cast<Memory*>(handle);
  if (memory->at >= memory->bytes.size() || size <= 0) return 0;
  const std::size_t count =
      std::min(static_cast<std::size_t>(size), memory->bytes.size() - memory->at);
  std::memcpy(out, memory->bytes.data() + memory->at, count);
  memory->at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_memory(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto* memory = static_cast<Memory*>(handle);
  const toff_t base = whence == SEEK_CUR   ? memory->at
                      : whence == SEEK_END ? memory->bytes.size()
                                           : 0;
  memory->at = static_cast<std::size_t>(base + offset);
  return memory->at;
}

int close_memory(thandle_t) { return 0; }
toff_t size_of_memory(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }

[[noreturn]] void fail(const std::string& where) {
  throw DataError(where, 0, "",
                  "the TIFF is damaged or of a rare kind; expected a complete picture, grey or "
                  "colour; convert it to PNG");
}

/// Grey of 16 bits in strips: what the general reader would cut to 8 bits.
bool read_deep_grey(TIFF* tiff, Pixels& pixels) {
  std::uint16_t bits = 0;
  std::uint16_t samples = 1;
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t meaning = 0;
  TIFFGetField(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &meaning);
  const bool grey = meaning == PHOTOMETRIC_MINISBLACK || meaning == PHOTOMETRIC_MINISWHITE;
  if (bits != 16 || samples != 1 || format != SAMPLEFORMAT_UINT || !grey ||
      TIFFIsTiled(tiff) != 0 ||
      static_cast<std::size_t>(TIFFScanlineSize(tiff)) != 2 * pixels.width) {
    return false;
  }
  std::vector<std::uint16_t> row(pixels.width);
  pixels.bits = 16;
  pixels.channels = 1;
  pixels.values.reserve(pixels.height * pixels.width);
  for (std::size_t y = 0; y < pixels.height; ++y) {
    if (TIFFReadScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0) < 0) return false;
    for (const std::uint16_t value : row) {
      const float grade = static_cast<float>(value) / 65535.0F;
      pixels.values.push_back(meaning == PHOTOMETRIC_MINISWHITE ? 1 - grade : grade);
    }
  }
  return true;
}

}  // namespace

Pixels decode_tiff(const std::string& where, const std::string& bytes) {
  static const bool quiet = [] {  // once: the handlers belong to the whole process
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    return true;
  }();
  static_cast<void>(quiet);
  Memory memory{bytes};
  const std::unique_ptr<TIFF, void (*)(TIFF*)> tiff(
      TIFFClientOpen("", "rm", &memory, read_memory, write_memory, seek_memory, close_memory,
                     size_of_memory, nullptr, nullptr),
      TIFFClose);
  if (!tiff) fail(where);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t meaning = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  TIFFGetField(tiff.get(), TIFFTAG_PHOTOMETRIC, &meaning);
  check_picture_size(where, height, width);
  Pixels pixels;
  pixels.height = height;
  pixels.width = width;
  if (read_deep_grey(tiff.get(), pixels)) return pixels;
  if (pixels.bits == 16) fail(where);  // begun and not finished
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(width) * height);
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1) ==
      0) {
    fail(where);
  }
  const bool grey = meaning == PHOTOMETRIC_MINISBLACK || meaning == PHOTOMETRIC_MINISWHITE;
  pixels.channels = grey ? 1 : 3;
  pixels.values.reserve(raster.size() * pixels.channels);
  for (const std::uint32_t value : raster) {  // already multiplied by its coverage
    pixels.values.push_back(static_cast<float>(TIFFGetR(value)) / 255.0F);
    if (grey) continue;
    pixels.values.push_back(static_cast<float>(TIFFGetG(value)) / 255.0F);
    pixels.values.push_back(static_cast<float>(TIFFGetB(value)) / 255.0F);
  }
  return pixels;
}

}  // namespace polycause
