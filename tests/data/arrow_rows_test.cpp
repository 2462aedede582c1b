// Parquet and Arrow tables; those of the tests are made by tests/golden/arrow/make_tables.cpp.
#include "data/arrow_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "data/raw_table.h"
#include "files_for_tests.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsNan;
using testing::TestFolder;

std::string golden(const std::string& name) {
  return std::string(POLYCAUSE_SOURCE_DIR) + "/tests/golden/arrow/" + name;
}

class ArrowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_arrow()) GTEST_SKIP() << "built without Apache Arrow";
    options.id = "participant_id";
    options.wanted = [](const std::string& name) { return name != "tags"; };
  }
  const RawColumn& column(const RawTable& table, const std::string& name) {
    for (const RawColumn& one : table.columns) {
      if (one.name == name) return one;
    }
    throw Error("no column " + name);
  }
  std::vector<std::string> texts(const RawTable& table, const std::string& name) {
    std::vector<std::string> out;
    const RawColumn& one = column(table, name);
    EXPECT_TRUE(one.text) << name;
    for (const double value : one.values)
      out.push_back(std::isnan(value) ? "" : one.levels.at(static_cast<std::size_t>(value)));
    return out;
  }
  ReadOptions options;
  TestFolder folder;
};

TEST_F(ArrowTest, EveryTypeBecomesNumbersOrTexts) {
  const RawTable table = read_raw_table(golden("people.parquet"), options);
  EXPECT_THAT(table.ids, ElementsAre("101", "102", "103", "104"));
  EXPECT_THAT(table.lines, ElementsAre(1U, 2U, 3U, 4U));
  const auto numbers = [&](const std::string& name) {
    EXPECT_FALSE(column(table, name).text) << name;
    return column(table, name).values;
  };
  EXPECT_THAT(numbers("age"), ElementsAre(61.5, IsNan(), IsNan(), 0.1));
  EXPECT_THAT(numbers("height"), ElementsAre(0.1, IsNan(), 2, 1e-7));
  EXPECT_THAT(numbers("smoker"), ElementsAre(1, 0, IsNan(), 1));
  EXPECT_THAT(numbers("dose"), ElementsAre(12.34, -0.05, IsNan(), 0));
  EXPECT_THAT(numbers("visits"), ElementsAre(1, 2, IsNan(), 255));
  EXPECT_THAT(numbers("score"), ElementsAre(1.5, -2, IsNan(), 0.25));
  EXPECT_THAT(numbers("stage"), ElementsAre(2, 1, 2, IsNan()));  // as a CSV file would have it
  EXPECT_THAT(texts(table, "site"), ElementsAre("north", "south", "", ""));
  EXPECT_THAT(texts(table, "born"), ElementsAre("1970-01-01", "1969-12-31", "2022-01-08", ""));
  EXPECT_THAT(texts(table, "taken"),
              ElementsAre("1970-01-01 00:00:01.500000", "1970-01-01 00:00:00.000000", "",
                          "2024-10-17 22:18:49.000000"));
}

TEST_F(ArrowTest, OnlyColumnsAskedForHaveToBeReadable) {
  options.wanted = nullptr;
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(golden("people.parquet"), options); }),
              AllOf(HasSubstr("tags"), HasSubstr("list"), HasSubstr("exclude")));
  options.wanted = [](const std::string& name) { return name == "visits"; };
  EXPECT_EQ(read_raw_table(golden("people.parquet"), options).columns.size(), 1U);
  options.id = "person";
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(golden("people.parquet"), options); }),
              HasSubstr("no column 'person'"));
}

TEST_F(ArrowTest, TheDecimalSignOfTheStudyIsThatOfTexts) {
  options.decimal = ',';
  EXPECT_EQ(column(read_raw_table(golden("people.parquet"), options), "age").values[0], 61.5);
}

TEST_F(ArrowTest, AnIndexWithoutANameIsTheId) {
  const RawTable table = read_raw_table(golden("indexed.feather"), options);
  EXPECT_THAT(table.ids, ElementsAre("p1", "p2", "p3"));
  EXPECT_EQ(table.columns.size(), 1U);
  EXPECT_THAT(column(table, "x").values, ElementsAre(4, IsNan(), 6));
}

TEST_F(ArrowTest, GzippedIsTheSame) {
  const std::string path =
      folder.write_gz("people.parquet.gz", read_file(golden("people.parquet")));
  const RawTable table = read_raw_table(path, options);
  EXPECT_THAT(table.ids, ElementsAre("101", "102", "103", "104"));
  EXPECT_EQ(column(table, "visits").values[3], 255);
}

TEST_F(ArrowTest, LongTablesOfRecordings) {
  folder.write("glucose.parquet", read_file(golden("glucose.parquet")));
  folder.write("blood.csv", "id,x\na,1\nb,2\n");
  const Study study = load_study(read_study_spec(folder.write(
      "study.toml",
      "version = 1\n[study]\nid = \"id\"\n[[modality]]\nname = \"blood\"\npath = \"blood.csv\"\n"
      "[[modality]]\nname = \"cgm\"\nkind = \"series\"\npath = \"glucose.parquet\"\n")));
  EXPECT_THAT(study.ids, ElementsAre("a", "b"));
  const Blocks& blocks = *study.modalities[1].blocks;
  EXPECT_EQ(blocks.shape().width, 12U);
  EXPECT_NEAR(blocks.shape().rate, 1.0 / 300, 1e-9);
  std::vector<float> values(24);
  const std::uint32_t rows[] = {0, 1};
  blocks.read(rows, 2, values.data());
  EXPECT_EQ(values[0], 90);
  EXPECT_TRUE(std::isnan(values[3]));
  EXPECT_EQ(values[23], 111);
}

TEST_F(ArrowTest, ContentOfAnotherKindIsNamed) {
  EXPECT_THAT(error_of<DataError>(
                  [&] { read_raw_table(folder.write("a.parquet", "id,x\n1,2\n"), options); }),
              AllOf(HasSubstr("a.parquet"), HasSubstr("no Parquet or Arrow file")));
  EXPECT_THAT(
      error_of<DataError>([&] { read_raw_table(folder.write("b.pq", "\x89PNG....."), options); }),
      HasSubstr("looks like a PNG image"));
  EXPECT_THAT(error_of<DataError>([&] {
                read_raw_table(
                    folder.write("c.parquet", read_file(golden("people.parquet")).substr(0, 900)),
                    options);
              }),
              AllOf(HasSubstr("c.parquet"), HasSubstr("cannot be read")));
  EXPECT_THAT(error_of<DataError>([&] {
                read_raw_table(folder.write("d.csv", read_file(golden("people.parquet"))), options);
              }),
              HasSubstr("looks like a Parquet file"));
}

TEST(Arrow, WithoutItTheErrorSaysWhatToRun) {
  if (has_arrow()) GTEST_SKIP() << "built with Apache Arrow";
  EXPECT_THAT(error_of<DataError>([] { read_raw_table(golden("people.parquet"), ReadOptions()); }),
              AllOf(HasSubstr("is a Parquet file"), HasSubstr("read_parquet('people.parquet')"),
                    HasSubstr("build with Apache Arrow")));
}

}  // namespace
}  // namespace polycause
