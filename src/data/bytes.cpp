#include "data/bytes.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "polycause/error.h"

namespace polycause {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool has_gzip_magic(std::istream& in) {
  char magic[2] = {0, 0};
  in.read(magic, 2);
  return in.gcount() == 2 && magic[0] == '\x1f' && magic[1] == '\x8b';
}

}  // namespace

ByteStream::ByteStream(const std::string& path) : path_(path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    throw DataError(path, 0, "", "found a directory; expected a file; correct the path");
  }
  std::ifstream probe(path, std::ios::binary);
  if (!probe) {
    throw DataError(path, 0, "",
                    std::string("cannot open (") + std::strerror(errno) + "); check the path");
  }
  if (has_ending(lower(path), ".gz") && !has_gzip_magic(probe)) {
    throw DataError(path, 0, "",
                    "the content is not gzip; expected gzip for a name ending in .gz; rename the "
                    "file or compress it");
  }
  probe.close();
  file_ = gzopen(path.c_str(), "rb");
  if (file_ == nullptr) throw DataError(path, 0, "", "cannot open; check permissions and memory");
  gzbuffer(file_, 1U << 18U);
}

ByteStream::~ByteStream() { gzclose_r(file_); }

void ByteStream::fail() {
  int code = Z_OK;
  const std::string message = gzerror(file_, &code);
  if (code == Z_BUF_ERROR) {
    throw DataError(path_, 0, "",
                    "the compressed data end too early; expected a complete gzip file; copy or "
                    "download it again");
  }
  if (code == Z_ERRNO) {
    throw DataError(path_, 0, "",
                    std::string("reading failed (") + std::strerror(errno) + "); check the disk");
  }
  throw DataError(path_, 0, "",
                  "the compressed data are damaged (" + message +
                      "); expected a valid gzip file; copy or download it again");
}

std::size_t ByteStream::read(char* buffer, std::size_t size) {
  constexpr std::size_t kMost = 1U << 30U;
  std::size_t done = 0;
  while (done < size) {
    const int count =
        gzread(file_, buffer + done, static_cast<unsigned>(std::min(size - done, kMost)));
    if (count < 0) fail();
    if (count == 0) {
      int code = Z_OK;
      gzerror(file_, &code);
      if (code != Z_OK && code != Z_STREAM_END) fail();
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::string read_bytes(const std::string& path, std::size_t limit) {
  ByteStream stream(path);
  std::string content;
  std::vector<char> chunk(1U << 20U);
  for (;;) {
    const std::size_t count = stream.read(chunk.data(), chunk.size());
    if (count == 0) return content;
    if (content.size() + count > limit) {
      throw DataError(path, 0, "",
                      "holds more than " + std::to_string(limit >> 20U) +
                          " MiB once decompressed; expected less; split the file");
    }
    content.append(chunk.data(), count);
  }
}

bool has_ending(const std::string& name, const std::string& ending) {
  return name.size() > ending.size() &&
         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

std::string plain_name(const std::string& path) {
  std::string name = lower(path);
  if (has_ending(name, ".gz")) name.resize(name.size() - 3);
  return name;
}

std::string known_content(const std::string& head) {
  using Magic = std::pair<std::string, const char*>;
  static const std::vector<Magic> kMagics = {
      {std::string("HEADER RECORD*******LIB"), "a SAS XPORT file"},
      {std::string("\x93NUMPY"), "a NumPy array"},
      {std::string("PK\x03\x04"), "a zip archive (npz, xlsx, ...)"},
      {std::string("PK\x05\x06"), "an empty zip archive"},
      {std::string("\x89HDF\r\n"), "an HDF5 file"},
      {std::string("\x89PNG"), "a PNG image"},
      {std::string("\xff\xd8\xff"), "a JPEG image"},
      {std::string("PAR1"), "a Parquet file"},
      {std::string("ARROW1"), "an Arrow file"},
      {std::string("%PDF"), "a PDF document"},
      {std::string("$FL2"), "an SPSS file"},
      {std::string("\xd0\xcf\x11\xe0"), "an old Excel file"},
      {std::string("\x1f\x8b"), "gzip inside gzip"},
      {std::string("BZh"), "a bzip2 file"},
      {std::string("\xfd"
                   "7zXZ"),
       "an xz file"},
      {std::string("\x28\xb5\x2f\xfd"), "a zstd file"},
      {std::string("RDX"), "an R data file"}};
  for (const Magic& magic : kMagics) {
    if (head.compare(0, magic.first.size(), magic.first) == 0) return magic.second;
  }
  if (head.compare(0, 2, "\xff\xfe") == 0 || head.compare(0, 2, "\xfe\xff") == 0) {
    return "UTF-16 text";
  }
  return "";
}

}  // namespace polycause
