// One picture, and the files that hold one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace polycause {

struct Pixels {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 1;   ///< 1 grey, 3 red, green, blue
  int bits = 8;               ///< of the file, per channel: 8, 16, or 32 for floats
  std::vector<float> values;  ///< (height, width, channels), 0 .. 1
};

/// Most pixels of one picture, so that a damaged header cannot ask for the whole memory.
inline constexpr std::size_t kMostPixels = std::size_t{1} << 26U;

/// True for names that end like a picture's: png, jpg, jpeg, tif, tiff, dcm.
bool named_like_picture(const std::string& name);

/// Reads PNG, JPEG, TIFF or DICOM (data/dicom.h); the content decides, not the name, except that
/// DICOM may lack its mark where the name ends in .dcm. Transparency is laid over
/// black; gamma, colour profiles and rotation tags are not applied. Throws DataError.
Pixels read_pixels(const std::string& path);

/// Decoders of a whole file in memory; `where` names it in errors. Throw DataError.
Pixels decode_png(const std::string& where, const std::string& bytes);
Pixels decode_jpeg(const std::string& where, const std::string& bytes);
Pixels decode_tiff(const std::string& where, const std::string& bytes);

/// Throws DataError unless the size is at least 1 x 1 and at most kMostPixels.
void check_picture_size(const std::string& where, std::size_t height, std::size_t width);

/// Each new pixel is the mean over its area where it covers more than one old one, else linear
/// interpolation between centres.
Pixels resized(const Pixels& pixels, std::size_t height, std::size_t width);

/// Grey (ITU-R BT.601 luma) or three channels.
Pixels with_channels(const Pixels& pixels, std::size_t channels);

}  // namespace polycause
