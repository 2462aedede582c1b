#include "data/npy_cells.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "data/cells.h"

namespace polycause {
namespace {

double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = static_cast<double>(bits & 1023U);
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

}  // namespace

NpyCells::NpyCells(const std::string& bytes, const NpyHeader& header)
    : data_(bytes.data() + header.data),
      header_(header),
      rows_(header.shape[0]),
      columns_(header.shape.size() == 1 ? 1 : header.shape[1]) {}

std::size_t NpyCells::index(std::size_t row, std::size_t column) const {
  return header_.fortran ? column * rows_ + row : row * columns_ + column;
}

std::uint64_t NpyCells::bits(std::size_t index) const {
  const auto* at = reinterpret_cast<const unsigned char*>(data_ + index * header_.item);
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < header_.item; ++k) {
    const std::size_t place = header_.big_endian ? header_.item - 1 - k : k;
    value |= static_cast<std::uint64_t>(at[k]) << (8 * place);
  }
  return value;
}

double NpyCells::number(std::size_t index) const {
  const std::uint64_t raw = bits(index);
  switch (header_.kind) {
    case 'f': {
      if (header_.item == 2) return half_to_double(static_cast<std::uint16_t>(raw));
      if (header_.item == 4) {
        const auto narrow = static_cast<std::uint32_t>(raw);
        float value = 0;
        std::memcpy(&value, &narrow, sizeof value);
        return static_cast<double>(value);
      }
      double value = 0;
      std::memcpy(&value, &raw, sizeof value);
      return value;
    }
    case 'i': {
      const std::size_t shift = 8 * ((8 - header_.item % 8) % 8);
      const std::uint64_t moved = raw << shift;
      std::int64_t value = 0;
      std::memcpy(&value, &moved, sizeof value);
      return static_cast<double>(value >> shift);
    }
    case 'b':
      return raw != 0 ? 1 : 0;
    default:
      return static_cast<double>(raw);
  }
}

std::string NpyCells::whole_text(std::size_t index) const {
  if (header_.kind == 'u') return std::to_string(bits(index));
  if (header_.kind == 'i' && header_.item == 8) {
    const std::uint64_t raw = bits(index);
    std::int64_t value = 0;
    std::memcpy(&value, &raw, sizeof value);
    return std::to_string(value);
  }
  const double value = number(index);
  return std::isfinite(value) ? number_text(value) : "";
}

bool NpyCells::text(std::size_t index, std::string& out) const {
  out.clear();
  const char* const at = data_ + index * header_.item;
  if (header_.kind == 'S') {
    std::size_t length = header_.item;
    while (length > 0 && at[length - 1] == '\0') --length;
    out.assign(at, length);
    return is_utf8(out) && out.find('\0') == std::string::npos;
  }
  const std::size_t characters = header_.item / 4;
  std::vector<std::uint32_t> codes(characters);
  for (std::size_t k = 0; k < characters; ++k) {
    for (std::size_t b = 0; b < 4; ++b) {
      const std::size_t place = header_.big_endian ? 3 - b : b;
      codes[k] |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[4 * k + b]))
                  << (8 * place);
    }
  }
  while (!codes.empty() && codes.back() == 0) codes.pop_back();
  for (const std::uint32_t code : codes) {
    if (code == 0 || !append_utf8(out, code)) return false;
  }
  return true;
}

}  // namespace polycause
