#include "data/visits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::TestFolder;

/// Tables of the shape of the Human Phenotype Project: four index columns, then the data.
class Visits : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("sleep.csv",
                  "participant_id,cohort,research_stage,array_index,ahi,total_sleep_time\n"
                  "3,10k,00_00_visit,0,3.5,400\n"
                  "1,10k,02_00_visit,0,1.9,430\n"
                  "1,10k,00_00_visit,10,1.7,420\n"
                  "1,10k,00_00_visit,9,1.5,410\n"
                  "2,10k,00_00_visit,0,,\n"
                  "2,10k,02_00_visit,0,2.5,405\n");
    folder_.write("fundus.csv",
                  "participant_id,cohort,research_stage,array_index,area,density\n"
                  "1,10k,00_00_visit,9,0.1,0.5\n"
                  "1,10k,02_00_visit,0,0.2,0.6\n"
                  "2,10k,02_00_visit,0,0.3,0.4\n"
                  "3,10k,00_00_visit,0,0.4,0.3\n");
    folder_.write("events.csv", "participant_id,age,sex\n1,41,0\n2,52,1\n3,63,1\n4,70,0\n");
  }

  Study load(const std::string& keys, bool events = false) {
    std::string text =
        "version = 1\n[study]\nid = \"participant_id\"\n"
        "visit_columns = [\"cohort\", \"research_stage\", \"array_index\"]\n" +
        keys;
    for (const char* name : {"sleep", "fundus"})
      text += std::string("[[modality]]\nname = \"") + name + "\"\npath = \"" + name + ".csv\"\n";
    if (events) text += "[[covariates]]\nname = \"events\"\npath = \"events.csv\"\n";
    folder_.write("study.toml", text);
    return load_study(read_study_spec(folder_.path("study.toml")), seed_);
  }

  std::string fails(const std::string& keys) {
    return error_of<DataError>([&] { load(keys); });
  }

  TestFolder folder_;
  std::uint64_t seed_ = 0;
};

TEST_F(Visits, WithoutAChoiceRepeatsAreAnError) {
  EXPECT_THAT(fails(""),
              AllOf(HasSubstr("the id \"1\" stands in rows"), HasSubstr("study.visit_columns")));
}

TEST_F(Visits, FirstIsByTheOrderOfTheVisitColumnsAndHasAValue) {
  const Study study = load("visit = \"first\"\n");
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3"));
  EXPECT_EQ(study.groups, study.ids);
  const Table& sleep = study.modalities[0].table;
  ASSERT_EQ(sleep.columns.size(), 2U);  // the visit columns are no data
  EXPECT_THAT(sleep.columns[0].values, ElementsAre(1.5, 2.5, 3.5));  // 9 before 10
  EXPECT_EQ(study.tables[0].rows, 6U);
  EXPECT_EQ(study.tables[0].kept, 3U);
  EXPECT_THAT(study.tables[0].dropped, ElementsAre(Pair("another visit", 3U)));
}

TEST_F(Visits, Last) {
  const Study study = load("visit = \"last\"\n");
  EXPECT_THAT(study.modalities[0].table.columns[0].values, ElementsAre(1.9, 2.5, 3.5));
}

TEST_F(Visits, AValueOfAVisitColumn) {
  const Study study = load("visit = \"00_00_visit\"\n");
  EXPECT_THAT(study.ids, ElementsAre("1", "3"));  // 2 has no value at that visit
  EXPECT_THAT(study.modalities[0].table.columns[0].values, ElementsAre(1.5, 3.5));
  EXPECT_THAT(fails("visit = \"baseline\"\n"),
              AllOf(HasSubstr("no row is of visit \"baseline\""), HasSubstr("\"02_00_visit\"")));
}

TEST_F(Visits, RowsJoinTheSameVisitAndSpreadWhatIsKnownPerParticipant) {
  const Study study = load("visit = \"rows\"\n", true);
  EXPECT_THAT(study.ids, ElementsAre("1@10k:00_00_visit:9", "1@10k:02_00_visit:0",
                                     "2@10k:02_00_visit:0", "3@10k:00_00_visit:0"));
  EXPECT_THAT(study.groups, ElementsAre("1", "1", "2", "3"));
  EXPECT_THAT(study.modalities[0].table.columns[0].values, ElementsAre(1.5, 1.9, 2.5, 3.5));
  EXPECT_THAT(study.covariates[0].columns[0].values, ElementsAre(41, 41, 52, 63));
  EXPECT_EQ(study.validation[0], study.validation[1]);
  EXPECT_THAT(study.warnings, ::testing::Contains(HasSubstr("4 rows of 3 participants: ")));
}

TEST_F(Visits, TheSplitKeepsAllRowsOfAParticipantOnOneSide) {
  std::string sleep = "participant_id,night,ahi\n";
  std::string fundus = "participant_id,night,area\n";
  for (int person = 0; person < 60; ++person) {
    for (int night = 0; night < 1 + person % 4; ++night) {
      const std::string key = std::to_string(person) + "," + std::to_string(night) + ",";
      sleep += key + std::to_string(0.37 * person + night) + "\n";
      fundus += key + std::to_string(0.11 * person * night) + "\n";
    }
  }
  folder_.write("sleep.csv", sleep);
  folder_.write("fundus.csv", fundus);
  std::set<std::vector<bool>> splits;
  for (seed_ = 0; seed_ < 5; ++seed_) {
    folder_.write("study.toml",
                  "version = 1\n[study]\nid = \"participant_id\"\nvisit_columns = [\"night\"]\n"
                  "visit = \"rows\"\nvalidation = 0.3\n[[modality]]\nname = \"sleep\"\npath = "
                  "\"sleep.csv\"\n[[modality]]\nname = \"fundus\"\npath = \"fundus.csv\"\n");
    const Study study = load_study(read_study_spec(folder_.path("study.toml")), seed_);
    EXPECT_EQ(study.participants(), 150U);
    std::map<std::string, bool> side;
    for (std::size_t i = 0; i < study.participants(); ++i) {
      const auto [place, fresh] = side.try_emplace(study.groups[i], study.validation[i]);
      EXPECT_EQ(place->second, study.validation[i]) << study.ids[i];
    }
    EXPECT_EQ(side.size(), 60U);
    splits.insert(study.validation);
  }
  EXPECT_GT(splits.size(), 1U);
}

