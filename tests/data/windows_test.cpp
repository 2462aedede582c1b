// Recordings cut into windows, which are the rows of a study.
#include "data/windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "data/clock.h"
#include "files_for_tests.h"
#include "picture_files.h"
#include "polycause/error.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TestFolder;

std::vector<std::string> labels(const std::vector<Window>& windows) {
  std::vector<std::string> all;
  for (const Window& window : windows) all.push_back(window.label);
  return all;
}

/// One sample an hour from `start` on.
Recording hours(double start, std::size_t count) {
  Recording recording;
  recording.channels.resize(1);
  recording.channels[0].rate = 1.0 / 3600;
  recording.channels[0].start = start;
  recording.channels[0].values.assign(count, 1.0f);
  return recording;
}

BlockSpec cut(const std::string& window, const std::string& from = "", const std::string& to = "") {
  BlockSpec spec;
  spec.window = window;
  spec.from = from;
  spec.to = to;
  return spec;
}

TEST(WindowTest, PiecesLieSideBySideFromMidnight) {
  const Recording ten = hours(10 * 3600, 20);  // 10:00 until 5:00 of the next day
  EXPECT_THAT(labels(windows_of(ten, window_rule(cut("8h")))),
              ElementsAre("0T08:00", "0T16:00", "1T00:00"));
  EXPECT_THAT(labels(windows_of(ten, window_rule(cut("day")))), ElementsAre("0", "1"));
  const double date = 20000 * kDay;
  EXPECT_EQ(date_text(20000), "2024-10-04");
  EXPECT_EQ(date_text(days_from_civil(2024, 2, 29)), "2024-02-29");
  EXPECT_THAT(labels(windows_of(hours(date + 82800, 3), window_rule(cut("90min")))),
              ElementsAre("2024-10-04T22:30", "2024-10-05T00:00"));
}

TEST(WindowTest, NightsAreCalledByTheirEvening) {
  const Recording two_days = hours(12 * 3600, 49);  // noon until noon
  const WindowRule nights = window_rule(cut("day", "22:00", "06:00"));
  EXPECT_THAT(labels(windows_of(two_days, nights)), ElementsAre("0", "1"));
  const std::vector<Window> pieces = windows_of(two_days, window_rule(cut("3h", "22:00", "06:00")));
  EXPECT_THAT(labels(pieces),  // the last two hours are no whole piece
              ElementsAre("0T22:00", "1T01:00", "1T22:00", "2T01:00"));
  EXPECT_EQ(pieces[1].begin, 25 * 3600);
  // A recording that begins after midnight belongs to the night of the day before.
  EXPECT_THAT(labels(windows_of(hours(kDay + 3600, 3), nights)), ElementsAre("0"));
  EXPECT_TRUE(windows_of(hours(kDay + 8 * 3600, 3), nights).empty());
}

TEST(WindowTest, LengthsHaveAUnit) {
  EXPECT_EQ(duration_seconds("4h"), 14400);
  EXPECT_EQ(duration_seconds("2.5min"), 150);
  EXPECT_EQ(duration_seconds("90s"), 90);
  EXPECT_EQ(duration_seconds("2d"), 2 * kDay);
  for (const char* bad : {"", "4", "h", "-4h", "0s", "4 h", "nan s", "1e999h", "infs", "0.5s",
                          "1e300s", "1e305d", "4000d", "3weeks"})
    EXPECT_EQ(duration_seconds(bad), 0) << bad;
}

TEST(WindowTest, AJumpInTimeDoesNotAskForTheWholeMemory) {
  Recording jump = hours(0, 1);
  jump.channels.push_back(jump.channels[0]);
  jump.channels[1].start = 1e12;
  EXPECT_THAT(error_of<DataError>([&] { windows_of(jump, window_rule(cut("1s"))); }),
              HasSubstr("1000000 windows"));
}

class WindowStudyTest : public ::testing::Test {
 protected:
  /// Two people with an hourly heart rate that says its own hour; b begins at 5:00.
  WindowStudyTest() {
    std::string text = "sample_id,hour,hr,temperature\n";
    for (const auto& [id, first, last] :
         {std::tuple("a", 0, 23), std::tuple("b", 5, 20), std::tuple("c", 0, 6)}) {
      for (int hour = first; hour <= last; ++hour)
        text += std::string(id) + "," + std::to_string(hour) + "," + std::to_string(hour) + "," +
                std::to_string(37 + hour % 3) + "\n";
    }
    folder.write("n.csv", text);
    folder.write("people.csv", "sample_id,age\na,30\nb,40\nc,50\n");
  }
  Study load(const std::string& keys, const std::string& rest = "") {
    return load_study(read_study_spec(
        folder.write("study.toml",
                     "version = 1\n[[modality]]\nname = \"heart\"\nkind = \"series\"\npath = "
                     "\"n.csv\"\ntime = \"hour\"\ntime_unit = \"h\"\nrate = 0.000277777777778\n" +
                         keys + rest)));
  }
  std::string fails(const std::string& keys, const std::string& rest = "") {
    return error_of<Error>([&] { load(keys, rest); });
  }
  TestFolder folder;
};

