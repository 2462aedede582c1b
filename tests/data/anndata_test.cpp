// Goldens by anndata and h5py: tests/golden/anndata/make_anndata.py.
#include "data/anndata.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files.h"
#include "base/random.h"
#include "data/cells.h"
#include "data/lzf.h"
#include "files_for_tests.h"
#include "polycause/anndata.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::shared_file;
using testing::TestFolder;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string golden(const std::string& name) {
  return std::string(POLYCAUSE_SOURCE_DIR) + "/tests/golden/anndata/" + name;
}

nlohmann::json expected() { return nlohmann::json::parse(read_file(golden("expected.json"))); }

/// `key` is "<mod> <layer>" or "<layer>".
ReadOptions options_for(const std::string& key) {
  ReadOptions options;
  options.id = "no such column";
  const std::size_t blank = key.find(' ');
  options.layer = blank == std::string::npos ? key : key.substr(blank + 1);
  if (blank != std::string::npos) options.mod = key.substr(0, blank);
  return options;
}

std::vector<std::string> cells_of(const RawColumn& column) {
  std::vector<std::string> texts;
  for (const double value : column.values) {
    texts.push_back(std::isnan(value) ? ""
                    : column.text     ? column.levels[static_cast<std::size_t>(value)]
                                      : number_text(value));
  }
  return texts;
}

const RawColumn& column_of(const RawTable& table, const std::string& name) {
  for (const RawColumn& column : table.columns) {
    if (column.name == name) return column;
  }
  throw Error("no column " + name);
}

class AnnData : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_anndata()) GTEST_SKIP() << "built without HDF5";
  }
};

TEST_F(AnnData, AllLayersAreWhatAnndataReads) {
  const nlohmann::json files = expected();
  for (const char* file : {"cells.h5ad", "nested.h5mu"}) {
    ASSERT_FALSE(files.at(file).empty());
    for (const auto& [key, frame] : files.at(file).items()) {
      SCOPED_TRACE(std::string(file) + " " + key);
      const RawTable table = read_raw_table(golden(file), options_for(key));
      EXPECT_EQ(table.ids, frame.at("ids").get<std::vector<std::string>>());
      ASSERT_EQ(table.columns.size(), frame.at("columns").size());
      for (const auto& [name, cells] : frame.at("columns").items()) {
        SCOPED_TRACE(name);
        const RawColumn& column = column_of(table, name);
        for (std::size_t i = 0; i < cells.size(); ++i) {
          if (cells[i].is_string()) {
            EXPECT_EQ(cells_of(column)[i], cells[i].get<std::string>());
          } else if (cells[i].is_null()) {
            EXPECT_TRUE(std::isnan(column.values[i]));
          } else {
            EXPECT_EQ(column.values[i], cells[i].get<double>());
          }
        }
      }
    }
  }
}

TEST_F(AnnData, FilesOfEveryVersionHaveTheCheckSumsOfAnndata) {
  POLYCAUSE_NEED_SHARED("formats/h5ad");
  const nlohmann::json files = expected().at("formats");
  EXPECT_GE(files.size(), 10U);
  for (const auto& [file, frames] : files.items()) {
    for (const auto& [key, sums] : frames.items()) {
      SCOPED_TRACE(file + " " + key);
      const RawTable table = read_raw_table(shared_file("formats/" + file), options_for(key));
      ASSERT_EQ(table.ids.size(), sums.at("rows").get<std::size_t>());
      const auto hash = [](const std::vector<std::string>& texts) {
        return std::to_string(hash64(fmt::format("{}", fmt::join(texts, "\n"))));
      };
      EXPECT_EQ(hash(table.ids), sums.at("ids").get<std::string>());
      ASSERT_EQ(table.columns.size(), sums.at("columns").size());
      for (const auto& [name, sum] : sums.at("columns").items()) {
        const RawColumn& column = column_of(table, name);
        if (sum.is_string()) {
          EXPECT_EQ(hash(cells_of(column)), sum.get<std::string>()) << name;
          continue;
        }
        double total = 0;
        for (std::size_t i = 0; i < column.values.size(); ++i) {
          if (!std::isnan(column.values[i]))
            total += column.values[i] * static_cast<double>(i % 7 + 1);
        }
        EXPECT_NEAR(total, sum.get<double>(), 1e-9 * (1 + std::fabs(total))) << name;
      }
    }
  }
}

