// Reads the tables of ../shared/data where it is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "data/raw_table.h"
#include "data/xport.h"
#include "files_for_tests.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using testing::shared_file;

std::vector<std::string> files_in(const std::string& folder, const std::string& part) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (path.find(part) != std::string::npos) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

ReadOptions with_id(const std::string& id) {
  ReadOptions options;
  options.id = id;
  return options;
}

TEST(RealData, NhanesTransportFilesAgreeWithThePreparedTables) {
  POLYCAUSE_NEED_SHARED("nhanes");
  if (!has_xport()) GTEST_SKIP() << "built without ReadStat";
  std::map<std::string, std::map<std::string, double>> raw;  // column -> id -> value
  std::size_t transport_files = 0;
  for (const std::string& path : files_in(shared_file("nhanes/xpt_H_2013_2014"), ".XPT.gz")) {
    const RawTable table = read_raw_table(path, with_id("SEQN"));
    EXPECT_GT(table.ids.size(), 1000U) << path;
    EXPECT_GE(table.columns.size(), 1U) << path;
    ++transport_files;
    for (const RawColumn& column : table.columns) {
      for (std::size_t i = 0; i < table.ids.size(); ++i)
        raw[column.name].emplace(table.ids[i], column.values[i]);
    }
  }
  EXPECT_EQ(transport_files, 19U);

  std::set<std::string> common;
  for (const std::string& path : files_in(shared_file("nhanes/prepared_2013_2014"), ".csv.gz")) {
    const RawTable table = read_raw_table(path, with_id("SEQN"));
    EXPECT_EQ(table.ids.size(), 4361U) << path;
    for (const RawColumn& column : table.columns) {
      const auto found = raw.find(column.name);
      if (found == raw.end()) continue;
      std::size_t compared = 0;
      for (std::size_t i = 0; i < table.ids.size(); ++i) {
        const auto cell = found->second.find(table.ids[i]);
        if (cell == found->second.end() || std::isnan(cell->second) || std::isnan(column.values[i]))
          continue;
        ++compared;
        // The prepared tables have six significant digits.
        ASSERT_NEAR(column.values[i], cell->second, 1e-5 * std::fabs(cell->second) + 1e-12)
            << column.name << " of " << table.ids[i];
      }
      EXPECT_GT(compared, 2000U) << column.name;
      common.insert(column.name);
    }
  }
  EXPECT_GT(common.size(), 40U);
  for (const char* name : {"BMXWT", "LBXSAL", "LBXTC", "RIDAGEYR"})
    EXPECT_EQ(common.count(name), 1U) << name;
}

TEST(RealData, NhanesStudyFromPreparedTables) {
  POLYCAUSE_NEED_SHARED("nhanes");
  StudySpec spec;
  spec.root = shared_file("nhanes/prepared_2013_2014");
  spec.id = "SEQN";
  for (const char* name : {"anthropometrics", "blood_urine_tests", "activity_accelerometer"}) {
    SourceSpec source;
    source.name = name;
    source.paths = {std::string(name) + ".csv.gz"};
    spec.modalities.push_back(source);
  }
  for (const char* name : {"demographics", "medical_conditions"}) {
    SourceSpec source;
    source.name = name;
    source.paths = {std::string(name) + ".csv.gz"};
    spec.covariates.push_back(source);
  }
  const Study study = load_study(spec);
  EXPECT_GT(study.participants(), 4000U);
  EXPECT_EQ(study.modalities[0].table.columns.size(), 8U);
  EXPECT_EQ(study.modalities[1].table.columns.size(), 29U);
  EXPECT_EQ(study.modalities[2].table.columns.size(), 34U);
  const Table& conditions = study.covariates[1];
  EXPECT_EQ(conditions.columns.at(conditions.find("general_health_condition")).type,
            ColumnType::kCategorical);
  EXPECT_EQ(conditions.columns.at(conditions.find("stroke")).type, ColumnType::kBinary);
  EXPECT_EQ(study.covariates[0].columns.at(study.covariates[0].find("DMDEDUC2")).type,
            ColumnType::kOrdinal);
}

TEST(RealData, NhanesStudyFromTransportFilesOfOneTable) {
  POLYCAUSE_NEED_SHARED("nhanes");
  if (!has_xport()) GTEST_SKIP() << "built without ReadStat";
  StudySpec spec;
  spec.root = shared_file("nhanes/xpt_H_2013_2014");
  spec.id = "SEQN";
  SourceSpec blood;
  blood.name = "blood";
  blood.paths = {"BIOPRO_H.XPT.gz", "HDL_H.XPT.gz", "TCHOL_H.XPT.gz", "GHB_H.XPT.gz"};
  blood.columns = {"LBXS*", "LBDHDD", "LBXTC", "LBXGH"};
  SourceSpec body;
  body.name = "body";
  body.paths = {"BMX_H.XPT.gz"};
  body.columns = {"BMXWT", "BMXHT", "BMXWAIST"};
  spec.modalities = {blood, body};
  const Study study = load_study(spec);
  EXPECT_GT(study.participants(), 6000U);
  EXPECT_GT(study.modalities[0].table.columns.size(), 20U);
  for (const Column& column : study.modalities[0].table.columns) {
    EXPECT_EQ(column.type, ColumnType::kContinuous) << column.name;
  }
}

TEST(RealData, MmashSubjects) {
  POLYCAUSE_NEED_SHARED("mmash/prepared/subjects.csv");
  const RawTable table =
      read_raw_table(shared_file("mmash/prepared/subjects.csv"), with_id("user"));
  EXPECT_EQ(table.ids.size(), 22U);
  EXPECT_EQ(table.columns.size(), 39U);
  EXPECT_TRUE(table.columns[0].text);
  TableOptions options;
  options.id = "user";
  const Table typed = read_table(shared_file("mmash/prepared/subjects.csv"), options);
  EXPECT_EQ(typed.columns[0].levels, std::vector<std::string>{"M"});  // men only
  EXPECT_EQ(typed.columns[3].type, ColumnType::kContinuous);
}

TEST(RealData, WideOmicsTables) {
  POLYCAUSE_NEED_SHARED("multiomics/mixomics");
  std::size_t widest = 0;
  for (const std::string& path : files_in(shared_file("multiomics/mixomics"), ".csv.gz")) {
    const RawTable table = read_raw_table(path, with_id("sample"));
    EXPECT_GE(table.ids.size(), 20U) << path;
    widest = std::max(widest, table.columns.size());
  }
  EXPECT_GT(widest, 1000U);

  StudySpec spec;
  spec.root = shared_file("multiomics/mixomics");
  for (const char* name : {"mirna", "mrna", "protein"}) {
    SourceSpec source;
    source.name = name;
    source.paths = {std::string("breastTCGA_data.train_") + name + ".csv.gz"};
    spec.modalities.push_back(source);
  }
  const Study study = load_study(spec);
  EXPECT_EQ(study.participants(), 150U);
  EXPECT_EQ(study.modalities[0].table.columns.size(), 184U);
}

}  // namespace
}  // namespace polycause
