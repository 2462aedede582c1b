// Files of pictures and recordings: what is written is what was drawn, at any number of threads.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>
#include <map>

#include "base/files.h"
#include "data/array_stream.h"
#include "data/files_for_tests.h"
#include "data/pixels.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "simulate/png_writer.h"
#include "simulate/write_blocks.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;
using testing::TestFolder;

// More rows than one batch of one thread has.
SimulatedBlocks example(const std::string& path, std::size_t channels) {
  SimulatedBlocks blocks;
  blocks.name = "example";
  blocks.kind = "image";
  blocks.path = path;
  blocks.shape = {3, 5, channels};
  for (std::size_t i = 0; i < 300; ++i) blocks.ids.push_back("P" + std::to_string(i));
  blocks.draw = [channels](std::size_t row, float* out) {
    for (std::size_t k = 0; k < 15 * channels; ++k) {
      out[k] = static_cast<float>((row * 31 + k * 17) % 256);
    }
  };
  return blocks;
}

std::vector<float> drawn(const SimulatedBlocks& blocks, std::size_t row) {
  std::size_t size = 1;
  for (const std::size_t d : blocks.shape) size *= d;
  std::vector<float> values(size);
  blocks.draw(row, values.data());
  return values;
}

TEST(BlockFiles, HeaderOfAnArrayIsAMultipleOf64Bytes) {
  for (std::size_t n = 1; n < 100000000; n = n * 7 + 1) {
    const std::string header = simulation::npy_header("<f4", {n, 480, 4});
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
    const NpyHeader parsed = parse_npy_header("header", header, 4);
    EXPECT_EQ(parsed.shape, (std::vector<std::size_t>{n, 480, 4}));
    EXPECT_EQ(parsed.data, header.size());
    EXPECT_EQ(parsed.item, 4u);
  }
}

TEST(BlockFiles, ArraysReadBack) {
  const TestFolder folder;
  SimulatedBlocks blocks = example("x.npy", 3);
  blocks.ids_file = "x.ids.txt";
  simulation::write_blocks(blocks, folder.path("."), 2);
  ArrayStream stream(folder.path("x.npy"), "");
  ASSERT_EQ(stream.shape(), (std::vector<std::size_t>{300, 3, 5, 3}));
  EXPECT_EQ(stream.bits(), 8);
  std::vector<float> read(stream.items());
  for (std::size_t row = 0; row < 300; ++row) {
    stream.next(read.data());
    ASSERT_EQ(read, drawn(blocks, row)) << row;
  }
  EXPECT_EQ(read_file(folder.path("x.ids.txt")).substr(0, 9), "P0\nP1\nP2\n");
}

TEST(BlockFiles, RecordingsKeepMissingSamples) {
  const TestFolder folder;
  SimulatedBlocks blocks = example("x.csv", 2);
  blocks.kind = "series";
  blocks.shape = {3, 2};
  blocks.channels = {"a", "b"};
  blocks.seconds = 60;
  blocks.draw = [](std::size_t row, float* out) {
    for (std::size_t k = 0; k < 6; ++k) out[k] = static_cast<float>(row) + 0.1f;
    out[3] = std::numeric_limits<float>::quiet_NaN();
  };
  simulation::write_blocks(blocks, folder.path("."), 3);
  const std::string text = read_file(folder.path("x.csv"));
  EXPECT_EQ(text.substr(0, 62),
            "sample_id,time,a,b\nP0,0,0.1,0.1\nP0,60,0.1,\nP0,120,0.1,0.1\nP1,0");
  blocks.path = "x.npy";
  simulation::write_blocks(blocks, folder.path("."), 3);
  ArrayStream stream(folder.path("x.npy"), "");
  std::vector<float> read(6);
  stream.next(read.data());
  EXPECT_EQ(stream.bits(), 32);
  EXPECT_TRUE(std::isnan(read[3]));
  EXPECT_EQ(read[2], 0.1f);
}

TEST(BlockFiles, PngPicturesReadBack) {
  const TestFolder folder;
  for (const std::size_t channels : {1u, 3u}) {
    const SimulatedBlocks blocks = example(channels == 1 ? "grey" : "colour", channels);
    if (!simulation::has_png()) {
      EXPECT_NE(testing::error_of<ConfigError>([&] {
                  simulation::write_blocks(blocks, folder.path("."), 2);
                }).find("libpng-dev"),
                std::string::npos);
      continue;
    }
    simulation::write_blocks(blocks, folder.path("."), 2);
    for (const std::size_t row : {0u, 1u, 299u}) {
      const Pixels pixels = read_pixels(folder.path(blocks.path + "/" + blocks.ids[row] + ".png"));
      ASSERT_EQ(pixels.height, 3u);
      ASSERT_EQ(pixels.width, 5u);
      ASSERT_EQ(pixels.channels, channels);
      const std::vector<float> expected = drawn(blocks, row);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        EXPECT_NEAR(pixels.values[k] * 255, expected[k], 1e-3);
      }
    }
  }
}

std::map<std::string, std::string> files(const std::string& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    all[fs::relative(entry.path(), folder).string()] = read_file(entry.path().string());
    struct stat status {};
    EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << entry.path();
  }
  return all;
}

TEST(BlockFiles, SameSeedSameBytesAtOneThreadAndAtFour) {
  const TestFolder folder;
  SimulateOptions options = simulation_preset("cohort");
  options.participants = 150;
  options.minutes = 60;
  options.nights = 2;
  for (const bool open : {false, true}) {
    if (open && !simulation::has_png()) break;
    options.pictures = open ? "png" : "npy";
    options.recordings = open ? "csv" : "npy";
    const std::string one = folder.path(open ? "one_open" : "one");
    const std::string four = folder.path(open ? "four_open" : "four");
    write_simulation(simulate("cohort", options, 9), one, false, 1);
    write_simulation(simulate("cohort", options, 9), four, false, 4);
    const std::map<std::string, std::string> a = files(one);
    EXPECT_EQ(a, files(four));
    EXPECT_EQ(a.count("truth/private.csv"), 1u);
    EXPECT_EQ(a.count(open ? "night_2.csv" : "night_2.npy"), 1u);
    EXPECT_EQ(a.count("fundus_left.ids.txt"), open ? 0u : 1u);
    EXPECT_NE(files(one), [&] {
      const std::string other = folder.path(open ? "other_open" : "other");
      write_simulation(simulate("cohort", options, 10), other);
      return files(other);
    }());
  }
}

}  // namespace
}  // namespace polycause
