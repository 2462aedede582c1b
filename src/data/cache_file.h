// A file that nobody else can open and that disappears with its object or the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace polycause {

/// Reading is safe from several threads, so is writing to different places. All failures are Errors
/// that say how much space was needed and where.
class CacheFile {
 public:
  /// `directory` "" = the system's temporary directory.
  explicit CacheFile(const std::string& directory);
  ~CacheFile();
  CacheFile(const CacheFile&) = delete;
  CacheFile& operator=(const CacheFile&) = delete;

  /// Takes the space now, so that a full disk shows before the reading and not after an hour of it.
  void reserve(std::uint64_t size);

  void write(std::uint64_t offset, const void* data, std::size_t size);
  /// Behind what was written before by this; returns its place.
  std::uint64_t append(const void* data, std::size_t size);
  void read(std::uint64_t offset, void* data, std::size_t size) const;

 private:
  [[noreturn]] void fail(const std::string& what, std::uint64_t size, int code) const;

  std::string directory_;
  int file_ = -1;
  std::uint64_t end_ = 0;
};

}  // namespace polycause
