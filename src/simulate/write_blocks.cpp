#include "simulate/write_blocks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>

#include "base/files.h"
#include "base/parallel.h"
#include "data/bytes.h"
#include "polycause/error.h"
#include "simulate/png_writer.h"

namespace polycause::simulation {
namespace {

constexpr std::size_t kRowsPerUnit = 32;

std::size_t size_of(const SimulatedBlocks& blocks) {
  return std::accumulate(blocks.shape.begin(), blocks.shape.end(), std::size_t{1},
                         std::multiplies<>());
}

// A file that only its owner can read; null where it cannot be made.
std::FILE* open_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return fd < 0 ? nullptr : ::fdopen(fd, "wb");
}

// Written beside its place and renamed when complete.
class GrowingFile {
 public:
  explicit GrowingFile(const std::string& path)
      : path_(path), beside_(path + ".part" + std::to_string(::getpid())) {
    file_.reset(open_private(beside_));
    if (!file_) fail("create");
  }
  ~GrowingFile() {
    if (file_) ::unlink(beside_.c_str());
  }
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;

  void write(const std::string& bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail("write");
  }
  void finish() {
    if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) fail("flush");
    if (std::rename(beside_.c_str(), path_.c_str()) != 0) fail("rename");
    file_.reset();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail(const char* what) {
    const std::string reason = std::strerror(errno);
    ::unlink(beside_.c_str());
    throw Error(path_ + ": cannot " + what + " (" + reason + "); check space and permissions");
  }

  std::string path_;
  std::string beside_;
  std::unique_ptr<std::FILE, Close> file_;
};

// Text or bytes of one participant, appended.
using Encode = std::function<void(std::size_t row, const std::vector<float>& values, std::string&)>;

void write_growing(const SimulatedBlocks& blocks, const std::string& path,
                   const std::string& header, std::size_t threads, const Encode& encode) {
  GrowingFile file(path);
  file.write(header);
  const std::size_t rows = blocks.ids.size();
  const std::size_t batch = kRowsPerUnit * std::max<std::size_t>(threads, 1) * 4;
  for (std::size_t begin = 0; begin < rows; begin += batch) {
    const std::size_t end = std::min(rows, begin + batch);
    std::vector<std::string> parts((end - begin + kRowsPerUnit - 1) / kRowsPerUnit);
    parallel_for(parts.size(), threads, [&](std::size_t unit) {
      std::vector<float> values(size_of(blocks));
      const std::size_t first = begin + unit * kRowsPerUnit;
      for (std::size_t row = first; row < std::min(end, first + kRowsPerUnit); ++row) {
        blocks.draw(row, values.data());
        encode(row, values, parts[unit]);
      }
    });
    for (const std::string& part : parts) file.write(part);
  }
  file.finish();
}

void append_bytes(const std::vector<float>& values, std::string& out) {
  for (const float value : values) {
    out += static_cast<char>(static_cast<unsigned char>(std::lround(value)));
  }
}

void append_floats(const std::vector<float>& values, std::string& out) {
  for (const float value : values) {  // low byte first on every machine
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(bits >> shift & 0xffu);
  }
}

void append_lines(const SimulatedBlocks& blocks, std::size_t row, const std::vector<float>& values,
                  std::string& out) {
  const std::size_t channels = blocks.channels.size();
  auto to = std::back_inserter(out);
  for (std::size_t t = 0; t < blocks.shape[0]; ++t) {
    fmt::format_to(to, "{},{}", blocks.ids[row], static_cast<double>(t) * blocks.seconds);
    for (std::size_t c = 0; c < channels; ++c) {
      const float value = values[t * channels + c];
      out += ',';
      if (!std::isnan(value)) fmt::format_to(to, "{}", value);
    }
    out += '\n';
  }
}

void write_pictures(const SimulatedBlocks& blocks, const std::string& folder, std::size_t threads) {
  make_directory(folder);
  const std::size_t rows = blocks.ids.size();
  parallel_for((rows + kRowsPerUnit - 1) / kRowsPerUnit, threads, [&](std::size_t unit) {
    std::vector<float> values(size_of(blocks));
    const std::size_t first = unit * kRowsPerUnit;
    for (std::size_t row = first; row < std::min(rows, first + kRowsPerUnit); ++row) {
      blocks.draw(row, values.data());
      std::string pixels;
      append_bytes(values, pixels);
      // Not flushed one by one: a study without study.toml, written last, is incomplete anyway.
      const std::string path = join_path(folder, blocks.ids[row] + ".png");
      const std::string bytes = encode_png(reinterpret_cast<const unsigned char*>(pixels.data()),
                                           blocks.shape[0], blocks.shape[1], blocks.shape[2]);
      std::FILE* const file = open_private(path);
      const bool written =
          file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
      const bool closed = file != nullptr && std::fclose(file) == 0;
      if (!written || !closed) {
        throw Error(path + ": cannot write (" + std::strerror(errno) +
                    "); check space and permissions");
      }
    }
  });
}

}  // namespace

std::string npy_header(const std::string& type, const std::vector<std::size_t>& shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 type, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t kBefore = 10;  // magic, version, length
  text.append(63 - (kBefore + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xffu);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

void write_blocks(const SimulatedBlocks& blocks, const std::string& directory,
                  std::size_t threads) {
  const std::string path = join_path(directory, blocks.path);
  if (has_ending(path, ".npy")) {
    const bool bytes = blocks.kind == "image";
    std::vector<std::size_t> shape = {blocks.ids.size()};
    shape.insert(shape.end(), blocks.shape.begin(), blocks.shape.end());
    write_growing(blocks, path, npy_header(bytes ? "|u1" : "<f4", shape), threads,
                  [&](std::size_t, const std::vector<float>& values, std::string& out) {
                    bytes ? append_bytes(values, out) : append_floats(values, out);
                  });
  } else if (has_ending(path, ".csv")) {
    write_growing(blocks, path, fmt::format("sample_id,time,{}\n", fmt::join(blocks.channels, ",")),
                  threads,
                  [&](std::size_t row, const std::vector<float>& values, std::string& out) {
                    append_lines(blocks, row, values, out);
                  });
  } else {
    write_pictures(blocks, path, threads);
  }
  if (!blocks.ids_file.empty()) {
    write_file(join_path(directory, blocks.ids_file),
               fmt::format("{}\n", fmt::join(blocks.ids, "\n")));
  }
}

}  // namespace polycause::simulation
