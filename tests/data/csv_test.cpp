#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "base/random.h"
#include "data/row_table.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TestFolder;

class CsvTest : public ::testing::Test {
 protected:
  CsvTest() { options.id = "id"; }
  RawTable read(const std::string& text, const std::string& name = "t.csv") {
    return read_raw_table(folder.write(name, text), options);
  }
  std::string fails(const std::string& text, const std::string& name = "t.csv") {
    return error_of<DataError>([&] { read(text, name); });
  }
  TestFolder folder;
  ReadOptions options;
};

TEST_F(CsvTest, ReadsNumbersTextsAndMissing) {
  const RawTable t = read("id,a,sex,b\n1,1.5,M,NA\n2,,F,-2e3\n10,+7,M,.5\n");
  EXPECT_THAT(t.ids, ElementsAre("1", "2", "10"));
  EXPECT_THAT(t.lines, ElementsAre(2U, 3U, 4U));
  ASSERT_EQ(t.columns.size(), 3U);
  EXPECT_EQ(t.columns[0].values[0], 1.5);
  EXPECT_TRUE(std::isnan(t.columns[0].values[1]));
  EXPECT_EQ(t.columns[0].values[2], 7);
  EXPECT_TRUE(t.columns[1].text);
  EXPECT_THAT(t.columns[1].levels, ElementsAre("M", "F"));
  EXPECT_THAT(t.columns[1].values, ElementsAre(0, 1, 0));
  EXPECT_TRUE(std::isnan(t.columns[2].values[0]));
  EXPECT_EQ(t.columns[2].values[1], -2000);
  EXPECT_EQ(t.columns[2].values[2], 0.5);
}

TEST_F(CsvTest, EveryLineEndingBomAndSeparatorGivesTheSameTable) {
  const RawTable plain = read("id,x,y\n1,2,a\n2,3,b\n");
  for (const char* text :
       {"id,x,y\r\n1,2,a\r\n2,3,b\r\n", "id,x,y\r1,2,a\r2,3,b", "\xef\xbb\xbfid,x,y\n1,2,a\n2,3,b",
        "id;x;y\n1;2;a\n2;3;b\n", "id\tx\ty\n1\t2\ta\n2\t3\tb\n", "id|x|y\n1|2|a\n2|3|b\n",
        "\n\nid,x,y\n1,2,a\n\n2,3,b\n\n\n", " id , x,y \n 1 ,2 , a\n2, 3,b \n",
        "\"id\",\"x\",\"y\"\n\"1\",\"2\",\"a\"\n\"2\" ,\"3\",\"b\"\n"}) {
    SCOPED_TRACE(text);
    const RawTable t = read(text);
    EXPECT_EQ(t.ids, plain.ids);
    ASSERT_EQ(t.columns.size(), 2U);
    EXPECT_EQ(t.columns[0].name, "x");
    EXPECT_EQ(t.columns[0].values, plain.columns[0].values);
    EXPECT_EQ(t.columns[1].levels, plain.columns[1].levels);
  }
}

TEST_F(CsvTest, QuotesHoldSeparatorsNewlinesAndDoubledQuotes) {
  const RawTable t =
      read("id,note,x\n1,\"a, \"\"b\"\"\",1\n2,\"line1\nline2\r\nline3\",2\n3,\"\"\"\",3\n");
  EXPECT_THAT(t.columns[0].levels, ElementsAre("a, \"b\"", "line1\nline2\r\nline3", "\""));
  EXPECT_THAT(t.lines, ElementsAre(2U, 3U, 6U));
  EXPECT_THAT(t.columns[1].values, ElementsAre(1, 2, 3));
}

TEST_F(CsvTest, QuotesAreRightAtEveryPositionOfTheReadBuffer) {
  // 256 KiB are read at a time; the record with quotes moves over that border byte by byte.
  const std::string head = "id,note,x\n";
  const std::string record = "b,\"p\"\"q,\r\nr\",2\r\n";
  for (std::size_t shift = 0; shift <= record.size(); ++shift) {
    const std::size_t pad =
        (1U << 18U) - head.size() - 6 - shift;  // "a,",...,",1\n" around the padding
    std::string text = head + "a,";
    text.append(pad, 'x').append(",1\n");
    text += record + "c,z,3\n";
    const RawTable t = read(text);
    ASSERT_EQ(t.ids.size(), 3U) << shift;
    ASSERT_EQ(t.columns[0].levels[1], "p\"q,\r\nr") << shift;
    ASSERT_THAT(t.columns[1].values, ElementsAre(1, 2, 3)) << shift;
    ASSERT_THAT(t.lines, ElementsAre(2U, 3U, 5U)) << shift;
  }
}

TEST_F(CsvTest, DecimalCommaWithSemicolons) {
  options.decimal = ',';
  const RawTable t = read("id;x;y\n1;1,5;-0,25\n2;2;1e3\n");
  EXPECT_THAT(t.columns[0].values, ElementsAre(1.5, 2));
  EXPECT_THAT(t.columns[1].values, ElementsAre(-0.25, 1000));
}