TEST_F(AnnData, OnlyWantedColumnsAreKept) {
  for (const char* layer : {"X", "layers/csc", "layers/dense", "raw/X"}) {
    ReadOptions all = options_for(layer);
    ReadOptions some = all;
    some.wanted = [](const std::string& name) { return name == "gene3" || name == "gene1"; };
    const RawTable table = read_raw_table(golden("cells.h5ad"), some);
    ASSERT_EQ(table.columns.size(), 2U) << layer;
    EXPECT_EQ(table.columns[0].name, "gene1");
    EXPECT_EQ(table.columns[1].values,
              column_of(read_raw_table(golden("cells.h5ad"), all), "gene3").values);
  }
}

TEST_F(AnnData, MissingTokensCountInNumbersAndTexts) {
  ReadOptions options = options_for("obs");
  options.missing = {"a", "3", "true"};
  const RawTable table = read_raw_table(golden("cells.h5ad"), options);
  EXPECT_TRUE(std::isnan(column_of(table, "count").values[1]));
  EXPECT_TRUE(std::isnan(column_of(table, "batch").values[0]));
  EXPECT_TRUE(std::isnan(column_of(table, "grade").values[2]));
}

TEST_F(AnnData, CategoriesStayTextsUnlessTheTypeAsksForNumbers) {
  ReadOptions options = options_for("obs");
  EXPECT_TRUE(column_of(read_raw_table(golden("cells.h5ad"), options), "cluster").text);
  options.types["cluster"] = ColumnType::kOrdinal;
  const RawTable table = read_raw_table(golden("cells.h5ad"), options);
  EXPECT_FALSE(column_of(table, "cluster").text);
  EXPECT_EQ(column_of(table, "cluster").values[7], 3.0);
}

TEST_F(AnnData, IdsAreTheColumnOfTheStudyWhereObsHasIt) {
  ReadOptions options = options_for("obs");
  options.id = "note";
  const RawTable table = read_raw_table(golden("cells.h5ad"), options);
  EXPECT_EQ(table.ids[2], "text 2");
  options.id = "person";
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(golden("cells.h5ad"), options); }),
              HasSubstr("study.visit"));
  options.repeats = true;
  options.layer = "X";
  options.keys = {"batch"};
  const RawTable repeated = read_raw_table(golden("cells.h5ad"), options);
  EXPECT_EQ(repeated.ids[3], "p1");
  EXPECT_EQ(repeated.columns.back().name, "batch");
}

TEST_F(AnnData, CompressedAsAWholeToo) {
  const TestFolder folder;
  const std::string path = folder.write_gz("c.h5ad.gz", read_file(golden("cells.h5ad")));
  const RawTable packed = read_raw_table(path, options_for("X"));
  const RawTable plain = read_raw_table(golden("cells.h5ad"), options_for("X"));
  EXPECT_EQ(packed.columns[2].values, plain.columns[2].values);
}

TEST_F(AnnData, MistakesAreNamed) {
  const auto message = [](const std::string& file, const std::string& key) {
    return error_of<DataError>([&] { read_raw_table(golden(file), options_for(key)); });
  };
  EXPECT_THAT(message("cells.h5ad", "layers/spliced"), HasSubstr("layers/csc"));
  EXPECT_THAT(message("cells.h5ad", "rna X"), HasSubstr("remove mod"));
  EXPECT_THAT(message("nested.h5mu", "X"), HasSubstr("protein, rna"));
  EXPECT_THAT(message("nested.h5mu", "dna X"), HasSubstr("expected one of protein, rna"));
  EXPECT_THAT(message("nested.h5mu", "var"), HasSubstr("set mod"));
  const TestFolder folder;
  folder.write("t.csv", "sample_id,a\n1,2\n");
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(folder.path("t.csv"), options_for("X")); }),
              HasSubstr("remove the two keys"));
  folder.write("t.h5ad", "sample_id,a\n1,2\n");
  EXPECT_THAT(error_of<DataError>([&] { read_raw_table(folder.path("t.h5ad"), options_for("X")); }),
              HasSubstr("no HDF5 file"));
  const std::string bytes = read_file(golden("cells.h5ad"));
  folder.write("cut.h5ad", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(
      error_of<DataError>([&] { read_raw_table(folder.path("cut.h5ad"), options_for("X")); }),
      HasSubstr("damaged or cut off"));
}

