#include "data/dicom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom_files.h"
#include "files_for_tests.h"
#include "picture_files.h"

namespace polycause {
namespace {

using testing::dicom_element;
using testing::dicom_picture;
using testing::error_of;
using ::testing::HasSubstr;
using testing::shared_file;

class Dicom : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_dicom()) GTEST_SKIP() << "built without DCMTK";
  }
};

TEST_F(Dicom, GreyIsTheRangeOfTheStoredBitsWithoutTheWindow) {
  const Pixels pixels = decode_dicom("x.dcm", dicom_picture("MONOCHROME2"));
  EXPECT_EQ(pixels.height, 2U);
  EXPECT_EQ(pixels.width, 2U);
  EXPECT_EQ(pixels.channels, 1U);
  EXPECT_EQ(pixels.bits, 16);
  const std::vector<float> expected = {0, 1, 2048.0F / 4095, 1024.0F / 4095};
  ASSERT_EQ(pixels.values.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(pixels.values[i], expected[i], 1e-3) << i;
}

TEST_F(Dicom, OneIsWhite) {
  const Pixels pixels = decode_dicom("x.dcm", dicom_picture("MONOCHROME1"));
  EXPECT_NEAR(pixels.values.at(0), 1, 1e-3);
  EXPECT_NEAR(pixels.values.at(1), 0, 1e-3);
}

TEST_F(Dicom, SeveralFramesAreAnError) {
  EXPECT_THAT(error_of<DataError>([] {
                decode_dicom("x.dcm",
                             dicom_picture("MONOCHROME2", dicom_element(0x28, 8, "IS", "7")));
              }),
              HasSubstr("x.dcm: holds 7 frames; expected 1"));
}

TEST_F(Dicom, AHeaderOnlyIsAnError) {
  const std::string whole = dicom_picture("MONOCHROME2");
  EXPECT_THROW(decode_dicom("x.dcm", whole.substr(0, 180)), DataError);
  EXPECT_THROW(decode_dicom("x.dcm", "nothing"), DataError);
}

TEST_F(Dicom, JpegInside) {
  std::string jpeg = testing::from_hex(testing::kGreyJpeg);
  const std::string syntax = "1.2.840.10008.1.2.4.50";
  const Pixels pixels = decode_dicom("x.dcm", testing::packed_dicom(syntax, 16, 8, jpeg));
  EXPECT_EQ(pixels.height, 16U);
  ASSERT_EQ(pixels.values.size(), 128U);
  EXPECT_NEAR(pixels.values[8] * 255, 16, 2);
  jpeg.replace(20, 2, "\xff\x01");  // where the first table begins: the library would never end
  EXPECT_THAT(error_of<DataError>(
                  [&] { decode_dicom("x.dcm", testing::packed_dicom(syntax, 16, 8, jpeg)); }),
              HasSubstr("x.dcm: its JPEG stream is damaged"));
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
