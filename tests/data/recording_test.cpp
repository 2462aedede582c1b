#include "data/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "data/clock.h"
#include "data/resample.h"
#include "files_for_tests.h"
#include "polycause/error.h"
#include "recording_files.h"

namespace polycause {
namespace {

using testing::edf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::shared_file;
using testing::TestFolder;
using testing::two_signals;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

bool all(const std::string&) { return true; }

TEST(EdfTest, ScalesTimesUnitsAndOutsideValues) {
  const TestFolder folder;
  const Recording read = read_edf(folder.write("a.edf", edf(two_signals(), "", 2)), all);
  ASSERT_EQ(read.channels.size(), 2U);
  const Channel& flow = read.channels[0];
  EXPECT_EQ(flow.unit, "L/s");
  EXPECT_DOUBLE_EQ(flow.rate, 2);
  EXPECT_DOUBLE_EQ(flow.start, 20013 * kDay + 86398);  // 2024-10-17
  EXPECT_EQ(flow.values, (std::vector<float>{-1, 0, 0.5F, 1, 0.1F, 0.2F, 0.3F, 0.4F}));
  const Channel& spo2 = read.channels[1];
  EXPECT_DOUBLE_EQ(spo2.rate, 0.5);
  EXPECT_EQ(spo2.values[0], 97);
  EXPECT_TRUE(std::isnan(spo2.values[1]));
  EXPECT_EQ(spo2.outside, 1U);
  EXPECT_EQ(spo2.outside_value, -1);
}

TEST(EdfTest, GapsOfDiscontinuousFilesAreMissing) {
  const TestFolder folder;
  const std::string bytes = edf({{"x", "", 0, 10, 0, 10, {{1, 2}, {3, 4}}}}, "EDF+D", 1,
                                {"+0.5\x14\x14", "+3.5\x14\x14"});
  const Recording read = read_edf(folder.write("a.edf", bytes), all);
  ASSERT_EQ(read.channels.size(), 1U);
  const std::vector<float>& values = read.channels[0].values;
  ASSERT_EQ(values.size(), 8U);
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[1], 2);
  for (std::size_t i = 2; i < 6; ++i) EXPECT_TRUE(std::isnan(values[i])) << i;
  EXPECT_EQ(values[6], 3);
  EXPECT_DOUBLE_EQ(read.channels[0].start, 20013 * kDay + 86398.5);
}

TEST(EdfTest, DamageIsAnErrorAndNeverACrash) {
  const TestFolder folder;
  const std::string whole = edf(two_signals(), "EDF+D", 2, {"+0\x14\x14", "+9\x14\x14"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string path = folder.write("cut.edf", whole.substr(0, size));
    EXPECT_THROW(read_edf(path, all), DataError) << size;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char c : {'9', '\xff'}) {
      std::string damaged = whole;
      damaged[i] = c;
      const std::string path = folder.write("flipped.edf", damaged);
      try {
        read_edf(path, all);
      } catch (const DataError&) {
      }
    }
  }
  std::string far = edf({{"x", "", 0, 10, 0, 10, {{1, 2}, {3, 4}}}}, "EDF+D", 1,
                        {"+0\x14\x14", "+999999999\x14"});
  const std::string path = folder.write("far.edf", far);
  EXPECT_THAT(error_of<DataError>([&] { read_edf(path, all); }), HasSubstr("with its gaps"));
}

TEST(EdfTest, AnUnknownNumberOfRecordsIsReadToTheEnd) {
  const TestFolder folder;
  std::string bytes = edf(two_signals(), "", 2, {}, -1);
  bytes.resize(bytes.size() - 3);  // the last record is not complete
  EXPECT_EQ(read_edf(folder.write("a.edf", bytes), all).channels[0].values.size(), 4U);
}

TEST(EdfTest, RealFilesOfSeveralWriters) {
  POLYCAUSE_NEED_SHARED("formats/edf");
  const Recording generated =
      read_edf(shared_file("formats/edf/pyedflib_test_generator.edf.gz"), all);
  ASSERT_EQ(generated.channels.size(), 11U);
  EXPECT_EQ(generated.channels[4].name, "sine 1 Hz");
  EXPECT_DOUBLE_EQ(generated.channels[4].rate, 200);
  EXPECT_EQ(generated.channels[4].values.size(), 120000U);
  EXPECT_NEAR(generated.channels[0].values[0], 100, 0.02);  // square wave of +-100 uV
  const Recording bdf =
      read_edf(shared_file("formats/edf/pyedflib_test_generator_datarec_generator_2.bdf"), all);
  ASSERT_EQ(bdf.channels.size(), 5U);
  EXPECT_DOUBLE_EQ(bdf.channels[0].rate, 500);
  EXPECT_EQ(bdf.channels[4].values.size(), 999U * 15U);
  EXPECT_EQ(read_edf(shared_file("formats/edf/pyedflib_test_utf8.edf"), all).channels.size(), 1U);
  const double whole = std::floor(
      read_edf(shared_file("formats/edf/pyedflib_test_subsecond.edf"), all).channels[0].start);
  EXPECT_EQ(std::fmod(whole, kDay), 4 * 3600 + 5 * 60 + 56);
  EXPECT_EQ(read_edf(shared_file("formats/edf/wfdb_test_edfann.edf"), all).channels.size(), 0U);
  const Recording none = read_edf(shared_file("formats/edf/edfize_zero-data-records.edf"), all);
  ASSERT_EQ(none.channels.size(), 14U);
  EXPECT_TRUE(none.channels[0].values.empty());
  read_edf(shared_file("formats/edf/edfize_invalid-date.edf"), all);
  EXPECT_EQ(
      read_edf(shared_file("formats/edf/edfize_simulated-01.edf"), all).channels[0].values.size(),
      10U);
}

TEST(ClockTest, Texts) {
  double seconds = 0;
  EXPECT_TRUE(parse_date_time("1970-01-02", seconds));
  EXPECT_EQ(seconds, kDay);
  EXPECT_TRUE(parse_date_time("2024-02-29T22:18:49.25+02:00", seconds));
  EXPECT_EQ(seconds, 19782 * kDay + 22 * 3600 + 18 * 60 + 49.25);
  EXPECT_TRUE(parse_date_time("2024-02-29 22:18Z", seconds));
  for (const char* text : {"2024-13-01", "24-01-01", "2024-01-01T", "2024-01-01T25:00", "x",
                           "2024-01-01T10:00x", ""}) {
    EXPECT_FALSE(parse_date_time(text, seconds)) << text;
  }
  EXPECT_EQ(clock_seconds("07:00"), 7 * 3600);
  EXPECT_LT(clock_seconds("7"), 0);
  EXPECT_LT(clock_seconds("07:61"), 0);
}

Recording at_times(std::vector<double> times, std::vector<float> values) {
  Recording recording;
  recording.times = std::move(times);
  recording.channels.resize(1);
  recording.channels[0].values = std::move(values);
  return recording;
}

std::vector<float> raster(const Recording& recording, double begin, double rate,
                          std::size_t count) {
  return on_raster(recording, recording.channels[0], begin, rate, count);
}

void expect_same(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(found[i])) << i << ": " << found[i];
    } else {
      EXPECT_NEAR(found[i], expected[i], 1e-5) << i;
    }
  }
}