TEST_F(WindowStudyTest, WindowsAreRowsAndTablesSpreadOverThem) {
  const Study study = load("window = \"6h\"\n",
                           "[[covariates]]\nname = \"people\"\npath = \"people.csv\"\n"
                           "[[covariates]]\nname = \"clock\"\nkind = \"windows\"\n");
  EXPECT_THAT(study.ids, ElementsAre("a@0T00:00", "a@0T06:00", "a@0T12:00", "a@0T18:00",
                                     "b@0T06:00", "b@0T12:00", "b@0T18:00", "c@0T00:00"));
  const Blocks& blocks = *study.modalities[0].blocks;
  EXPECT_EQ(blocks.shape().width, 6U);
  std::vector<float> values(12);
  const std::uint32_t row = 6;  // b from 18:00 on: recorded until 20:00
  blocks.read(&row, 1, values.data());
  EXPECT_EQ(values[0], 18);
  EXPECT_EQ(values[2], 20);
  EXPECT_TRUE(std::isnan(values[3]));
  EXPECT_THAT(study.covariates[0].columns.at(0).values,
              ElementsAre(30, 30, 30, 30, 40, 40, 40, 50));
  EXPECT_EQ(study.covariates[1].columns.at(0).name, "hour");
  EXPECT_THAT(study.covariates[1].columns.at(0).values, ElementsAre(0, 6, 12, 18, 6, 12, 18, 0));
  EXPECT_THAT(study.tables[0].dropped,
              Contains(std::pair<std::string, std::size_t>("window with too few samples", 2)));
  // The split keeps a person together.
  for (std::size_t i = 1; i < study.ids.size(); ++i) {
    if (study.ids[i][0] == study.ids[i - 1][0]) {
      EXPECT_EQ(study.validation[i], study.validation[i - 1]);
    }
  }
  EXPECT_THAT(study.warnings, Contains(HasSubstr("8 rows of 3 participants: ")));
}

TEST_F(WindowStudyTest, FilledSaysHowMuchOfAWindowMustBeThere) {
  EXPECT_EQ(load("window = \"6h\"\nfilled = 0\n").ids.size(), 10U);
  EXPECT_EQ(load("window = \"6h\"\nfilled = 1\n").ids.size(), 7U);
  EXPECT_THAT(
      fails("window = \"3d\"\nfilled = 0.9\n"),
      HasSubstr("has no window of 3d with at least 0.9 of its samples (the fullest has 0.33)"));
}

TEST_F(WindowStudyTest, AWindowHoldsSeveralSamples) {
  EXPECT_THAT(fails("window = \"1h\"\nfilled = 0\n"), HasSubstr("fewer than two samples"));
}

TEST_F(WindowStudyTest, ASingleSampleHasNoRate) {
  std::string text = "sample_id,hour,hr\na,14,70\n";
  for (const char* id : {"b", "d"}) {
    for (int hour = 0; hour < 12; ++hour)
      text += std::string(id) + "," + std::to_string(hour) + "," + std::to_string(hour) + "\n";
  }
  folder.write("n.csv", text + "c,15,71\n");
  const Study study = load_study(read_study_spec(folder.write(
      "study.toml",
      "version = 1\n[[modality]]\nname = \"heart\"\nkind = \"series\"\npath = \"n.csv\"\ntime = "
      "\"hour\"\ntime_unit = \"h\"\nwindow = \"6h\"\nfilled = 0\n")));
  EXPECT_THAT(study.ids, ElementsAre("b@0T00:00", "b@0T06:00", "d@0T00:00", "d@0T06:00"));
}

TEST_F(WindowStudyTest, NightsAndDays) {
  const Study nights = load("window = \"day\"\nfrom = \"20:00\"\nto = \"04:00\"\nfilled = 0.3\n");
  EXPECT_THAT(nights.ids, ElementsAre("a@-1", "a@0", "c@-1"));
  EXPECT_EQ(load("window = \"day\"\n").ids.size(), 2U);  // c has 7 of 24 hours
}

TEST_F(WindowStudyTest, TwoModalitiesJoinByWindow) {
  const std::string second =
      "[[modality]]\nname = \"skin\"\nkind = \"series\"\npath = \"n.csv\"\ntime = "
      "\"hour\"\ntime_unit = \"h\"\nrate = 0.000277777777778\ncolumns = [\"temperature\"]\n";
  const Study study = load("columns = [\"hr\"]\nwindow = \"6h\"\n", second + "window = \"6h\"\n");
  EXPECT_EQ(study.ids.size(), 8U);
  EXPECT_THAT(fails("window = \"6h\"\n", second), HasSubstr("'skin' is not"));
  EXPECT_THAT(fails("window = \"6h\"\n", second + "window = \"4h\"\n"), HasSubstr("other windows"));
}