// At these the HDF5 library never ends.
TEST_F(AnnData, DamagedHeapsOfTextsAreSaid) {
  const TestFolder folder;
  const std::string whole = read_file(golden("cells.h5ad"));
  const auto damaged = [&](std::size_t from, std::size_t count, char byte) {
    std::string bytes = whole;
    for (std::size_t heap = bytes.find("GCOL"); heap != std::string::npos;
         heap = bytes.find("GCOL", heap + 4))
      bytes.replace(heap + from, count, count, byte);
    folder.write("a.h5ad", bytes);
    return error_of<DataError>([&] { read_raw_table(folder.path("a.h5ad"), options_for("obs")); });
  };
  EXPECT_THAT(damaged(16, 16, '\0'), HasSubstr("the file is damaged"));
  EXPECT_THAT(damaged(24, 8, '\xff'), HasSubstr("the file is damaged"));
}

TEST_F(AnnData, ReadAsATableOfAStudy) {
  const TestFolder folder;
  folder.write("study.toml",
               "version = 1\n[[modality]]\nname = \"rna\"\npath = \"" + golden("cells.h5ad") +
                   "\"\nlayer = \"layers/dense\"\ncolumns = [\"gene1\", \"gene4\"]\n"
                   "[[covariates]]\nname = \"who\"\npath = \"" +
                   golden("cells.h5ad") + "\"\nlayer = \"obs\"\nexclude = [\"note\"]\n");
  const Study study = load_study(read_study_spec(folder.path("study.toml")));
  EXPECT_EQ(study.participants(), 12U);
  EXPECT_EQ(study.modalities[0].table.columns.size(), 2U);
  const Table& who = study.covariates[0];
  EXPECT_EQ(who.columns[who.find("cluster")].type, ColumnType::kCategorical);
  EXPECT_EQ(who.columns[who.find("plain_flag")].type, ColumnType::kBinary);
}

Table small_latents() {
  Table table;
  table.ids = {"p1", "p2", "p3"};
  table.columns = {{"blood.z1", ColumnType::kContinuous, {0.5, -1.25, 2}, {}},
                   {"blood.z2", ColumnType::kContinuous, {1, 2, 3}, {}},
                   {"sleep.z1", ColumnType::kContinuous, {4, kNaN, 6}, {}}};
  return table;
}

std::vector<Table> about_them() {
  Table table;
  table.name = "demographics";
  table.ids = {"p3", "p1"};
  table.columns = {{"age", ColumnType::kContinuous, {33, 11}, {}},
                   {"kg/m2", ColumnType::kContinuous, {20, kNaN}, {}},
                   {"sex", ColumnType::kBinary, {1, 0}, {"f", "m"}}};
  return {table};
}

TEST_F(AnnData, LatentsComeBack) {
  const TestFolder folder;
  const std::string path = folder.path("latents.h5ad");
  write_anndata(path, small_latents(), about_them());
  const RawTable x = read_raw_table(path, options_for("X"));
  EXPECT_THAT(x.ids, ElementsAre("p1", "p2", "p3"));
  EXPECT_THAT(column_of(x, "blood.z1").values, ElementsAre(0.5, -1.25, 2));
  EXPECT_TRUE(std::isnan(column_of(x, "sleep.z1").values[1]));
  const RawTable obs = read_raw_table(path, options_for("obs"));
  EXPECT_EQ(column_of(obs, "demographics.age").values[2], 33);
  EXPECT_TRUE(std::isnan(column_of(obs, "demographics.age").values[1]));
  EXPECT_THAT(cells_of(column_of(obs, "demographics.sex")), ElementsAre("f", "", "m"));
  EXPECT_EQ(column_of(obs, "demographics.kg_m2").values[2], 20);

  const std::string mu = folder.path("latents.h5mu");
  write_anndata(mu, small_latents(), about_them());
  const RawTable sleep = read_raw_table(mu, options_for("sleep X"));
  EXPECT_THAT(sleep.ids, ElementsAre("p1", "p3"));
  EXPECT_THAT(sleep.columns.at(0).values, ElementsAre(4, 6));
  EXPECT_EQ(read_raw_table(mu, options_for(" obs")).columns.size(), 3U);
}

