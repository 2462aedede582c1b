#include "data/array_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "data/cells.h"
#include "data/npy_cells.h"
#include "data/raw_table.h"
#include "data/zip.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kMostDimensions = 4;
constexpr std::size_t kLargestArchive = std::size_t{16} << 30U;
constexpr std::size_t kMostItems = std::size_t{1} << 28U;  ///< numbers of one participant

bool is_idx(const std::string& head) {
  return head.size() >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 &&
         head[3] >= 1 && head[3] <= 8;
}

std::string file_part(const std::string& path) {
  const std::size_t colon = plain_name(path).find(".npz:");
  return colon == std::string::npos ? path : path.substr(0, colon + 4);
}

/// Ids of an archive: an array of texts or numbers.
std::vector<std::string> read_array_ids(const std::string& path, const std::string& name) {
  ReadOptions options;
  options.numbered = true;
  RawTable table = read_raw_table(path + ":" + name, options);
  if (table.columns.size() != 1) {
    throw DataError(path + ":" + name, 0, "", "has several columns; expected one id per row");
  }
  RawColumn& column = table.columns.front();
  if (!column.text) return ids_from_numbers(column.values);
  std::vector<std::string> ids;
  for (const double code : column.values) {
    ids.push_back(code == code ? column.levels[static_cast<std::size_t>(code)] : "");
  }
  return ids;
}

}  // namespace

bool ArrayStream::holds_array(const std::string& path) {
  ByteStream stream(file_part(path));
  std::string head(8, '\0');
  head.resize(stream.read(head.data(), head.size()));
  return is_idx(head) || head.compare(0, 6, "\x93NUMPY") == 0 || head.compare(0, 2, "PK") == 0;
}

ArrayStream::ArrayStream(const std::string& path, const std::string& id) : path_(path) {
  const std::string file = file_part(path);
  stream_ = std::make_unique<ByteStream>(file);
  std::string head(12, '\0');
  head.resize(stream_->read(head.data(), head.size()));
  if (head.compare(0, 2, "PK") == 0) {
    stream_.reset();
    open_archive(id);
  } else if (is_idx(head)) {
    stream_ = std::make_unique<ByteStream>(file);
    open_idx();
  } else {
    stream_ = std::make_unique<ByteStream>(file);
    std::string begin(1U << 16U, '\0');
    begin.resize(stream_->read(begin.data(), begin.size()));
    header_ = parse_npy_header(path_, begin, kMostDimensions);
    stream_ = std::make_unique<ByteStream>(file);
    std::string skipped(header_.data, '\0');
    take(skipped.data(), skipped.size());
  }
  check_shape();
}

void ArrayStream::open_archive(const std::string& id) {
  const std::string file = file_part(path_);
  const std::string wanted = file.size() < path_.size() ? path_.substr(file.size() + 1) : "";
  const std::string bytes = read_bytes(file, kLargestArchive);
  const ZipMember* chosen = nullptr;
  bool with_ids = false;
  std::string listing;
  const std::vector<ZipMember> members = list_zip(file, bytes);
  for (const ZipMember& member : members) {
    std::string name = member.name;
    if (name.size() > 4 && name.compare(name.size() - 4, 4, ".npy") == 0) {
      name.resize(name.size() - 4);
    }
    listing += (listing.empty() ? "" : ", ") + shown(name);
    if (name == id && name != wanted) {
      with_ids = true;
    } else if (wanted.empty() ? chosen == nullptr : name == wanted) {
      chosen = &member;
    } else if (wanted.empty()) {
      throw DataError(file, 0, "",
                      "holds several arrays; expected the name of one after a colon, such as "
                      "\"pictures.npz:x\"; the arrays are " +
                          listing + " ...");
    }
  }
  if (chosen == nullptr) {
    throw DataError(file, 0, "",
                    "there is no array " + (wanted.empty() ? "" : shown(wanted)) +
                        "; expected one of " + (listing.empty() ? "none" : listing));
  }
  unpacked_ = unpack(file, bytes, *chosen);
  header_ = parse_npy_header(path_, unpacked_, kMostDimensions);
  at_ = header_.data;
  if (with_ids) ids_ = read_array_ids(file, id);
}

