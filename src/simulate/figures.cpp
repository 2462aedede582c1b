#include "simulate/figures.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.h"
#include "data/array_stream.h"
#include "polycause/error.h"

namespace polycause::simulation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestSide = 1024;

std::string find_file(const std::string& setting, const std::string& path) {
  if (path.empty()) {
    throw ConfigError(setting +
                      ": found nothing; expected a directory with train-images-idx3-ubyte or its "
                      ".gz; add --set " +
                      setting + "=DIR");
  }
  std::error_code code;
  if (fs::is_regular_file(path, code)) return path;
  if (!fs::is_directory(path, code)) {
    throw DataError(path, 0, "",
                    "found nothing there; expected a directory with train-images-idx3-ubyte or its "
                    ".gz; check " +
                        setting);
  }
  for (const char* name : {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz",
                           "train-images.idx3-ubyte", "train-images.idx3-ubyte.gz"}) {
    if (fs::is_regular_file(fs::path(path) / name, code)) return join_path(path, name);
  }
  throw DataError(path, 0, "",
                  "the directory holds no train-images-idx3-ubyte, with or without .gz; expected "
                  "one; put the file there, or name another file by " +
                      setting);
}

}  // namespace

Figures read_figures(const std::string& setting, const std::string& path) {
  const std::string file = find_file(setting, path);
  ArrayStream stream(file, "");
  const std::vector<std::size_t>& shape = stream.shape();
  if (shape.size() != 3 || stream.bits() != 8) {
    throw DataError(file, 0, "",
                    fmt::format("holds {} of {} bits; expected grey pictures: three sizes (number, "
                                "height, width), 8 bits; check {}",
                                fmt::join(shape, " x "), stream.bits(), setting));
  }
  Figures figures{shape[0], shape[1], shape[2], {}};
  if (figures.height > kLargestSide || figures.width > kLargestSide) {
    throw DataError(file, 0, "",
                    fmt::format("pictures of {} x {} pixels; expected at most {} x {}; take "
                                "another file",
                                figures.height, figures.width, kLargestSide, kLargestSide));
  }
  std::vector<float> one(stream.items());
  for (std::size_t k = 0; k < figures.count; ++k) {  // grows with what is there, not what is said
    stream.next(one.data());
    for (const float value : one) figures.pixels.push_back(static_cast<unsigned char>(value));
  }
  return figures;
}

}  // namespace polycause::simulation
