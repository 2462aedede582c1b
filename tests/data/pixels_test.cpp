#include "data/pixels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "files_for_tests.h"
#include "picture_files.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using testing::error_of;
using testing::from_hex;
using ::testing::HasSubstr;
using testing::png8;
using testing::PngParts;
using testing::TestFolder;

class PixelsTest : public ::testing::Test {
 protected:
  Pixels read(const std::string& name, const std::string& bytes) {
    return read_pixels(folder.write(name, bytes));
  }
  std::string fails(const std::string& name, const std::string& bytes) {
    const std::string path = folder.write(name, bytes);
    return error_of<DataError>([&] { read_pixels(path); });
  }
  static std::vector<int> levels(const Pixels& pixels, int most = 255) {
    std::vector<int> out;
    for (const float value : pixels.values) {
      out.push_back(static_cast<int>(std::lround(value * static_cast<float>(most))));
    }
    return out;
  }
  TestFolder folder;
};

TEST_F(PixelsTest, PngGreyAndRgb) {
  const Pixels grey = read("a.png", png8(2, 3, 0, {0, 50, 100, 150, 200, 255}));
  EXPECT_EQ(grey.height, 2U);
  EXPECT_EQ(grey.width, 3U);
  EXPECT_EQ(grey.channels, 1U);
  EXPECT_EQ(grey.bits, 8);
  EXPECT_EQ(levels(grey), (std::vector<int>{0, 50, 100, 150, 200, 255}));
  const Pixels rgb = read("b.png", png8(1, 2, 2, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(rgb.channels, 3U);
  EXPECT_EQ(levels(rgb), (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST_F(PixelsTest, PngAlphaLiesOverBlack) {
  EXPECT_EQ(levels(read("a.png", png8(1, 2, 4, {200, 0, 200, 255}))), (std::vector<int>{0, 200}));
  const Pixels rgba = read("b.png", png8(1, 1, 6, {100, 200, 50, 51}));
  EXPECT_EQ(rgba.channels, 3U);
  EXPECT_EQ(levels(rgba), (std::vector<int>{20, 40, 10}));
}

TEST_F(PixelsTest, PngSixteenBitsPaletteOneBitAndInterlaced) {
  PngParts deep;
  deep.height = 1;
  deep.width = 2;
  deep.depth = 16;
  deep.rows = std::string("\0\x12\x34\xff\xff", 5);
  const Pixels wide = read("a.png", png(deep));
  EXPECT_EQ(wide.bits, 16);
  EXPECT_EQ(levels(wide, 65535), (std::vector<int>{0x1234, 65535}));

  PngParts palette;
  palette.height = 1;
  palette.width = 3;
  palette.colour = 3;
  palette.palette = std::string("\x0a\x14\x1e\xff\x00\x00", 6);
  palette.rows = std::string("\0\x01\x00\x01", 4);
  const Pixels coloured = read("b.png", png(palette));
  EXPECT_EQ(levels(coloured), (std::vector<int>{255, 0, 0, 10, 20, 30, 255, 0, 0}));

  PngParts bit;
  bit.height = 1;
  bit.width = 4;
  bit.depth = 1;
  bit.rows = std::string("\0\xA0", 2);
  EXPECT_EQ(levels(read("c.png", png(bit))), (std::vector<int>{255, 0, 255, 0}));

  const Pixels woven = read("d.png", from_hex(testing::kInterlacedPng));
  std::vector<int> expected(30);
  for (int i = 0; i < 30; ++i) expected[static_cast<std::size_t>(i)] = 8 * i;
  EXPECT_EQ(levels(woven), expected);
}

TEST_F(PixelsTest, JpegGreyAndRgb) {
  const Pixels grey = read("a.jpg", from_hex(testing::kGreyJpeg));
  ASSERT_EQ(grey.height, 16U);
  ASSERT_EQ(grey.width, 8U);
  EXPECT_EQ(grey.channels, 1U);
  for (std::size_t y = 0; y < 16; ++y) {
    EXPECT_NEAR(grey.values[8 * y + 3] * 255, 16.0 * static_cast<double>(y), 3) << y;
  }
  const Pixels rgb = read("b.jpg", from_hex(testing::kRgbJpeg));
  EXPECT_EQ(rgb.channels, 3U);
  EXPECT_NEAR(rgb.values[30] * 255, 200, 3);
  EXPECT_NEAR(rgb.values[31] * 255, 100, 3);
  EXPECT_NEAR(rgb.values[32] * 255, 50, 3);
}

TEST_F(PixelsTest, TiffDeepGreyAndRgb) {
  const Pixels deep = read("a.tif", from_hex(testing::kDeepTiff));
  EXPECT_EQ(deep.bits, 16);
  EXPECT_EQ(levels(deep, 65535), (std::vector<int>{0, 1000, 2000, 30000, 65535, 7}));
  EXPECT_EQ(levels(read("b.tif", from_hex(testing::kRgbTiff))),
            (std::vector<int>{255, 0, 51, 0, 102, 255}));
}

TEST_F(PixelsTest, TheContentDecidesNotTheName) {
  EXPECT_EQ(read("a.jpg", png8(1, 1, 0, {7})).height, 1U);
  EXPECT_THAT(fails("b.png", "GIF89a"), HasSubstr("b.png: the content is no picture"));
  EXPECT_THAT(fails("c.png", ""), HasSubstr("empty"));
  EXPECT_THAT(fails("d.png", "PAR1"), HasSubstr("Parquet"));
}

TEST_F(PixelsTest, EveryTruncationIsAnError) {
  const std::vector<std::string> files = {
      png8(4, 4, 2, std::vector<int>(48, 99)), from_hex(testing::kInterlacedPng),
      from_hex(testing::kGreyJpeg), from_hex(testing::kRgbJpeg), from_hex(testing::kDeepTiff)};
  for (const std::string& whole : files) {
    for (std::size_t size = 0; size + 5 < whole.size(); ++size) {
      const std::string path = folder.write("cut", whole.substr(0, size));
      EXPECT_THROW(read_pixels(path), DataError) << size << " of " << whole.size();
    }
  }
}

TEST_F(PixelsTest, FlippedBytesNeverCrash) {
  const std::vector<std::string> files = {
      png8(4, 4, 2, std::vector<int>(48, 99)), from_hex(testing::kGreyJpeg),
      from_hex(testing::kRgbJpeg), from_hex(testing::kDeepTiff), from_hex(testing::kRgbTiff)};
  std::size_t refused = 0;
  for (const std::string& whole : files) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
      const std::string path = folder.write("flipped", damaged);
      try {
        const Pixels pixels = read_pixels(path);
        EXPECT_EQ(pixels.values.size(), pixels.height * pixels.width * pixels.channels);
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100U);
}

TEST_F(PixelsTest, AbsurdSizesAreRefusedBeforeMemoryIsTaken) {
  PngParts huge;
  huge.width = huge.height = 100000;
  huge.rows = "x";
  EXPECT_THAT(fails("a.png", png(huge)), HasSubstr("100000 x 100000 pixels"));
  huge.width = 0;
  EXPECT_THAT(fails("b.png", png(huge)), HasSubstr("damaged"));
}

TEST_F(PixelsTest, AreaAverageKeepsTheMeanAndBilinearTheEnds) {
  Pixels pixels;
  pixels.height = 7;
  pixels.width = 5;
  pixels.channels = 3;
  for (std::size_t i = 0; i < 105; ++i) {
    pixels.values.push_back(static_cast<float>((i * 37) % 101) / 101);
  }
  const auto mean = [](const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  for (const std::size_t side : {1U, 2U, 3U}) {
    EXPECT_NEAR(mean(resized(pixels, side, side).values), mean(pixels.values), 1e-6) << side;
  }
  Pixels ramp;
  ramp.height = 1;
  ramp.width = 2;
  ramp.values = {0, 1};
  const Pixels wide = resized(ramp, 1, 4);
  EXPECT_EQ(wide.values, (std::vector<float>{0, 0.25F, 0.75F, 1}));
  Pixels square;
  square.height = square.width = 2;
  square.values = {0, 1, 1, 0};
  EXPECT_EQ(resized(square, 1, 1).values, std::vector<float>{0.5F});
}

TEST_F(PixelsTest, GreyOfRgbIsLumaAndRgbOfGreyIsThree) {
  Pixels rgb;
  rgb.height = rgb.width = 1;
  rgb.channels = 3;
  rgb.values = {1, 0, 0};
  EXPECT_FLOAT_EQ(with_channels(rgb, 1).values[0], 0.299F);
  EXPECT_EQ(with_channels(with_channels(rgb, 1), 3).values, std::vector<float>(3, 0.299F));
}

}  // namespace
}  // namespace polycause