TEST(ResampleTest, AveragesDownAndInterpolatesUpAndKeepsGaps) {
  Recording regular;
  regular.channels.resize(1);
  regular.channels[0].rate = 4;
  regular.channels[0].start = 100;
  regular.channels[0].values = {1, 2, 3, 4, 5, kNaN, 7, 8, kNaN, kNaN, kNaN, kNaN, 1, 1, 1, 1};
  expect_same(raster(regular, 100, 1, 4), {2.5F, 20.0F / 3, kNaN, 1});
  Recording slow = at_times({0, 2, 4, 12, 14}, {0, 2, 4, 12, kNaN});
  expect_same(raster(slow, 0, 1, 15),
              {0, 1, 2, 3, 4, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, 12, kNaN, kNaN});
  Recording uneven = at_times({0.05, 1.0, 1.95, 3.02, 4}, {0, 1, 2, 3, 4});
  const std::vector<float> even = raster(uneven, 0, 1, 5);
  for (const float value : even) EXPECT_FALSE(std::isnan(value));
}

TEST(ResampleTest, EpochTimesDoNotBlurTheRaster) {
  std::vector<double> times;
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) {
    times.push_back(1729203529.0 + i * 0.1);
    values.push_back(static_cast<float>(i));
  }
  const std::vector<float> same = raster(at_times(times, values), times[0], 10, 1000);
  expect_same(same, values);
}

TEST(ResampleTest, SortsAndMergesEqualTimes) {
  Recording recording = at_times({3, 1, 2, 1}, {30, 10, 20, 14});
  EXPECT_EQ(sort_times(recording), 1U);
  EXPECT_EQ(recording.times, (std::vector<double>{1, 2, 3}));
  expect_same(recording.channels[0].values, {12, 20, 30});
}

TEST(ResampleTest, RegularTimesWithHolesGetARateUnevenOnesAnError) {
  Recording recording = at_times({0, 60, 120, 300, 360}, {1, 2, 3, 4, 5});
  regularise(recording);
  EXPECT_DOUBLE_EQ(recording.channels[0].rate, 1.0 / 60);
  expect_same(recording.channels[0].values, {1, 2, 3, kNaN, kNaN, 4, 5});
  Recording uneven = at_times({0, 60, 120, 150}, {1, 2, 3, 4});
  EXPECT_THAT(error_of<DataError>([&] { regularise(uneven); }), HasSubstr("set rate"));
  Recording absurd = at_times({0, 1, 2, 1e12}, {1, 2, 3, 4});
  EXPECT_THAT(error_of<DataError>([&] { regularise(absurd); }), HasSubstr("check the times"));
}

TEST(ResampleTest, TheWindowThatHoldsMostCounts) {
  std::vector<double> times;
  for (int minute = 0; minute < 3 * 1440; ++minute) {
    const bool first_night = minute >= 22 * 60 && minute < 23 * 60;
    const bool second_night = minute >= 46 * 60 && minute < 50 * 60;
    if (first_night || second_night || minute % 1440 == 12 * 60) times.push_back(60.0 * minute);
  }
  const Recording recording = at_times(times, std::vector<float>(times.size(), 1));
  double begin = 0;
  double length = 0;
  ASSERT_TRUE(find_span(recording, {22 * 3600, 9 * 3600}, begin, length));
  EXPECT_EQ(begin, 46 * 3600);
  EXPECT_EQ(length, 9 * 3600);
  EXPECT_FALSE(find_span(recording, {14 * 3600, 3600}, begin, length));
}

}  // namespace
}  // namespace polycause