TEST_F(AnnData, LatentsAreReadByAnndataAndH5py) {
  const TestFolder folder;
  const std::string ad = folder.path("latents.h5ad");
  const std::string mu = folder.path("latents.h5mu");
  write_anndata(ad, small_latents(), about_them());
  write_anndata(mu, small_latents(), about_them());
  bool read = false;
  for (const std::string python : {POLYCAUSE_PYTHONS}) {
    if (python.empty()) continue;
    const std::string command = python + " -W ignore " + POLYCAUSE_SOURCE_DIR +
                                "/tests/data/read_latents.py " + ad + " " + mu;
    const int code = WEXITSTATUS(std::system(command.c_str()));
    if (code == 77) continue;
    EXPECT_EQ(code, 0) << command;
    read = true;
  }
  if (!read) GTEST_SKIP() << "no Python with anndata and h5py";
}

TEST_F(AnnData, SameTablesGiveTheSameBytes) {
  const TestFolder folder;
  for (const std::string end : {".h5ad", ".h5mu"}) {
    write_anndata(folder.path("a" + end), small_latents(), about_them());
    write_anndata(folder.path("b" + end), small_latents(), about_them());
    EXPECT_EQ(read_file(folder.path("a" + end)), read_file(folder.path("b" + end)));
  }
  EXPECT_EQ(read_file(folder.path("a.h5mu")).substr(0, 6), "MuData");
  EXPECT_THROW(write_anndata(folder.path("a.csv"), small_latents(), {}), ConfigError);
}

TEST_F(AnnData, AFailedWriteLeavesTheOldFile) {
  const TestFolder folder;
  EXPECT_THROW(write_anndata(folder.path("none/latents.h5ad"), small_latents(), {}), Error);
}

TEST(Lzf, UnpacksLiteralsAndOverlappingCopies) {
  const unsigned char packed[] = {1, 'a', 'b', 0xE0, 3, 1};  // "ab", then 12 bytes from 2 back
  unsigned char out[32];
  bool too_long = false;
  ASSERT_EQ(unpack_lzf(packed, 6, out, sizeof out, &too_long), 14U);
  EXPECT_EQ(std::string(out, out + 14), "ababababababab");
  EXPECT_EQ(unpack_lzf(packed, 6, out, 13, &too_long), 0U);
  EXPECT_TRUE(too_long);
}

TEST(Lzf, RefusesDamage) {
  unsigned char out[8];
  bool too_long = false;
  const unsigned char before[] = {0, 'a', 0x20, 5};  // copies from before the beginning
  EXPECT_EQ(unpack_lzf(before, 4, out, sizeof out, &too_long), 0U);
  const unsigned char cut[] = {7, 'a', 'b'};
  EXPECT_EQ(unpack_lzf(cut, 3, out, sizeof out, &too_long), 0U);
  EXPECT_EQ(unpack_lzf(before, 3, out, sizeof out, &too_long), 0U);
  EXPECT_FALSE(too_long);
}

TEST(AnnDataNames, ByTheEnd) {
  EXPECT_TRUE(is_anndata_name("x/Latents.H5AD"));
  EXPECT_TRUE(is_anndata_name("a.h5mu"));
  EXPECT_FALSE(is_anndata_name("a.h5ad.gz"));
  EXPECT_FALSE(is_anndata_name("h5ad"));
}

}  // namespace
}  // namespace polycause