TEST_F(WindowStudyTest, APictureHoldsForAllWindowsOfItsPerson) {
  std::filesystem::create_directory(folder.path("eyes"));
  for (const auto& [name, level] : {std::pair("a", 50), std::pair("b", 100)}) {
    folder.write(std::string("eyes/") + name + ".png",
                 testing::png8(2, 2, 0, {level, level, level, level}));
  }
  const auto first_pixels = [](const Study& study) {
    std::vector<std::uint32_t> rows(study.ids.size());
    std::iota(rows.begin(), rows.end(), 0U);
    std::vector<float> values(4 * rows.size());
    study.modalities[1].blocks->read(rows.data(), rows.size(), values.data());
    std::vector<int> pixels;
    for (std::size_t i = 0; i < rows.size(); ++i)
      pixels.push_back(static_cast<int>(std::lround(255 * values[4 * i])));
    return pixels;
  };
  const std::string eyes = "[[modality]]\nname = \"eye\"\nkind = \"image\"\npath = \"eyes";
  const Study study = load("window = \"6h\"\n", eyes + "\"\n");
  EXPECT_THAT(study.ids, ElementsAre("a@0T00:00", "a@0T06:00", "a@0T12:00", "a@0T18:00",
                                     "b@0T06:00", "b@0T12:00", "b@0T18:00"));
  EXPECT_THAT(first_pixels(study), ElementsAre(50, 50, 50, 50, 100, 100, 100));
  EXPECT_EQ(study.people(), 2U);

  folder.write("eyes.npy", testing::npy("|u1", "(2, 2, 2)", std::string(4, '\7') + "abcd"));
  folder.write("eyes.txt", "b\nc\n");
  const Study arrays = load("window = \"6h\"\n", eyes + ".npy\"\nids = \"eyes.txt\"\n");
  EXPECT_THAT(first_pixels(arrays), ElementsAre(7, 7, 7, 'a'));

  // Pictures of windows themselves go by the ids of those.
  folder.write("eyes.txt", "b@0T06:00\na@0T12:00\n");
  const Study own = load("window = \"6h\"\n", eyes + ".npy\"\nids = \"eyes.txt\"\n");
  EXPECT_THAT(own.ids, ElementsAre("a@0T12:00", "b@0T06:00"));
  EXPECT_THAT(first_pixels(own), ElementsAre('a', 7));
}

TEST_F(WindowStudyTest, MistakesAreNamed) {
  EXPECT_THAT(fails("window = \"6\"\n"), HasSubstr("window = \"6\""));
  EXPECT_THAT(fails("filled = 0.5\n"), HasSubstr("beside window"));
  EXPECT_THAT(fails("window = \"6h\"\nfilled = 2\n"), HasSubstr("0 .. 1"));
  EXPECT_THAT(fails("", "[[covariates]]\nname = \"clock\"\nkind = \"windows\"\n"),
              HasSubstr("without windows"));
  EXPECT_THAT(fails("", "[[covariates]]\nname = \"clock\"\nkind = \"window\"\n"),
              HasSubstr("kind = \"window\""));
  EXPECT_THAT(
      fails("window = \"6h\"\n", "[study]\nvisit_columns = [\"visit\"]\nvisit = \"rows\"\n"),
      HasSubstr("beside window"));
}

TEST_F(WindowStudyTest, ArraysCountFromTheRateAndHaveNamesForTheirChannels) {
  std::string bytes(2 * 4 * 2 * 4, '\0');
  for (std::size_t i = 0; i < 16; ++i) {
    const auto value = static_cast<float>(i);
    std::copy_n(reinterpret_cast<const char*>(&value), 4, bytes.begin() + static_cast<long>(4 * i));
  }
  folder.write("s.npy", testing::npy("<f4", "(2, 4, 2)", bytes));
  const auto study_of = [&](const std::string& keys) {
    return load_study(read_study_spec(
        folder.write("study.toml",
                     "version = 1\n[[modality]]\nname = \"m\"\nkind = \"series\"\npath = "
                     "\"s.npy\"\n" +
                         keys)));
  };
  const Study study = study_of("rate = 1\nwindow = \"2s\"\nchannel_names = [\"hr\", \"spo2\"]\n");
  EXPECT_THAT(study.ids, ElementsAre("0@0T00:00", "0@0T00:00:02", "1@0T00:00", "1@0T00:00:02"));
  EXPECT_THAT(study.modalities[0].blocks->shape().channel_names, ElementsAre("hr", "spo2"));
  const Study whole = study_of("channel_names = [\"hr\", \"spo2\"]\ncolumns = [\"spo2\"]\n");
  EXPECT_THAT(whole.modalities[0].blocks->shape().channel_names, ElementsAre("spo2"));
  EXPECT_THAT(error_of<DataError>([&] { study_of("channel_names = [\"hr\"]\n"); }),
              HasSubstr("2 channels; expected 1"));
  EXPECT_THAT(error_of<DataError>([&] { study_of("window = \"2s\"\n"); }),
              HasSubstr("carry no times"));
}

}  // namespace
}  // namespace polycause
