// The members of a zip archive in memory, as far as NumPy writes them: stored or deflated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace polycause {

struct ZipMember {
  std::string name;
  std::uint16_t method = 0;  ///< 0 stored, 8 deflated
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;  ///< bytes in the archive
  std::uint64_t size = 0;    ///< bytes once unpacked
  std::uint64_t offset = 0;  ///< of the local header
};

/// Throws DataError when `bytes` is no zip archive, or a damaged one.
std::vector<ZipMember> list_zip(const std::string& path, const std::string& bytes);

/// The first `most` bytes of a member; whole members are checked against size and checksum. Throws
/// DataError; never unpacks more than the directory says.
std::string unpack(const std::string& path, const std::string& bytes, const ZipMember& member,
                   std::size_t most = static_cast<std::size_t>(-1));

}  // namespace polycause