TEST_F(CsvTest, DecimalCommaNotAnnouncedIsExplained) {
  EXPECT_THAT(fails("id;x\n1;1,5\n2;2,25\n"), HasSubstr("t.csv:2: column 'x': holds \"1,5\""));
  EXPECT_THAT(fails("id;x\n1;1,5\n2;2,25\n"), HasSubstr("decimal = \",\""));
}

TEST_F(CsvTest, MissingTokensCompareAsTextAndAsNumber) {
  options.missing = {"-999", "n/a"};
  const RawTable t = read("id,x\n1,-999.0\n2,n/a\n3,-99\n4,-9.99e2\n");
  EXPECT_TRUE(std::isnan(t.columns[0].values[0]));
  EXPECT_TRUE(std::isnan(t.columns[0].values[1]));
  EXPECT_EQ(t.columns[0].values[2], -99);
  EXPECT_TRUE(std::isnan(t.columns[0].values[3]));
}

TEST_F(CsvTest, TextInANumericColumnIsAnErrorWithPlaceAndAdvice) {
  std::string text = "id,x,hdl\n";
  for (int i = 0; i < 20; ++i) text += std::to_string(i) + ",1," + (i == 13 ? "n.d." : "5") + "\n";
  const std::string message = fails(text);
  EXPECT_THAT(message, HasSubstr("t.csv:15: column 'hdl': holds \"n.d.\""));
  EXPECT_THAT(message, HasSubstr("Add \"n.d.\" to study.missing"));
  options.types["hdl"] = ColumnType::kCategorical;
  EXPECT_THAT(read(text).columns[1].levels, ElementsAre("5", "n.d."));
}

TEST_F(CsvTest, ExactlyNineTenthsNumbersIsNumericLessIsText) {
  const auto text = [](int texts) {
    std::string out = "id,x\n";
    for (int i = 0; i < 10; ++i) out += std::to_string(i) + (i < texts ? ",low\n" : ",01\n");
    return out;
  };
  EXPECT_THAT(fails(text(1)), HasSubstr("9 of 10 cells are numbers"));
  const RawTable t = read(text(2));
  EXPECT_TRUE(t.columns[0].text);
  EXPECT_THAT(t.columns[0].levels, ElementsAre("low", "01"));  // as written, not as numbers
  EXPECT_THAT(t.columns[0].note, HasSubstr("mixed"));
  options.types["x"] = ColumnType::kContinuous;
  EXPECT_THAT(fails(text(2)), HasSubstr("change the type that the study sets"));
}

TEST_F(CsvTest, InfinitiesAndOverflowAreTexts) {
  for (const char* cell :
       {"inf", "-Infinity", "1e999", "0x10", "1.5.2", "1_000", "--1", "+-1", "."}) {
    std::string text = "id,x\n";
    for (int i = 0; i < 20; ++i) text += std::to_string(i) + "," + (i == 3 ? cell : "5") + "\n";
    EXPECT_THAT(fails(text), HasSubstr("t.csv:5: column 'x'")) << cell;
  }
  EXPECT_EQ(read("id,x\n1,1e-999\n").columns[0].values[0], 0);
}

TEST_F(CsvTest, ErrorsNameTheLine) {
  EXPECT_THAT(fails("id,x\n1,2\n2\n"), HasSubstr("t.csv:3: the row has 1 fields; expected 2"));
  EXPECT_THAT(fails("id,x\n1,\"a\nb\",3\n"), HasSubstr("t.csv:2: the row has 3 fields"));
  EXPECT_THAT(fails("id,x\n1,\"a\nb\"\n2,\"open\n3,4\n"),
              HasSubstr("t.csv:4: the quote that opens field 2"));
  EXPECT_THAT(fails("id,x\n1,\"a\"b\n"),
              HasSubstr("t.csv:2: text follows the closing quote of field 2"));
  EXPECT_THAT(fails("id,x,x\n1,2,3\n"),
              HasSubstr("column 'x': the name stands over columns 2 and 3"));
  EXPECT_THAT(fails(""), HasSubstr("is empty"));
  EXPECT_THAT(fails("\n\n\n"), HasSubstr("is empty"));
  EXPECT_THAT(fails("id,x\n"), HasSubstr("header line only"));
  EXPECT_THAT(fails("1,2\n3,4\n"), HasSubstr("numbers only"));
  EXPECT_THAT(fails("ID,x\n3,4\n"), HasSubstr("there is no column 'id'"));
  EXPECT_THAT(fails("id,x\n7,1\n8,2\n7,3\n"), HasSubstr("\"7\" stands in rows 2 and 4"));
}

