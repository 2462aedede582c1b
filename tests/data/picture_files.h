// Small picture files made by tests.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace polycause::testing {

inline std::string big_endian(std::uint32_t value, std::size_t bytes = 4) {
  std::string out;
  for (std::size_t k = bytes; k-- > 0;) out += static_cast<char>(value >> (8 * k) & 0xFF);
  return out;
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc = static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc);
}

inline std::string deflated(const std::string& data) {
  std::string out(compressBound(static_cast<uLong>(data.size())), '\0');
  uLongf size = static_cast<uLongf>(out.size());
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
           static_cast<uLong>(data.size()));
  out.resize(size);
  return out;
}

struct PngParts {
  std::uint32_t width = 0, height = 0;
  int depth = 8;
  int colour = 0;  ///< 0 grey, 2 rgb, 3 palette, 4 grey + alpha, 6 rgb + alpha
  int interlace = 0;
  std::string palette;
  std::string rows;  ///< filter byte and samples of every row
};

inline std::string png(const PngParts& parts) {
  std::string head = big_endian(parts.width) + big_endian(parts.height);
  for (const int value : {parts.depth, parts.colour, 0, 0, parts.interlace}) {
    head += static_cast<char>(value);
  }
  std::string out = "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", head);
  if (!parts.palette.empty()) out += png_chunk("PLTE", parts.palette);
  return out + png_chunk("IDAT", deflated(parts.rows)) + png_chunk("IEND", "");
}

/// 8 bits per sample; values (height, width, samples per pixel).
inline std::string png8(std::uint32_t height, std::uint32_t width, int colour,
                        const std::vector<int>& values) {
  PngParts parts;
  parts.height = height;
  parts.width = width;
  parts.colour = colour;
  const std::size_t line = values.size() / height;
  for (std::size_t y = 0; y < height; ++y) {
    parts.rows += '\0';
    for (std::size_t i = 0; i < line; ++i) {
      parts.rows += static_cast<char>(values[y * line + i]);
    }
  }
  return png(parts);
}

inline std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string out = std::string("\0\0\x08", 3) + static_cast<char>(shape.size());
  for (const std::uint32_t length : shape) out += big_endian(length);
  return out + values;
}

/// Rows in C order; `type` such as "|u1", "<f4".
inline std::string npy(const std::string& type, const std::string& shape,
                       const std::string& bytes) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(118, ' ');
  header.back() = '\n';
  std::string out = "\x93NUMPY\x01";
  out += std::string("\0v\0", 3);
  return out + header + bytes;
}

/// Made by libjpeg (quality 95), libpng and libtiff.
/// 16 x 8, every row 16 levels above the one before, from 0.
inline const char kGreyJpeg[] =
    "ffd8ffe000104a46494600010100000100010000ffdb00430002010101010102010101020202020204030202"
    "02020504040304060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a"
    "0affc0000b080010000801011100ffc400150001010000000000000000000000000000090affc40017100003"
    "0100000000000000000000000000001965a3ffda0008010100003f0037d6dc0c8a005b70323fffd9";
/// 8 x 8, (200, 100, 50) everywhere.
inline const char kRgbJpeg[] =
    "ffd8ffe000104a46494600010100000100010000ffdb00430002010101010102010101020202020204030202"
    "02020504040304060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a"
    "0affdb004301020202020202050303050a0706070a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
    "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0affc000110800080008030122000211010311"
    "01ffc4001500010100000000000000000000000000000005ffc4001410010000000000000000000000000000"
    "0000ffc40014010100000000000000000000000000000008ffc4001411010000000000000000000000000000"
    "0000ffda000c03010002110311003f009e00ae6c3fffd9";
/// 6 x 5, grey, 0, 8, 16, ... 232, Adam7.
inline const char kInterlacedPng[] =
    "89504e470d0a1a0a0000000d494844520000000500000006080000000159973b010000002f49444154089905"
    "c1311100201003c164e68b2b2381123991880464208b5d49cb6729ba6e6232cd34de0053003f800f66a6049a"
    "02f1b6840000000049454e44ae426082";
/// 2 x 3, 16 bits: 0, 1000, 2000; 30000, 65535, 7.
inline const char kDeepTiff[] =
    "49492a00140000000000e803d0073075ffff0700090000010300010000000300000001010300010000000200"
    "0000020103000100000010000000030103000100000001000000060103000100000001000000110104000100"
    "00000800000015010300010000000100000016010300010000000200000017010400010000000c0000000000"
    "0000";
/// 1 x 2: (255, 0, 51), (0, 102, 255).
inline const char kRgbTiff[] =
    "49492a000e000000ff00330066ff0a0000010300010000000200000001010300010000000100000002010300"
    "030000008c000000030103000100000001000000060103000100000002000000110104000100000008000000"
    "1501030001000000030000001601030001000000010000001701040001000000060000001c01030001000000"
    "0100000000000000080008000800";

inline std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

}  // namespace polycause::testing
