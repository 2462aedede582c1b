// Every file of ../shared/data/formats, whole and cut off at several lengths: a result or a
// DataError that names the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "base/files.h"
#include "data/anndata.h"
#include "data/arrow_rows.h"
#include "data/dicom.h"
#include "data/pixels.h"
#include "data/raw_table.h"
#include "data/recording.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::HasSubstr;
using testing::shared_file;
using testing::TestFolder;

struct Outcome {
  std::size_t results = 0;
  std::size_t errors = 0;
};

/// One try; whatever is thrown besides DataError ends the test.
void attempt(const std::string& path, Outcome& outcome, const std::function<void()>& read) {
  try {
    read();
    ++outcome.results;
  } catch (const DataError& error) {
    ++outcome.errors;
    EXPECT_THAT(error.what(), HasSubstr(std::filesystem::path(path).filename().string()));
  }
}

void read_every_way(const std::string& path, Outcome& outcome) {
  SCOPED_TRACE(path);
  ReadOptions options;
  options.numbered = true;
  for (const char* layer : {"", "X", "obs", "layers/sparse", "obsm/df", "raw/X"}) {
    for (const char* mod : {"", "mod1"}) {
      options.layer = layer;
      options.mod = mod;
      attempt(path, outcome, [&] { read_raw_table(path, options); });
    }
  }
  attempt(path, outcome, [&] { read_pixels(path); });
  attempt(path, outcome, [&] { read_edf(path, [](const std::string&) { return true; }); });
}

/// Outcomes by folder.
std::map<std::string, Outcome> read_all_files(const std::vector<double>& shares) {
  const TestFolder folder;
  std::map<std::string, Outcome> outcomes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shared_file("formats"))) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename().string();
    Outcome& outcome = outcomes[entry.path().parent_path().filename().string()];
    if (shares.empty()) {
      read_every_way(entry.path().string(), outcome);
      continue;
    }
    const std::string bytes = read_file(entry.path().string());
    for (const double share : shares) {
      const auto length = share > 1
                              ? std::min(static_cast<std::size_t>(share), bytes.size())
                              : static_cast<std::size_t>(share * static_cast<double>(bytes.size()));
      read_every_way(folder.write(name, bytes.substr(0, std::min(length, bytes.size() - 1))),
                     outcome);
    }
    std::filesystem::remove(folder.path(name));
  }
  return outcomes;
}

TEST(Damaged, WholeFilesGiveAResultOrAnErrorWithTheirName) {
  POLYCAUSE_NEED_SHARED("formats");
  std::map<std::string, Outcome> outcomes = read_all_files({});
  EXPECT_GE(outcomes["edf"].results, 6U);
  if (!has_arrow()) {
    EXPECT_EQ(outcomes["parquet"].results, 0U);
  } else {
    EXPECT_GE(outcomes["parquet"].results, 10U);
  }
  EXPECT_EQ(outcomes["zarr_zip"].results, 0U);
  if (has_anndata()) {
    EXPECT_EQ(outcomes["h5ad"].results, 13U);
    EXPECT_GE(outcomes["h5mu"].results, 20U);
  }
  if (has_dicom()) {
    EXPECT_EQ(outcomes["dicom"].results, 3U);
  }
}

TEST(Damaged, FilesCutOffGiveAResultOrAnErrorWithTheirName) {
  POLYCAUSE_NEED_SHARED("formats");
  std::map<std::string, Outcome> outcomes = read_all_files({0, 4, 97, 700, 0.25, 0.5, 0.9, 1});
  EXPECT_EQ(outcomes["h5ad"].results, 0U);
  EXPECT_EQ(outcomes["h5mu"].results, 0U);
  EXPECT_GT(outcomes["edf"].errors, 100U);
}

}  // namespace
}  // namespace polycause
