#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/files.h"
#include "base/random.h"
#include "train/fixtures.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

UnitState example() {
  UnitState state;
  state.values = {1.5f, -0.0f, 3e-42f, std::numeric_limits<float>::infinity()};
  state.metrics = {{"restart0/start1/nll", 1, 0.1}, {"", 2, -7e300}};
  state.epoch = 12345;
  return state;
}

void expect_equal(const UnitState& found, const UnitState& state) {
  ASSERT_EQ(found.values.size(), state.values.size());
  EXPECT_EQ(
      std::memcmp(found.values.data(), state.values.data(), state.values.size() * sizeof(float)),
      0);
  EXPECT_TRUE(found.metrics == state.metrics);
  EXPECT_EQ(found.epoch, state.epoch);
  EXPECT_EQ(found.finished, state.finished);
}

fs::path only_file(const ScratchDirectory& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory.path())) files.push_back(entry.path());
  EXPECT_EQ(files.size(), 1u);
  return files.at(0);
}

void overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST(Checkpoint, RoundTripToTheBit) {
  const ScratchDirectory directory;
  const Checkpoint checkpoint(directory.path() + "/made/by/it", 7);
  for (const bool finished : {false, true}) {
    UnitState state = example();
    state.finished = finished;
    checkpoint.save("restart0/start1", state);
    const auto found = checkpoint.load("restart0/start1");
    ASSERT_TRUE(found.has_value());
    expect_equal(*found, state);
  }
  checkpoint.save("empty", UnitState());
  ASSERT_TRUE(checkpoint.load("empty").has_value());
  expect_equal(*checkpoint.load("empty"), UnitState());
}

TEST(Checkpoint, WithoutADirectoryNothingIsKept) {
  const Checkpoint checkpoint("", 7);
  EXPECT_FALSE(checkpoint.enabled());
  checkpoint.save("unit", example());
  EXPECT_FALSE(checkpoint.load("unit").has_value());
}

TEST(Checkpoint, KnowsUnitsApart) {
  const ScratchDirectory directory;
  const Checkpoint checkpoint(directory.path(), 7);
  checkpoint.save("restart0/start1", example());
  EXPECT_FALSE(checkpoint.load("restart0/start10").has_value());
  EXPECT_FALSE(checkpoint.load("restart0/start1/again").has_value());
  EXPECT_FALSE(checkpoint.load("restart0").has_value());
}

TEST(Checkpoint, AnotherFingerprintIsNotReused) {
  const ScratchDirectory directory;
  Checkpoint(directory.path(), 7).save("unit", example());
  EXPECT_FALSE(Checkpoint(directory.path(), 8).load("unit").has_value());
  EXPECT_TRUE(Checkpoint(directory.path(), 7).load("unit").has_value());
}

TEST(Checkpoint, DamagedFilesAreDoneAgain) {
  const ScratchDirectory directory;
  const Checkpoint checkpoint(directory.path(), 7);
  checkpoint.save("unit", example());
  const fs::path path = only_file(directory);
  const std::string bytes = read_file(path.string());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    overwrite(path, bytes.substr(0, size));
    EXPECT_FALSE(checkpoint.load("unit").has_value()) << "cut to " << size;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    overwrite(path, damaged);
    EXPECT_FALSE(checkpoint.load("unit").has_value()) << "byte " << i;
  }
  overwrite(path, bytes + "x");
  EXPECT_FALSE(checkpoint.load("unit").has_value());
  overwrite(path, bytes);
  EXPECT_TRUE(checkpoint.load("unit").has_value());
}

// Sizes that a file claims but does not hold, under a sum that is right.
TEST(Checkpoint, ImpossibleSizesAreDoneAgain) {
  const ScratchDirectory directory;
  const Checkpoint checkpoint(directory.path(), 7);
  checkpoint.save("unit", example());
  const fs::path path = only_file(directory);
  const std::string bytes = read_file(path.string());
  const std::size_t values_at = 8 + 8 + 1 + 8;
  const std::size_t metrics_at = values_at + 8 + 4 * sizeof(float);
  const std::size_t text_at = metrics_at + 8;
  const auto claim = [&](std::size_t at, std::uint64_t number, std::size_t size) {
    std::string damaged = bytes.substr(0, bytes.size() - 8);
    std::memcpy(damaged.data() + at, &number, size);
    const std::uint64_t sum = hash64(damaged);
    damaged.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    overwrite(path, damaged);
    return checkpoint.load("unit").has_value();
  };
  EXPECT_TRUE(claim(values_at, 4, 8)) << "the layout that this test assumes";
  EXPECT_TRUE(claim(metrics_at, 2, 8));
  EXPECT_TRUE(claim(text_at, 19, 4));
  for (const std::uint64_t number : {std::uint64_t{1} << 20, std::uint64_t{1} << 62, UINT64_MAX}) {
    EXPECT_FALSE(claim(values_at, number, 8)) << number;
    EXPECT_FALSE(claim(metrics_at, number, 8)) << number;
    EXPECT_FALSE(claim(text_at, number, 4) && static_cast<std::uint32_t>(number) != 0) << number;
  }
}

}  // namespace
}  // namespace polycause
