#include "data/zip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "data/cells.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint32_t kIn64 = 0xFFFFFFFFU;
constexpr std::uint64_t kMostExpansion = 1040;  // deflate packs at most 1032 bytes into one

std::uint64_t number_at(const std::string& bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < width; ++k) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + k])) << (8 * k);
  }
  return value;
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(
      path, 0, "",
      what + "; expected a whole zip archive as np.savez writes it; copy or save it again");
}

/// Sizes and offset that do not fit into 32 bits stand in an extra field.
void read_extra(const std::string& path, const std::string& bytes, std::size_t at,
                std::size_t length, ZipMember& member) {
  const std::size_t end = at + length;
  while (at + 4 <= end) {
    const std::uint64_t tag = number_at(bytes, at, 2);
    const std::uint64_t size = number_at(bytes, at + 2, 2);
    at += 4;
    if (size > end - at) fail(path, "an extra field is too long");
    if (tag == 1) {
      std::size_t field = at;
      for (std::uint64_t* value : {&member.size, &member.packed, &member.offset}) {
        if (*value != kIn64) continue;
        if (field + 8 > at + size) fail(path, "an extra field is too short");
        *value = number_at(bytes, field, 8);
        field += 8;
      }
    }
    at += size;
  }
}

}  // namespace

std::vector<ZipMember> list_zip(const std::string& path, const std::string& bytes) {
  if (bytes.compare(0, 2, "PK") != 0) {
    throw DataError(
        path, 0, "",
        "the content is no zip archive; expected a file written by np.savez; correct the name");
  }
  if (bytes.size() < kEndSize) fail(path, "the archive is cut off");
  std::size_t end = bytes.size() - kEndSize;
  const std::size_t lowest = end > 65535 ? end - 65535 : 0;  // a comment may follow
  while (bytes.compare(end, 4, "PK\x05\x06") != 0) {
    if (end == lowest) fail(path, "the archive has no directory");
    --end;
  }
  const std::uint64_t count = number_at(bytes, end + 10, 2);
  std::uint64_t at = number_at(bytes, end + 16, 4);
  if (count == 0xFFFF || at == kIn64) {
    fail(path,
         "the archive has a 64-bit directory, which is not supported (save the array as .npy)");
  }
  std::vector<ZipMember> members;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (at > end || end - at < kEntrySize || bytes.compare(at, 4, "PK\x01\x02") != 0) {
      fail(path, "the directory of the archive is damaged");
    }
    ZipMember member;
    if ((number_at(bytes, at + 8, 2) & 1U) != 0) fail(path, "the archive is encrypted");
    member.method = static_cast<std::uint16_t>(number_at(bytes, at + 10, 2));
    member.crc = static_cast<std::uint32_t>(number_at(bytes, at + 16, 4));
    member.packed = number_at(bytes, at + 20, 4);
    member.size = number_at(bytes, at + 24, 4);
    const std::size_t name = number_at(bytes, at + 28, 2);
    const std::size_t extra = number_at(bytes, at + 30, 2);
    const std::size_t comment = number_at(bytes, at + 32, 2);
    member.offset = number_at(bytes, at + 42, 4);
    if (end - at < kEntrySize + name + extra + comment)
      fail(path, "the directory of the archive is damaged");
    member.name = bytes.substr(at + kEntrySize, name);
    if (!is_utf8(member.name)) fail(path, "a name in the archive is not UTF-8");
    read_extra(path, bytes, at + kEntrySize + name, extra, member);
    members.push_back(std::move(member));
    at += kEntrySize + name + extra + comment;
  }
  return members;
}

std::string unpack(const std::string& path, const std::string& bytes, const ZipMember& member,
                   std::size_t most) {
  const std::string what = "member " + shown(member.name) + " ";
  if (member.offset > bytes.size() || bytes.size() - member.offset < kLocalSize ||
      bytes.compare(member.offset, 4, "PK\x03\x04") != 0) {
    fail(path, what + "is not where the directory says");
  }
  const std::size_t begin = member.offset + kLocalSize + number_at(bytes, member.offset + 26, 2) +
                            number_at(bytes, member.offset + 28, 2);
  if (begin > bytes.size() || member.packed > bytes.size() - begin) fail(path, what + "is cut off");
  const std::size_t size = std::min<std::uint64_t>(member.size, most);
  std::string out;
  if (member.method == 0) {
    if (member.packed != member.size) fail(path, what + "has two different sizes");
    out = bytes.substr(begin, size);
  } else if (member.method == 8) {
    if (member.size / kMostExpansion > member.packed)
      fail(path, what + "claims an impossible size");
    out.resize(size);
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    std::size_t read = 0;
    std::size_t written = 0;
    int code = Z_OK;
    while (code == Z_OK && written < size) {
      constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
      const auto give = static_cast<uInt>(std::min<std::uint64_t>(member.packed - read, kMost));
      const auto room = static_cast<uInt>(std::min(size - written, kMost));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + begin + read));
      stream.avail_in = give;
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
      stream.avail_out = room;
      code = inflate(&stream, Z_NO_FLUSH);
      read += give - stream.avail_in;
      written += room - stream.avail_out;
      if (give == stream.avail_in && room == stream.avail_out) break;  // no progress: input used up
    }
    inflateEnd(&stream);
    if (written < size) fail(path, what + "is damaged");
  } else {
    fail(path, what + "is packed by method " + std::to_string(member.method) +
                   ", which NumPy does not use");
  }
  if (size == member.size) {
    uLong crc = crc32(0, nullptr, 0);
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t step = std::min<std::size_t>(out.size() - at, 1U << 30U);
      crc = crc32(crc, reinterpret_cast<const Bytef*>(out.data() + at), static_cast<uInt>(step));
      at += step;
    }
    if (crc != member.crc) fail(path, what + "does not fit its checksum");
  }
  return out;
}

}  // namespace polycause
