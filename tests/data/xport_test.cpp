#include "data/xport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/files.h"
#include "base/random.h"
#include "files_for_tests.h"
#include "xport_files.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::ibm;
using testing::TestFolder;
using testing::transport_file;

class XportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_xport()) GTEST_SKIP() << "built without ReadStat";
    options.id = "SEQN";
  }
  std::string sample() const {
    const std::string tagged = "A" + std::string(7, '\0');  // .A
    return transport_file(
        {{"SEQN", 0}, {"WT", 0}, {"SEX", 2}, {"CODE", 3}},
        {ibm(73557) + ibm(78.25) + "M " + "1  ", ibm(73558) + ibm(-0.1) + "F " + "2  ",
         ibm(73559) + ibm(std::nan("")) + "M " + "   ", ibm(73560) + tagged + "  " + "10 ",
         ibm(73561) + ibm(0) + "F\xe9" + "1  "});
  }
  RawTable read(const std::string& content, const std::string& name = "t.xpt") {
    return read_raw_table(folder.write(name, content), options);
  }
  std::string fails(const std::string& content) {
    return error_of<DataError>([&] { read(content); });
  }
  TestFolder folder;
  ReadOptions options;
};

TEST_F(XportTest, NumbersTextsMissingAndIds) {
  const RawTable table = read(sample());
  EXPECT_THAT(table.ids, ElementsAre("73557", "73558", "73559", "73560", "73561"));
  ASSERT_EQ(table.columns.size(), 3U);
  EXPECT_EQ(table.columns[0].name, "WT");
  EXPECT_EQ(table.columns[0].values[0], 78.25);
  EXPECT_DOUBLE_EQ(table.columns[0].values[1], -0.1);
  EXPECT_TRUE(std::isnan(table.columns[0].values[2]));
  EXPECT_TRUE(std::isnan(table.columns[0].values[3]));
  EXPECT_EQ(table.columns[0].values[4], 0);
  EXPECT_THAT(table.columns[1].levels,
              ElementsAre("M", "F", "F\xc3\xa9"));  // Latin-1 in, UTF-8 out
  EXPECT_TRUE(std::isnan(table.columns[1].values[3]));
  EXPECT_FALSE(table.columns[2].text);  // texts that are all numbers
  EXPECT_EQ(table.columns[2].values[3], 10);
}

TEST_F(XportTest, GzippedIsTheSame) {
  const RawTable plain = read(sample());
  const RawTable packed = read_raw_table(folder.write_gz("T.XPT.GZ", sample()), options);
  EXPECT_EQ(packed.ids, plain.ids);
  EXPECT_EQ(packed.columns[1].levels, plain.columns[1].levels);
}

TEST_F(XportTest, ColumnsAndMissingNumbers) {
  options.wanted = [](const std::string& name) { return name == "WT"; };
  options.missing = {"78.25"};
  const RawTable table = read(sample());
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_TRUE(std::isnan(table.columns[0].values[0]));
}

TEST_F(XportTest, Errors) {
  EXPECT_THAT(fails("id,x\n1,2\n"), HasSubstr("no SAS transport file"));
  EXPECT_THAT(fails(""), HasSubstr("no SAS transport file"));
  EXPECT_THAT(fails(transport_file({{"SEQN", 0}, {"X", 0}}, {})), HasSubstr("no rows"));
  EXPECT_THAT(fails(transport_file({{"ID", 0}, {"X", 0}}, {ibm(1) + ibm(2)})),
              HasSubstr("no column 'SEQN'"));
  EXPECT_THAT(fails(transport_file({{"SEQN", 0}, {"X", 0}},
                                   {ibm(7) + ibm(2), ibm(8) + ibm(3), ibm(7) + ibm(2)})),
              HasSubstr("\"7\" stands in rows 1 and 3"));
  EXPECT_THAT(fails(sample() + sample().substr(240)), HasSubstr("2 data sets"));
}

TEST_F(XportTest, TruncationAndMutationsNeverCrash) {
  const std::string whole = sample();
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    try {
      read(whole.substr(0, length));
    } catch (const DataError&) {
    }
  }
  Random random(1, "xport");
  for (int trial = 0; trial < 1000; ++trial) {
    std::string mutant = whole;
    for (std::size_t k = 0; k <= random.below(4); ++k) {
      mutant[random.below(mutant.size())] = static_cast<char>(random.below(256));
    }
    try {
      const RawTable table = read(mutant);
      for (const RawColumn& column : table.columns)
        ASSERT_EQ(column.values.size(), table.ids.size());
    } catch (const DataError&) {
    }
  }
}

TEST(XportAbsent, SaysWhatToInstall) {
  if (has_xport()) GTEST_SKIP() << "built with ReadStat";
  const TestFolder folder;
  folder.write("t.xpt", "HEADER RECORD*******LIB");
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(folder.path("t.xpt"), ReadOptions()); }),
              HasSubstr("install libreadstat-dev"));
}

}  // namespace
}  // namespace polycause
