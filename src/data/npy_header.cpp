#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "data/bytes.h"
#include "data/cells.h"
#include "data/numpy.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// The header is a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderText {
 public:
  HeaderText(const std::string& where, const std::string& text) : where_(where), text_(text) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(
        where_, 0, "",
        what + "; expected an array of numbers or texts as np.save writes it; save it again");
  }

  std::string quoted(const char* key) const {
    const std::size_t at = after(key);
    const char quote = text_[at];
    if (quote != '\'' && quote != '"')
      fail("the array is structured (record) or its type is not readable");
    const std::size_t end = text_.find(quote, at + 1);
    if (end == std::string::npos) fail("the header is damaged");
    return text_.substr(at + 1, end - at - 1);
  }

  bool flag(const char* key) const {
    const std::size_t at = after(key);
    if (text_.compare(at, 4, "True") == 0) return true;
    if (text_.compare(at, 5, "False") != 0) fail("the header is damaged");
    return false;
  }

  std::vector<std::size_t> shape(const char* key) const {
    std::size_t at = after(key);
    if (text_[at] != '(') fail("the header is damaged");
    std::vector<std::size_t> lengths;
    bool digits = false;
    for (++at; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c >= '0' && c <= '9') {
        if (!digits) lengths.push_back(0);
        digits = true;
        if (lengths.back() > (std::size_t{1} << 48U)) fail("the header claims an impossible shape");
        lengths.back() = lengths.back() * 10 + static_cast<std::size_t>(c - '0');
      } else if (c == ')') {
        return lengths;
      } else if (c == ',' || c == ' ') {
        digits = false;
      } else {
        break;
      }
    }
    fail("the header is damaged");
  }

 private:
  /// Position of the value of a key; always inside the text.
  std::size_t after(const char* key) const {
    for (const char quote : {'\'', '"'}) {
      const std::string pattern = quote + std::string(key) + quote;
      std::size_t at = text_.find(pattern);
      if (at == std::string::npos) continue;
      at = text_.find_first_not_of(" ", at + pattern.size());
      if (at == std::string::npos || text_[at] != ':') break;
      at = text_.find_first_not_of(" ", at + 1);
      if (at == std::string::npos) break;
      return at;
    }
    fail(std::string("the header has no ") + key);
  }

  const std::string& where_;
  const std::string& text_;
};

/// "<f8" -> byte order, kind, size.
void parse_type(const HeaderText& text, const std::string& type, NpyHeader& header) {
  const auto refuse = [&](const std::string& why) {
    text.fail("the elements have type " + shown(type) + why);
  };
  std::size_t at = 0;
  if (!type.empty() && std::string("<>=|").find(type[0]) != std::string::npos) {
    header.big_endian = type[0] == '>';
    at = 1;
  }
  if (at < type.size() && type[at] == 'O')
    refuse(" (Python objects; convert with astype(float) or astype(str))");
  if (at >= type.size() || std::string("fiubUS").find(type[at]) == std::string::npos) refuse("");
  header.kind = type[at];
  std::size_t size = 0;
  const std::string digits = type.substr(at + 1);
  if (digits.empty() || digits.size() > 6 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    refuse("");
  for (const char c : digits) size = size * 10 + static_cast<std::size_t>(c - '0');
  const bool text_kind = header.kind == 'U' || header.kind == 'S';
  const bool fits = header.kind == 'f'   ? size == 2 || size == 4 || size == 8
                    : header.kind == 'b' ? size == 1
                    : text_kind          ? size >= 1
                                         : size == 1 || size == 2 || size == 4 || size == 8;
  if (!fits) refuse("");
  header.item = header.kind == 'U' ? 4 * size : size;
}

}  // namespace

NpyHeader parse_npy_header(const std::string& where, const std::string& bytes, std::size_t most) {
  if (bytes.compare(0, 6, "\x93NUMPY") != 0) {
    const std::string known = known_content(bytes.substr(0, 64));
    throw DataError(where, 0, "",
                    "the content " +
                        (known.empty() ? std::string("is no NumPy array") : "looks like " + known) +
                        "; expected an array written by np.save; correct the name");
  }
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
  };
  std::size_t length = 0;
  std::size_t begin = 10;
  const std::string none;
  if (bytes.size() < 12) HeaderText(where, none).fail("the header is cut off");
  if (byte(6) == 1) {
    length = byte(8) | byte(9) << 8U;
  } else if (byte(6) == 2 || byte(6) == 3) {
    length = byte(8) | byte(9) << 8U | byte(10) << 16U | byte(11) << 24U;
    begin = 12;
  } else {
    HeaderText(where, none).fail(fmt::format("the file has version {}, known are 1 to 3", byte(6)));
  }
  if (length > bytes.size() - begin) HeaderText(where, none).fail("the header is cut off");
  const std::string content = bytes.substr(begin, length);
  const HeaderText text(where, content);
  NpyHeader header;
  header.data = begin + length;
  parse_type(text, text.quoted("descr"), header);
  header.fortran = text.flag("fortran_order");
  header.shape = text.shape("shape");
  if (header.shape.empty() || header.shape.size() > most) {
    text.fail(
        fmt::format("the array has {} dimensions, {}", header.shape.size(),
                    most == 2 ? "a table has 1 or 2" : fmt::format("expected 1 to {}", most)));
  }
  return header;
}

}  // namespace polycause