TEST_F(Visits, AGroupColumnOfWindows) {
  std::string windows = "window,person,activity\n";
  for (int i = 0; i < 40; ++i)
    windows +=
        "w" + std::to_string(i) + ",p" + std::to_string(i / 4) + "," + std::to_string(i * i) + "\n";
  folder_.write("windows.csv", windows);
  const auto load_windows = [&](const std::string& keys) {
    folder_.write("study.toml", "version = 1\n[study]\nid = \"window\"\n" + keys +
                                    "[[modality]]\nname = \"m\"\npath = \"windows.csv\"\n");
    return load_study(read_study_spec(folder_.path("study.toml")), 3);
  };
  const Study study = load_windows("group = \"person\"\nvalidation = 0.4\n");
  EXPECT_EQ(study.participants(), 40U);
  EXPECT_EQ(whom(study), "40 rows of 10 groups");
  EXPECT_EQ(study.modalities[0].table.columns.size(), 1U);
  std::map<std::string, std::set<bool>> sides;
  for (std::size_t i = 0; i < 40; ++i) sides[study.groups[i]].insert(study.validation[i]);
  EXPECT_EQ(sides.size(), 10U);
  for (const auto& [group, side] : sides) EXPECT_EQ(side.size(), 1U) << group;
  EXPECT_THAT(error_of<DataError>([&] { load_windows("group = \"persona\"\n"); }),
              HasSubstr("no column 'persona'"));
}

TEST_F(Visits, WithoutGroupsTheSplitIsThatOfTheIds) {
  std::string text = "sample_id,a\n";
  for (int i = 0; i < 50; ++i) text += std::to_string(i) + "," + std::to_string(i * i) + "\n";
  folder_.write("t.csv", text);
  folder_.write("study.toml", "version = 1\n[[modality]]\nname = \"m\"\npath = \"t.csv\"\n");
  const Study study = load_study(read_study_spec(folder_.path("study.toml")));
  EXPECT_EQ(study.groups, study.ids);
  EXPECT_TRUE(study.warnings.size() == 1);  // few participants
}

TEST_F(Visits, DatesThatTheirTextsDoNotOrderAreRefused) {
  const auto with_dates = [&](const std::string& a, const std::string& b) {
    folder_.write("t.csv",
                  "id,day,x\n1," + a + ",1\n1," + b + ",2\n2," + a + ",3\n3," + a + ",5\n");
    folder_.write("study.toml",
                  "version = 1\n[study]\nid = \"id\"\nvisit_columns = [\"day\"]\n"
                  "visit = \"last\"\n[[modality]]\nname = \"m\"\npath = \"t.csv\"\n");
    return load_study(read_study_spec(folder_.path("study.toml")));
  };
  for (const char* form : {"{}/{}/2013", "{}.{}.13", "{}-{}-2013", "{}/{}/2013 09:30"}) {
    const auto day = [&](int d, int m) { return fmt::format(fmt::runtime(form), d, m); };
    EXPECT_THAT(error_of<DataError>([&] { with_dates(day(15, 3), day(2, 11)); }),
                AllOf(HasSubstr("t.csv:3: column 'day'"), HasSubstr("yyyy-mm-dd")));
  }
  for (const auto& [a, b] : {std::pair("2013-03-15", "2013-11-02"), std::pair("1.5", "20.5"),
                             std::pair("visit-1", "visit-2"), std::pair("10:30", "11:15")}) {
    EXPECT_EQ(with_dates(a, b).modalities[0].table.columns[0].values[0], 2);
  }
}

TEST_F(Visits, MistakesAreNamed) {
  folder_.write("fundus.csv", "participant_id,research_stage,area\n1,00_00_visit,0.1\n");
  EXPECT_THAT(fails("visit = \"first\"\n"), HasSubstr("but not 'array_index'"));
  folder_.write("fundus.csv",
                "participant_id,cohort,research_stage,array_index,area\n1,10k,a,0,0.1\n"
                "1,10k,a,0,0.2\n");
  EXPECT_THAT(fails("visit = \"rows\"\n"),
              AllOf(HasSubstr("rows 2 and 3 are both visit"), HasSubstr("\"10k:a:0\" of \"1\"")));
  EXPECT_THAT(fails("visit = \"last\"\n"), HasSubstr("rows 2 and 3 are both visit"));
  folder_.write(
      "study.toml",
      "version = 1\n[study]\nvisit = \"first\"\n[[modality]]\nname = \"m\"\npath = \"x\"\n");
  EXPECT_THAT(error_of<ConfigError>([&] { read_study_spec(folder_.path("study.toml")); }),
              HasSubstr("study.toml:3: visit = \"first\" without visit_columns"));
}

}  // namespace
}  // namespace polycause
