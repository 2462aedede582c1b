// Small DICOM files made by tests.
#pragma once

#include <cstdint>
#include <string>

namespace polycause::testing {

inline std::string little_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int k = 0; k < bytes; ++k) text += static_cast<char>((value >> (8 * k)) & 0xFFU);
  return text;
}

/// One element of explicit, little-endian DICOM.
inline std::string dicom_element(unsigned group, unsigned id, const std::string& type,
                                 std::string data) {
  if (data.size() % 2 == 1) data += type == "UI" ? '\0' : ' ';
  const auto size = static_cast<std::uint32_t>(data.size());
  const std::string length =
      type == "OW" ? little_endian(0, 2) + little_endian(size, 4) : little_endian(size, 2);
  return little_endian(group, 2) + little_endian(id, 2) + type + length + data;
}

/// The preamble and what says how the rest is written.
inline std::string dicom_head(const std::string& syntax) {
  const std::string stored = dicom_element(2, 0x10, "UI", syntax);
  return std::string(128, '\0') + "DICM" +
         dicom_element(2, 0, "UL", little_endian(static_cast<std::uint32_t>(stored.size()), 4)) +
         stored;
}

inline std::string dicom_whole(unsigned id, unsigned value) {
  return dicom_element(0x28, id, "US", little_endian(value, 2));
}

/// A picture of 2 x 2 pixels of 12 bits, rescaled by 2 x - 100.
inline std::string dicom_picture(const std::string& kind, const std::string& more = "") {
  std::string pixels;
  for (const unsigned value : {0U, 4095U, 2048U, 1024U}) pixels += little_endian(value, 2);
  return dicom_head("1.2.840.10008.1.2.1") + dicom_whole(2, 1) +
         dicom_element(0x28, 4, "CS", kind) + more + dicom_whole(0x10, 2) + dicom_whole(0x11, 2) +
         dicom_whole(0x100, 16) + dicom_whole(0x101, 12) + dicom_whole(0x102, 11) +
         dicom_whole(0x103, 0) + dicom_element(0x28, 0x1050, "DS", "500") +
         dicom_element(0x28, 0x1051, "DS", "10") + dicom_element(0x28, 0x1052, "DS", "-100") +
         dicom_element(0x28, 0x1053, "DS", "2") + dicom_element(0x7FE0, 0x10, "OW", pixels);
}

/// A grey picture of 8 bits whose pixels are one compressed fragment.
inline std::string packed_dicom(const std::string& syntax, unsigned height, unsigned width,
                                std::string fragment) {
  if (fragment.size() % 2 == 1) fragment += '\0';
  const auto item = [](unsigned id, std::size_t size) {
    return little_endian(0xFFFE, 2) + little_endian(id, 2) +
           little_endian(static_cast<std::uint32_t>(size), 4);
  };
  return dicom_head(syntax) + dicom_whole(2, 1) + dicom_element(0x28, 4, "CS", "MONOCHROME2") +
         dicom_whole(0x10, height) + dicom_whole(0x11, width) + dicom_whole(0x100, 8) +
         dicom_whole(0x101, 8) + dicom_whole(0x102, 7) + dicom_whole(0x103, 0) +
         little_endian(0x7FE0, 2) + little_endian(0x10, 2) + "OB" + little_endian(0, 2) +
         little_endian(0xFFFFFFFFU, 4) + item(0xE000, 0) + item(0xE000, fragment.size()) +
         fragment + item(0xE0DD, 0);
}

}  // namespace polycause::testing
