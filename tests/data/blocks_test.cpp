#include "polycause/blocks.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <thread>
#include <vector>

#include "files_for_tests.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using testing::error_of;
using testing::TestFolder;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

BlockShape shape_of(std::size_t channels, std::size_t height, std::size_t width) {
  BlockShape shape;
  shape.channels = channels;
  shape.height = height;
  shape.width = width;
  return shape;
}

TEST(BlocksTest, FloatsComeBackBitByBitAndAbsentRowsAreMissing) {
  const TestFolder folder;
  Blocks blocks(shape_of(2, 1, 3), 4, BlockStorage::kFloat, folder.path(""));
  const std::vector<float> first = {1.5F, kNaN, -3e20F, 0, 1e-30F, 7};
  const std::vector<float> last = {6, 5, 4, 3, 2, 1};
  blocks.write(0, first.data());
  blocks.write(3, last.data());
  EXPECT_TRUE(blocks.present(0));
  EXPECT_FALSE(blocks.present(1));
  const std::uint32_t rows[] = {3, 1, 0};
  std::vector<float> read(18);
  blocks.read(rows, 3, read.data());
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(read[i], last[i]);
    EXPECT_TRUE(std::isnan(read[6 + i]));
    if (i == 1) {
      EXPECT_TRUE(std::isnan(read[12 + i]));
    } else {
      EXPECT_EQ(read[12 + i], first[i]);
    }
  }
}

TEST(BlocksTest, BytesKeepAll256LevelsAndClampTheRest) {
  Blocks blocks(shape_of(1, 16, 16), 2, BlockStorage::kByte);
  std::vector<float> levels(256);
  for (std::size_t i = 0; i < 256; ++i) levels[i] = static_cast<float>(i) / 255;
  blocks.write(1, levels.data());
  std::vector<float> read(256);
  const std::uint32_t row = 1;
  blocks.read(&row, 1, read.data());
  EXPECT_EQ(read, levels);
  levels[0] = -1;
  levels[1] = 2;
  blocks.write(0, levels.data());
  const std::uint32_t zero = 0;
  blocks.read(&zero, 1, read.data());
  EXPECT_EQ(read[0], 0);
  EXPECT_EQ(read[1], 1);
  levels[7] = kNaN;
  EXPECT_NE(error_of<Error>([&] { blocks.write(0, levels.data()); }).find("missing"),
            std::string::npos);
}

TEST(BlocksTest, TheFileHasNoName) {
  const TestFolder folder;
  Blocks blocks(shape_of(1, 8, 8), 3, BlockStorage::kFloat, folder.path(""));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
}

TEST(BlocksTest, ThreadsReadAtTheSameTime) {
  const std::size_t n = 64;
  Blocks blocks(shape_of(1, 1, 1000), n, BlockStorage::kFloat);
  for (std::size_t i = 0; i < n; ++i) {
    blocks.write(i, std::vector<float>(1000, static_cast<float>(i)).data());
  }
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      std::vector<float> read(2000);
      for (std::uint32_t i = 0; i < 500; ++i) {
        const std::uint32_t rows[] = {(i * 7 + static_cast<std::uint32_t>(t)) % 64, i % 64};
        blocks.read(rows, 2, read.data());
        for (std::size_t k = 0; k < 2000; ++k) {
          if (read[k] != static_cast<float>(rows[k / 1000])) ++wrong[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(BlocksTest, ADirectoryThatIsNotThereSaysWhatToSet) {
  const TestFolder folder;
  const std::string text = error_of<Error>(
      [&] { Blocks(shape_of(1, 2, 2), 2, BlockStorage::kFloat, folder.path("none")); });
  EXPECT_NE(text.find("study.cache"), std::string::npos) << text;
}

TEST(BlocksTest, NoSpaceSaysHowMuchIsNeeded) {
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old;
  small.rlim_cur = 1U << 16U;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string text =
      error_of<Error>([] { Blocks(shape_of(1, 1, 1024), 256, BlockStorage::kFloat); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(text.find("1.0 MiB"), std::string::npos) << text;
}

TEST(BlocksTest, ShapesWithoutValuesOrBeyondReasonAreRefused) {
  error_of<Error>([] { Blocks(shape_of(0, 4, 4), 2, BlockStorage::kByte); });
  error_of<Error>([] { Blocks(shape_of(1U << 31U, 1U << 31U, 4), 2, BlockStorage::kByte); });
}

}  // namespace
}  // namespace polycause
