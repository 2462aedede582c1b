#include "polycause/blocks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 62U;

std::string cache_directory(const std::string& directory) {
  if (!directory.empty()) return directory;
  std::error_code code;
  const std::filesystem::path path = std::filesystem::temp_directory_path(code);
  return code ? "/tmp" : path.string();
}

/// A file without a name: it goes away with its descriptor.
int open_nameless(const std::string& directory) {
#ifdef O_TMPFILE
  const int file = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
#endif
  std::string name = directory + "/polycause_XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

std::string in_mebibytes(double bytes) { return fmt::format("{:.1f} MiB", bytes / 1048576.0); }

}  // namespace

struct Blocks::Impl {
  BlockShape shape;
  BlockStorage storage = BlockStorage::kFloat;
  std::string directory;
  std::size_t values = 0;     ///< per participant
  std::size_t bytes = 0;      ///< per participant
  std::vector<char> present;  ///< (participants,), bytes so that rows can be written in parallel
  int file = -1;

  ~Impl() {
    if (file >= 0) ::close(file);
  }

  off_t offset(std::size_t row) const { return static_cast<off_t>(row * bytes); }

  [[noreturn]] void fail(const std::string& what, int code) const {
    const double all = static_cast<double>(bytes) * static_cast<double>(present.size());
    throw Error(fmt::format(
        "{}: {} the cache of {} x {} values ({}); {}", directory, what, present.size(), values,
        std::strerror(code),
        code == ENOSPC || code == EDQUOT || code == EFBIG
            ? fmt::format("expected {} of free space; make room, or set study.cache to a "
                          "directory on a larger disk",
                          in_mebibytes(all))
            : std::string("expected a directory that can be written; set study.cache to one")));
  }

  void write_bytes(std::size_t row, const void* data) const {
    const char* from = static_cast<const char*>(data);
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t count =
          ::pwrite(file, from + done, bytes - done, offset(row) + static_cast<off_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("cannot write", count < 0 ? errno : ENOSPC);
      done += static_cast<std::size_t>(count);
    }
  }

  void read_bytes(std::size_t row, void* data) const {
    char* to = static_cast<char*>(data);
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t count =
          ::pread(file, to + done, bytes - done, offset(row) + static_cast<off_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("cannot read", count < 0 ? errno : EIO);
      done += static_cast<std::size_t>(count);
    }
  }
};

Blocks::Blocks(const BlockShape& shape, std::size_t participants, BlockStorage storage,
               const std::string& directory)
    : impl_(std::make_unique<Impl>()) {
  const double all = 4.0 * static_cast<double>(shape.channels) * static_cast<double>(shape.height) *
                     static_cast<double>(shape.width) *
                     static_cast<double>(std::max<std::size_t>(participants, 1));
  if (shape.size() == 0 || all > static_cast<double>(kMost)) {
    throw Error(fmt::format(
        "cache: blocks of {} channels, {} x {} for {} participants; expected at least one value "
        "each and a sensible total; choose another size",
        shape.channels, shape.height, shape.width, participants));
  }
  impl_->shape = shape;
  impl_->storage = storage;
  impl_->directory = cache_directory(directory);
  impl_->values = shape.size();
  impl_->bytes = shape.size() * (storage == BlockStorage::kByte ? 1 : sizeof(float));
  impl_->present.assign(participants, 0);
  impl_->file = open_nameless(impl_->directory);
  if (impl_->file < 0) impl_->fail("cannot make", errno);
  const off_t size = impl_->offset(participants);
  if (size == 0) return;
#ifdef __linux__
  // Takes the space now, so that a full disk shows before the reading and not after an hour of it.
  if (::fallocate(impl_->file, 0, 0, size) == 0) return;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR)
    impl_->fail("cannot reserve", errno);
#endif
  if (::ftruncate(impl_->file, size) != 0) impl_->fail("cannot reserve", errno);
}

Blocks::~Blocks() = default;

const BlockShape& Blocks::shape() const { return impl_->shape; }

std::size_t Blocks::participants() const { return impl_->present.size(); }

bool Blocks::present(std::size_t row) const { return impl_->present.at(row) != 0; }

void Blocks::write(std::size_t row, const float* values) {
  char& present = impl_->present.at(row);
  if (impl_->storage == BlockStorage::kFloat) {
    impl_->write_bytes(row, values);
  } else {
    std::vector<unsigned char> bytes(impl_->values);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const float value = values[i];
      if (std::isnan(value)) throw Error("cache: a pixel is missing; expected 0 .. 1 everywhere");
      bytes[i] = static_cast<unsigned char>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
    }
    impl_->write_bytes(row, bytes.data());
  }
  present = 1;
}

void Blocks::read(const std::uint32_t* rows, std::size_t count, float* out) const {
  std::vector<unsigned char> bytes;
  for (std::size_t k = 0; k < count; ++k, out += impl_->values) {
    if (!present(rows[k])) {
      std::fill(out, out + impl_->values, std::numeric_limits<float>::quiet_NaN());
    } else if (impl_->storage == BlockStorage::kFloat) {
      impl_->read_bytes(rows[k], out);
    } else {
      bytes.resize(impl_->values);
      impl_->read_bytes(rows[k], bytes.data());
      for (std::size_t i = 0; i < bytes.size(); ++i) out[i] = static_cast<float>(bytes[i]) / 255.0F;
    }
  }
}

}  // namespace polycause
