#include "data/cache_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "polycause/error.h"

namespace polycause {
namespace {

std::string temporary_directory() {
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

}  // namespace

CacheFile::CacheFile(const std::string& directory)
    : directory_(directory.empty() ? temporary_directory() : directory) {
  file_ = open_nameless(directory_);
  if (file_ < 0) fail("cannot make", 0, errno);
}

CacheFile::~CacheFile() { ::close(file_); }

void CacheFile::fail(const std::string& what, std::uint64_t size, int code) const {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  throw Error(fmt::format("{}: {} the cache file ({}); {}, or set study.cache to {}", directory_,
                          what, std::strerror(code),
                          full ? fmt::format("expected {:.1f} MiB of free space; make room",
                                             static_cast<double>(size) / 1048576.0)
                               : std::string("expected a directory that can be written"),
                          full ? "a directory on a larger disk" : "another directory"));
}

void CacheFile::reserve(std::uint64_t size) {
  if (size == 0) return;
  end_ = std::max(end_, size);
#ifdef __linux__
  if (::fallocate(file_, 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR) fail("cannot reserve", size, errno);
#endif
  if (::ftruncate(file_, static_cast<off_t>(size)) != 0) fail("cannot reserve", size, errno);
}

void CacheFile::write(std::uint64_t offset, const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pwrite(file_, from + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("cannot write", offset + size, count < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(count);
  }
}

std::uint64_t CacheFile::append(const void* data, std::size_t size) {
  const std::uint64_t place = end_;
  write(place, data, size);
  end_ += size;
  return place;
}

void CacheFile::read(std::uint64_t offset, void* data, std::size_t size) const {
  char* to = static_cast<char*>(data);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file_, to + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("cannot read", offset + size, count < 0 ? errno : EIO);
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace polycause
