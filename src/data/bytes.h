// Bytes of a file, decompressed on the way when it is gzipped.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <string>

namespace polycause {

/// A stream over a plain or gzipped file. All failures are DataErrors that name the file.
class ByteStream {
 public:
  /// Throws when the file cannot be opened, or is called .gz and is not gzipped.
  explicit ByteStream(const std::string& path);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// Up to `size` bytes; fewer only at the end. Throws on damaged or truncated compressed data.
  std::size_t read(char* buffer, std::size_t size);

 private:
  [[noreturn]] void fail();
  std::string path_;
  gzFile file_ = nullptr;
};

/// The whole content. Throws when it is larger than `limit` bytes once decompressed.
std::string read_bytes(const std::string& path, std::size_t limit);

/// Name without ".gz", lower case: "a/B.XPT.gz" -> "a/b.xpt".
std::string plain_name(const std::string& path);
/// Whether a name has this ending and something before it.
bool has_ending(const std::string& name, const std::string& ending);

/// What the first bytes of a file say it is, e.g. "a SAS XPORT file"; "" when they say nothing.
std::string known_content(const std::string& head);

}  // namespace polycause