TEST_F(CsvTest, FilesThatAreNotText) {
  EXPECT_THAT(fails(std::string("id,x\n1,\0\n", 9)), HasSubstr("t.csv:2: found a NUL byte"));
  EXPECT_THAT(fails("PK\x03\x04zzzz"), HasSubstr("zip archive"));
  EXPECT_THAT(fails("\xff\xfei\0d\0"), HasSubstr("UTF-16"));
  EXPECT_THAT(fails("id,x\n1,caf\xe9\n2,b\n3,c\n"),
              HasSubstr("t.csv:2: column 'x': the text is not UTF-8"));
  EXPECT_THAT(fails("id,x\n1,2\n", "t.csv.gz"), HasSubstr("not gzip"));
  EXPECT_THAT(fails("id,x\n1,2\n", "t.dat"), HasSubstr("does not say what the file is"));
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(folder.path("absent.csv"), options); }),
              HasSubstr("cannot open (No such file"));
  std::filesystem::create_directory(folder.path("d.csv"));
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(folder.path("d.csv"), options); }),
              HasSubstr("directory"));
}

TEST_F(CsvTest, GzipReadsAndEveryTruncationIsAnError) {
  std::string text = "id,x\n";
  for (int i = 0; i < 300; ++i) text += std::to_string(i) + "," + std::to_string(i * i) + "\n";
  const RawTable t = read_raw_table(folder.write_gz("t.csv.gz", text), options);
  EXPECT_EQ(t.ids.size(), 300U);
  const std::string whole = read_file(folder.path("t.csv.gz"));
  for (std::size_t length = 0; length < whole.size(); length += 5) {
    folder.write("cut.csv.gz", whole.substr(0, length));
    EXPECT_THROW(read_raw_table(folder.path("cut.csv.gz"), options), DataError) << length;
  }
}

TEST_F(CsvTest, RandomMutationsGiveATableOrADataError) {
  std::string text = "id,x,\"n, ote\",y\r\n";
  for (int i = 0; i < 30; ++i) {
    text +=
        std::to_string(i) + ",1.25,\"a \"\"q\"\" " + (i % 2 != 0 ? "\xc3\xa9" : "\n") + "\",NA\r\n";
  }
  Random random(1, "csv-mutations");
  std::size_t tables = 0;
  for (int trial = 0; trial < 600; ++trial) {
    std::string mutant = text;
    for (std::size_t k = 0; k <= random.below(4); ++k) {
      const std::size_t at = random.below(mutant.size());
      switch (random.below(3)) {
        case 0:
          mutant[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          mutant.erase(at, random.below(20));
          break;
        default:
          mutant.insert(at, mutant.substr(random.below(mutant.size()), 5));
      }
    }
    try {
      const RawTable t = read(mutant);
      ++tables;
      for (const RawColumn& column : t.columns) {
        ASSERT_EQ(column.values.size(), t.ids.size());
        for (const double value : column.values) {
          if (column.text && !std::isnan(value)) {
            ASSERT_LT(value, static_cast<double>(column.levels.size()));
          }
        }
      }
    } catch (const DataError&) {
    }
  }
  EXPECT_GT(tables, 20U);
}

TEST_F(CsvTest, AnyWidth) {
  std::string text = "id";
  std::string row = "p";
  for (int j = 0; j < 50000; ++j) {
    text += ",c" + std::to_string(j);
    row += "," + std::to_string(j) + ".5";
  }
  const RawTable t = read(text + "\n" + row + "\n");
  ASSERT_EQ(t.columns.size(), 50000U);
  EXPECT_EQ(t.columns[49999].values[0], 49999.5);
}

TEST_F(CsvTest, DoublesAreReadExactly) {
  Random random(2, "doubles");
  std::string text = "id,x\n";
  std::vector<double> expected;
  for (int i = 0; i < 2000; ++i) {
    const double value = random.normal() * std::pow(10, random.uniform(-300, 300));
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%d,%.17g\n", i, value);
    text += buffer;
    expected.push_back(value);
  }
  EXPECT_EQ(read(text).columns[0].values, expected);
}

TEST_F(CsvTest, IdsStayTextsUnlessAllAreFloats) {
  EXPECT_THAT(read("id,x\n007,1\n7,2\n").ids, ElementsAre("007", "7"));
  EXPECT_THAT(read("id,x\n73557.0,1\n73558.0,2\n,3\n").ids, ElementsAre("73557", "73558", ""));
  EXPECT_THAT(read("id,x\n1.0,1\n2.5,2\n").ids, ElementsAre("1.0", "2.5"));
  EXPECT_THAT(read("\"\",x\nA1,1\nB2,2\n").ids, ElementsAre("A1", "B2"));
  options.numbered = true;
  EXPECT_THAT(read("x\n4\n5\n").ids, ElementsAre("0", "1"));
}

TEST_F(CsvTest, ReadsOnlyTheColumnsWanted) {
  options.wanted = [](const std::string& name) { return name == "b"; };
  const RawTable t = read("id,a,b\n1,text,2\n");
  ASSERT_EQ(t.columns.size(), 1U);
  EXPECT_EQ(t.columns[0].name, "b");
}

}  // namespace
}  // namespace polycause
