#include "data/pixels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/bytes.h"
#include "data/cells.h"
#include "data/dicom.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 30U;

bool begins_with(const std::string& bytes, const std::string& magic) {
  return bytes.compare(0, magic.size(), magic) == 0;
}

/// How one new coordinate is made of old ones: weights of old[first], old[first + 1], ...
struct Mix {
  std::size_t first = 0;
  std::vector<float> weights;
};

std::vector<Mix> mixes(std::size_t from, std::size_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  std::vector<Mix> out(to);
  for (std::size_t k = 0; k < to; ++k) {
    Mix& mix = out[k];
    if (ratio > 1) {
      const double begin = static_cast<double>(k) * ratio;
      const double end = begin + ratio;
      mix.first = static_cast<std::size_t>(begin);
      for (std::size_t i = mix.first; i < from && static_cast<double>(i) < end; ++i) {
        const double low = std::max(begin, static_cast<double>(i));
        const double high = std::min(end, static_cast<double>(i + 1));
        mix.weights.push_back(static_cast<float>(std::max(0.0, high - low) / ratio));
      }
    } else {
      const double most = static_cast<double>(from - 1);
      const double at = std::clamp((static_cast<double>(k) + 0.5) * ratio - 0.5, 0.0, most);
      mix.first = std::min(static_cast<std::size_t>(at), from - 1);
      const auto part = static_cast<float>(at - static_cast<double>(mix.first));
      mix.weights.push_back(1 - part);
      if (part > 0 && mix.first + 1 < from) mix.weights.push_back(part);
    }
  }
  return out;
}

}  // namespace

bool named_like_picture(const std::string& name) {
  static const std::vector<std::string> kEnds = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm"};
  const std::string plain = plain_name(name);
  return std::any_of(kEnds.begin(), kEnds.end(), [&](const std::string& end) {
    return plain.size() > end.size() &&
           plain.compare(plain.size() - end.size(), end.size(), end) == 0;
  });
}

bool is_dicom(const std::string& bytes) {
  constexpr std::size_t kPreamble = 128;
  return bytes.size() > kPreamble && bytes.compare(kPreamble, 4, "DICM") == 0;
}

void check_picture_size(const std::string& where, std::size_t height, std::size_t width) {
  if (height > 0 && width > 0 && width <= kMostPixels / height) return;
  throw DataError(where, 0, "",
                  fmt::format("claims {} x {} pixels; expected 1 .. {} million in all; the file is "
                              "damaged, or has to be made smaller first",
                              height, width, kMostPixels >> 20U));
}

Pixels read_pixels(const std::string& path) {
  const std::string bytes = read_bytes(path, kLargestFile);
  if (bytes.empty()) {
    throw DataError(path, 0, "", "the file is empty; expected a picture; copy it again");
  }
  if (begins_with(bytes, "\x89PNG")) return decode_png(path, bytes);
  if (begins_with(bytes, "\xff\xd8\xff")) return decode_jpeg(path, bytes);
  if (begins_with(bytes, std::string("II*\0", 4)) || begins_with(bytes, std::string("MM\0*", 4))) {
    return decode_tiff(path, bytes);
  }
  if (is_dicom(bytes) || has_ending(plain_name(path), ".dcm")) {
    return decode_dicom(path, bytes);
  }
  const std::string known = known_content(bytes.substr(0, 64));
  throw DataError(
      path, 0, "",
      fmt::format("the content {}; expected PNG, JPEG, TIFF or DICOM; convert the file",
                  known.empty() ? "is no picture that is known" : "looks like " + known));
}

Pixels resized(const Pixels& pixels, std::size_t height, std::size_t width) {
  if (pixels.height == height && pixels.width == width) return pixels;
  const std::size_t channels = pixels.channels;
  const std::vector<Mix> columns = mixes(pixels.width, width);
  std::vector<float> narrow(pixels.height * width * channels, 0);  // (old height, width, channels)
  for (std::size_t y = 0; y < pixels.height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const Mix& mix = columns[x];
      float* out = &narrow[(y * width + x) * channels];
      const float* in = &pixels.values[(y * pixels.width + mix.first) * channels];
      for (const float weight : mix.weights) {
        for (std::size_t c = 0; c < channels; ++c) out[c] += weight * *in++;
      }
    }
  }
  Pixels result;
  result.height = height;
  result.width = width;
  result.channels = channels;
  result.bits = pixels.bits;
  result.values.assign(height * width * channels, 0);
  const std::vector<Mix> rows = mixes(pixels.height, height);
  const std::size_t line = width * channels;
  for (std::size_t y = 0; y < height; ++y) {
    float* out = &result.values[y * line];
    const float* in = &narrow[rows[y].first * line];
    for (const float weight : rows[y].weights) {
      for (std::size_t i = 0; i < line; ++i) out[i] += weight * *in++;
    }
  }
  return result;
}

Pixels with_channels(const Pixels& pixels, std::size_t channels) {
  if (pixels.channels == channels) return pixels;
  Pixels result = pixels;
  result.channels = channels;
  const std::size_t area = pixels.height * pixels.width;
  result.values.resize(area * channels);
  for (std::size_t i = 0; i < area; ++i) {
    if (channels == 1) {
      const float* in = &pixels.values[3 * i];
      result.values[i] = 0.299F * in[0] + 0.587F * in[1] + 0.114F * in[2];
    } else {
      for (std::size_t c = 0; c < 3; ++c) result.values[3 * i + c] = pixels.values[i];
    }
  }
  return result;
}

}  // namespace polycause
