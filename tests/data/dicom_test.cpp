#include "data/dicom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

#include "files_for_tests.h"

namespace polycause {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::shared_file;

std::string number(std::uint32_t value, int bytes) {
  std::string text;
  for (int k = 0; k < bytes; ++k) text += static_cast<char>((value >> (8 * k)) & 0xFFU);
  return text;
}

/// One element of explicit, little-endian DICOM.
std::string element(unsigned group, unsigned id, const std::string& type, std::string data) {
  if (data.size() % 2 == 1) data += type == "UI" ? '\0' : ' ';
  const auto size = static_cast<std::uint32_t>(data.size());
  const std::string length = type == "OW" ? number(0, 2) + number(size, 4) : number(size, 2);
  return number(group, 2) + number(id, 2) + type + length + data;
}

/// A picture of 2 x 2 pixels of 12 bits, rescaled by 2 x - 100.
std::string picture(const std::string& kind, const std::string& more = "") {
  const std::string syntax = element(2, 0x10, "UI", "1.2.840.10008.1.2.1");
  std::string pixels;
  for (const unsigned value : {0U, 4095U, 2048U, 1024U}) pixels += number(value, 2);
  const auto whole = [](unsigned id, unsigned value) {
    return element(0x28, id, "US", number(value, 2));
  };
  return std::string(128, '\0') + "DICM" +
         element(2, 0, "UL", number(static_cast<std::uint32_t>(syntax.size()), 4)) + syntax +
         whole(2, 1) + element(0x28, 4, "CS", kind) + more + whole(0x10, 2) + whole(0x11, 2) +
         whole(0x100, 16) + whole(0x101, 12) + whole(0x102, 11) + whole(0x103, 0) +
         element(0x28, 0x1050, "DS", "500") + element(0x28, 0x1051, "DS", "10") +
         element(0x28, 0x1052, "DS", "-100") + element(0x28, 0x1053, "DS", "2") +
         element(0x7FE0, 0x10, "OW", pixels);
}

class Dicom : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_dicom()) GTEST_SKIP() << "built without DCMTK";
  }
};

TEST_F(Dicom, GreyIsTheRangeOfTheStoredBitsWithoutTheWindow) {
  const Pixels pixels = decode_dicom("x.dcm", picture("MONOCHROME2"));
  EXPECT_EQ(pixels.height, 2U);
  EXPECT_EQ(pixels.width, 2U);
  EXPECT_EQ(pixels.channels, 1U);
  EXPECT_EQ(pixels.bits, 16);
  const std::vector<float> expected = {0, 1, 2048.0F / 4095, 1024.0F / 4095};
  ASSERT_EQ(pixels.values.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(pixels.values[i], expected[i], 1e-3) << i;
}

TEST_F(Dicom, OneIsWhite) {
  const Pixels pixels = decode_dicom("x.dcm", picture("MONOCHROME1"));
  EXPECT_NEAR(pixels.values.at(0), 1, 1e-3);
  EXPECT_NEAR(pixels.values.at(1), 0, 1e-3);
}

TEST_F(Dicom, SeveralFramesAreAnError) {
  EXPECT_THAT(error_of<DataError>([] {
                decode_dicom("x.dcm", picture("MONOCHROME2", element(0x28, 8, "IS", "7")));
              }),
              HasSubstr("x.dcm: holds 7 frames; expected 1"));
}

TEST_F(Dicom, AHeaderOnlyIsAnError) {
  const std::string whole = picture("MONOCHROME2");
  EXPECT_THROW(decode_dicom("x.dcm", whole.substr(0, 180)), DataError);
  EXPECT_THROW(decode_dicom("x.dcm", "nothing"), DataError);
}

TEST_F(Dicom, FilesOfOthers) {
  POLYCAUSE_NEED_SHARED("formats/dicom");
  const auto file = [](const char* name) {
    return shared_file(std::string("formats/dicom/") + name);
  };
  const Pixels rgb = read_pixels(file("SC_rgb.dcm"));
  EXPECT_EQ(rgb.height, 100U);
  EXPECT_EQ(rgb.channels, 3U);
  ASSERT_EQ(rgb.values.size(), 30000U);
  EXPECT_EQ(std::vector<float>(rgb.values.begin(), rgb.values.begin() + 4),
            (std::vector<float>{1, 0, 0, 1}));
  double sum = 0;
  for (const float value : rgb.values) sum += value;
  EXPECT_NEAR(sum / 30000 * 255, 127.7, 0.05);             // by pydicom
  const Pixels plain = read_pixels(file("color-px.dcm"));  // without the mark of DICOM
  EXPECT_EQ(plain.height, 120U);
  EXPECT_NEAR(plain.values[0] * 255, 40, 1e-3);
  EXPECT_EQ(read_pixels(file("JLSN_RGB_ILV0.dcm")).width, 256U);
  EXPECT_THAT(error_of<DataError>([&] { read_pixels(file("liver.dcm")); }), HasSubstr("3 frames"));
  EXPECT_THAT(error_of<DataError>([&] { read_pixels(file("US1_J2KR.dcm")); }),
              HasSubstr("JPEG 2000"));
}

}  // namespace
}  // namespace polycause