void ArrayStream::open_idx() {
  std::array<unsigned char, 4> word{};
  const auto read_word = [&] { take(reinterpret_cast<char*>(word.data()), word.size()); };
  read_word();
  switch (word[2]) {
    case 0x08:
      header_.kind = 'u', header_.item = 1;
      break;
    case 0x09:
      header_.kind = 'i', header_.item = 1;
      break;
    case 0x0B:
      header_.kind = 'i', header_.item = 2;
      break;
    case 0x0C:
      header_.kind = 'i', header_.item = 4;
      break;
    case 0x0D:
      header_.kind = 'f', header_.item = 4;
      break;
    case 0x0E:
      header_.kind = 'f', header_.item = 8;
      break;
    default:
      throw DataError(path_, 0, "",
                      fmt::format("IDX with elements of type {:#x}; expected 0x8 .. 0xe; the file "
                                  "is damaged",
                                  word[2]));
  }
  header_.big_endian = true;
  const std::size_t dimensions = word[3];
  for (std::size_t d = 0; d < dimensions; ++d) {
    read_word();
    header_.shape.push_back(std::size_t{word[0]} << 24U | std::size_t{word[1]} << 16U |
                            std::size_t{word[2]} << 8U | std::size_t{word[3]});
  }
}

void ArrayStream::check_shape() {
  const std::string shape = fmt::format("({})", fmt::join(header_.shape, ", "));
  const auto fail = [&](const std::string& what) {
    throw DataError(path_, 0, "", fmt::format("the array has shape {}; {}", shape, what));
  };
  if (header_.kind == 'U' || header_.kind == 'S') fail("its elements are texts; expected numbers");
  if (header_.shape.size() < 2 || header_.shape.size() > kMostDimensions) {
    fail("expected participants first, then 1 to 3 dimensions");
  }
  if (header_.fortran) {
    fail("it is stored column by column; expected row by row; save np.ascontiguousarray(array)");
  }
  items_ = 1;
  for (std::size_t d = 0; d < header_.shape.size(); ++d) {
    const std::size_t length = header_.shape[d];
    if (length == 0) fail("expected no dimension of 0");
    if (d == 0) continue;
    if (length > kMostItems / items_) fail("too many numbers per participant");
    items_ *= length;
  }
  header_.data = 0;
}

int ArrayStream::bits() const {
  if (header_.kind != 'u') return 32;
  return header_.item == 1 ? 8 : header_.item == 2 ? 16 : 32;
}

void ArrayStream::take(char* out, std::size_t size) {
  std::size_t count = 0;
  if (stream_) {
    count = stream_->read(out, size);
  } else {
    count = std::min(size, unpacked_.size() - at_);
    std::memcpy(out, unpacked_.data() + at_, count);
    at_ += count;
  }
  if (count < size) {
    throw DataError(
        path_, 0, "",
        header_.shape.empty()
            ? std::string("the header is cut off; expected a complete file; copy it again")
            : fmt::format("ends within participant {} of {}; expected a complete file; "
                          "copy it again",
                          done_ + 1, header_.shape[0]));
  }
}

void ArrayStream::next(float* out) {
  slice_.resize(items_ * header_.item);
  take(slice_.data(), slice_.size());
  const NpyCells cells(slice_, header_);
  for (std::size_t i = 0; i < items_; ++i) out[i] = static_cast<float>(cells.number(i));
  if (++done_ < header_.shape[0]) return;
  char more = 0;
  const bool rest = stream_ ? stream_->read(&more, 1) > 0 : at_ < unpacked_.size();
  if (rest) {
    throw DataError(
        path_, 0, "",
        fmt::format("holds more bytes than {} participants need; expected the size that "
                    "its header says; the file is damaged",
                    done_));
  }
}

}  // namespace polycause
