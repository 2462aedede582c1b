#include "simulate/idx.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.h"
#include "data/bytes.h"
#include "polycause/error.h"

namespace polycause::simulation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeader = 16;
constexpr std::size_t kLargestFile = std::size_t{1} << 32;
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

std::size_t big_endian(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  }
  return value;
}

}  // namespace

Figures read_figures(const std::string& setting, const std::string& path) {
  const std::string file = find_file(setting, path);
  std::string bytes = read_bytes(file, kLargestFile);
  if (bytes.size() < kHeader || big_endian(bytes, 0) != 0x803) {
    throw DataError(file, 0, "",
                    "not an IDX file of pictures; expected one that begins with the bytes 0 0 8 3 "
                    "and three sizes; check " +
                        setting);
  }
  Figures figures;
  figures.count = big_endian(bytes, 4);
  figures.height = big_endian(bytes, 8);
  figures.width = big_endian(bytes, 12);
  if (figures.count == 0 || figures.height == 0 || figures.width == 0 ||
      figures.height > kLargestSide || figures.width > kLargestSide) {
    throw DataError(
        file, 0, "",
        fmt::format("says that it holds {} pictures of {} x {} pixels; expected at "
                    "least one, of at most {} x {}; take another file",
                    figures.count, figures.height, figures.width, kLargestSide, kLargestSide));
  }
  const std::size_t expected = figures.count * figures.height * figures.width;
  if (bytes.size() - kHeader != expected) {
    throw DataError(file, 0, "",
                    fmt::format("found {} bytes of pixels; expected {} ({} x {} x {}); the file is "
                                "damaged, fetch it again",
                                bytes.size() - kHeader, expected, figures.count, figures.height,
                                figures.width));
  }
  bytes.erase(0, kHeader);
  figures.pixels = std::move(bytes);
  return figures;
}

}  // namespace polycause::simulation
