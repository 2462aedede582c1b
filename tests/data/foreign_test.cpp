#include "data/foreign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "data/arrow_rows.h"
#include "data/raw_table.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TestFolder;

std::string refusal(const std::string& path) {
  return error_of<DataError>([&] { read_raw_table(path, ReadOptions()); });
}

TEST(Foreign, NamesWhatToRun) {
  const TestFolder folder;
  const auto of = [&](const std::string& name) { return refusal(folder.write(name, "anything")); };
  if (!has_arrow()) {
    EXPECT_THAT(of("sleep.v2.parquet"),
                AllOf(HasSubstr("sleep.v2.parquet: is a Parquet file"),
                      HasSubstr("read_parquet('sleep.v2.parquet')"),
                      HasSubstr("to_csv('sleep.csv'"), HasSubstr("index=d.index.names != [None]")));
  }
  EXPECT_THAT(of("a.XLSX"), HasSubstr("read_excel('a.XLSX')"));
  EXPECT_THAT(of("a.rda"), HasSubstr("Rscript"));
  EXPECT_THAT(of("a.RDS.gz"), HasSubstr("readRDS"));
  EXPECT_THAT(of("a.zarr.zip"), HasSubstr("write_h5ad('a.h5ad')"));
  EXPECT_THAT(of("a.mat"), HasSubstr("loadmat"));
  EXPECT_THAT(of("a.png"), HasSubstr("kind = \"image\""));
  EXPECT_THAT(of("a.edf"), HasSubstr("kind = \"series\""));
  EXPECT_THAT(of("a.unknown"), HasSubstr("does not say what the file is"));
}

TEST(Foreign, KnowsByContentToo) {
  const TestFolder folder;
  EXPECT_THAT(refusal(folder.write("part-0000", "PAR1....")), HasSubstr("a Parquet file"));
  EXPECT_THAT(refusal(folder.write("data", "\x89PNG....")), HasSubstr("a PNG image"));
  std::filesystem::create_directory(folder.path("store"));
  folder.write("store/.zgroup", "{}");
  EXPECT_THAT(refusal(folder.path("store")), HasSubstr("is a Zarr store"));
  folder.write("100.hea", "100 2 360 10");
  EXPECT_THAT(refusal(folder.write("100.dat", "x")),
              AllOf(HasSubstr("wfdb.rdrecord('100')"), HasSubstr("index_label='time'")));
  EXPECT_THAT(refusal(folder.write("101.dat", "x")), HasSubstr("does not say what"));
}

}  // namespace
}  // namespace polycause
