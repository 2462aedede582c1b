#include "report/run_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/files.h"
#include "polycause/error.h"
#include "report/csv.h"
#include "report/page_data.h"
#include "report/relations.h"
#include "report/run_json.h"
#include "report/sample.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

TEST(RunFolder, ComesBackAsItWasWritten) {
  const sample::Directory run;
  const Study study = sample::study(60);
  const Fit fit = sample::fit(study);
  sample::write_whole_run(run.path(), study);

  const CsvText latents = read_csv_text(run.file("latents.csv"));
  ASSERT_EQ(latents.rows.size(), 60u);
  ASSERT_EQ(latents.header.size(), 7u);
  EXPECT_EQ(latents.header[0], "sample_id");
  EXPECT_EQ(latents.header[1], "body.z1");
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(latents.rows[i][0], study.ids[i]);
    for (std::size_t k = 0; k < 6; ++k) {
      const double written = fit.encoding.latents.columns[k].values[i];
      EXPECT_NEAR(csv_value(latents, i, k + 1), written, 1e-8 * (1 + std::fabs(written)));
    }
  }
  for (const char* name : {"private.csv", "exogenous.csv", "predicted.csv",
                           "replicates/1/latents.csv", "replicates/2/latents.csv", "split.csv"}) {
    EXPECT_EQ(read_csv_text(run.file(name)).rows.size(), 60u) << name;
  }
  EXPECT_EQ(read_csv_text(run.file("split.csv")).rows[3][1], "validation");
  EXPECT_EQ(read_csv_text(run.file("split.csv")).rows[4][1], "train");

  const auto json = read_run_json(run.path());
  EXPECT_EQ(json["format"], kRunFormat);
  EXPECT_EQ(json["study"]["participants"], 60);
  EXPECT_EQ(json["study"]["training"], 54);
  EXPECT_EQ(json["study"]["validation"], 6);
  EXPECT_EQ(json["study"]["validation_people"], 6);
  EXPECT_EQ(json["study"]["modalities"][1]["name"], "blood");
  EXPECT_EQ(json["study"]["modalities"][1]["columns"].size(), 9u);
  EXPECT_DOUBLE_EQ(json["study"]["modalities"][1]["reconstruction_r2"].get<double>(), 0.874);
  EXPECT_EQ(json["study"]["tables"][1]["dropped"][0]["count"], 40);
  EXPECT_EQ(json["study"]["covariates"][0]["columns"][2]["type"], "categorical");
  EXPECT_EQ(json["latents"][5]["name"], "activity.z2");
  EXPECT_EQ(json["latents"][5]["modality"], "activity");
  EXPECT_DOUBLE_EQ(json["latents"][5]["agreement"].get<double>(), 0.612);
  EXPECT_DOUBLE_EQ(json["latents"][5]["predicted_r2"].get<double>(), 0.5);
  EXPECT_EQ(json["study"]["complete"], 60);
  EXPECT_EQ(json["study"]["modalities"][1]["participants"], 60);
  EXPECT_EQ(json["branches"][0]["selected"], true);
  EXPECT_EQ(json["warnings"].size(), 4u);
  EXPECT_DOUBLE_EQ(json["seconds"]["discover"].get<double>(), 1.3);

  const Graph discovered = read_graph_json(run.file("graph.json"));
  EXPECT_EQ(discovered.edges.size(), 9u);
  EXPECT_EQ(read_edges_csv(run.file("learned_edges.csv")).edges.size(), 4u);
  EXPECT_EQ(read_json(run.file("scores.json"))["shd"], 1);
}

TEST(RunFolder, WhoLacksAModalityHasEmptyCellsAndIsCounted) {
  Study study = sample::study(60);
  Fit fit = sample::fit(study);
  study.modalities[1].present.assign(60, true);
  for (std::size_t i = 5; i < 25; ++i) {
    study.modalities[1].present[i] = false;
    for (const std::size_t k : {2u, 3u}) fit.encoding.latents.columns[k].values[i] = std::nan("");
  }
  const sample::Directory run;
  write_fit(run.path(), study, fit, FitOptions(), {});
  const auto json = read_run_json(run.path());
  EXPECT_EQ(json["study"]["participants"], 60);
  EXPECT_EQ(json["study"]["complete"], 40);
  EXPECT_EQ(json["study"]["modalities"][0]["participants"], 60);
  EXPECT_EQ(json["study"]["modalities"][1]["participants"], 40);
  EXPECT_EQ(read_csv_text(run.file("latents.csv")).rows[5][3], "");
  // The page: blood.z1 over its 40 people, its correlations over whoever has both.
  const auto page = page_data(run.path());
  int counted = 0;
  for (const auto& count : page["distributions"][2]["counts"])
    counted += std::max(0, count.get<int>());
  EXPECT_GT(counted, 0);
  EXPECT_LE(counted, 40);
  std::vector<double> blood;
  std::vector<double> body;
  for (std::size_t i = 0; i < 60; ++i) {
    if (i >= 5 && i < 25) continue;
    blood.push_back(fit.encoding.latents.columns[2].values[i]);
    body.push_back(fit.encoding.latents.columns[0].values[i]);
  }
  EXPECT_NEAR(page["correlations"]["rows"][2][0].get<double>(), rank_correlations({blood, body})[1],
              1e-4);
}

TEST(RunFolder, CountsThePeopleHeldOut) {
  Study study = sample::study(60);  // 3, 13, ... 53 are held out
  for (std::size_t i = 0; i < 60; ++i) study.groups.push_back(std::to_string(i % 20));
  study.modalities[1].present.assign(60, true);
  study.modalities[1].present[13] = study.modalities[1].present[33] = false;
  study.modalities[1].present[53] = false;
  const sample::Directory run;
  write_fit(run.path(), study, sample::fit(study), FitOptions(), {});
  const auto json = read_run_json(run.path());
  EXPECT_EQ(json["study"]["validation"], 6);
  EXPECT_EQ(json["study"]["validation_people"], 1);  // 3, 23 and 43 are rows of one
  EXPECT_EQ(read_csv_text(run.file("split.csv")).rows[23][2], "3");
}

TEST(RunFolder, IsReadableByItsOwnerOnly) {
  const sample::Directory run;
  sample::write_whole_run(run.path(), sample::study(20));
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run.path())) {
    struct stat status = {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, entry.is_directory() ? 0700u : 0600u) << entry.path();
    if (!entry.is_directory()) ++files;
  }
  EXPECT_GE(files, 22u);
}

TEST(RunFolder, WritesRowsInTheOrderOfTheStudy) {
  const Study study = sample::study(30);
  Fit fit = sample::fit(study);
  const sample::Directory sorted;
  write_fit(sorted.path(), study, fit, FitOptions(), {});
  Table& latents = fit.encoding.latents;
  std::reverse(latents.ids.begin(), latents.ids.end());
  for (Column& column : latents.columns) {
    std::reverse(column.values.begin(), column.values.end());
  }
  const sample::Directory reversed;
  write_fit(reversed.path(), study, fit, FitOptions(), {});
  for (const char* name : {"latents.csv", "relations.csv"}) {
    EXPECT_EQ(read_file(reversed.file(name)), read_file(sorted.file(name))) << name;
  }
}

TEST(RunFolder, RefusesATableThatLacksAParticipant) {
  Study study = sample::study(30);
  Fit fit = sample::fit(study);
  fit.encoding.latents.ids[4] = "somebody else";
  const sample::Directory run;
  try {
    write_fit(run.path(), study, fit, FitOptions(), {});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find(study.ids[4]), std::string::npos);
  }
}

TEST(RunFolder, KeepsUndefinedNumbersOutOfItsJson) {
  Study study = sample::study(30);
  Fit fit = sample::fit(study);
  fit.latents[0].agreement = std::numeric_limits<double>::quiet_NaN();
  fit.branches[1].objective = std::numeric_limits<double>::infinity();
  fit.reconstruction_r2.clear();
  const sample::Directory run;
  write_fit(run.path(), study, fit, FitOptions(), {});
  const auto json = read_run_json(run.path());
  EXPECT_TRUE(json["latents"][0]["agreement"].is_null());
  EXPECT_TRUE(json["branches"][1]["objective"].is_null());
  EXPECT_TRUE(json["study"]["modalities"][0]["reconstruction_r2"].is_null());
}

TEST(RunFolder, LaterStagesReplaceTheirTimeAndRepeatNoWarning) {
  const sample::Directory run;
  const Study study = sample::study(30);
  write_fit(run.path(), study, sample::fit(study), FitOptions(), {});
  const std::size_t before = read_run_json(run.path())["warnings"].size();
  append_to_run(run.path(), "discover", 2, {{"weak_edge", "a"}});
  append_to_run(run.path(), "discover", 3, {{"weak_edge", "a"}, {"weak_edge", "b"}});
  const auto json = read_run_json(run.path());
  EXPECT_DOUBLE_EQ(json["seconds"]["discover"].get<double>(), 3);
  EXPECT_EQ(json["warnings"].size(), before + 2);
}

TEST(RunFolder, ForeignFoldersAreDataErrors) {
  const sample::Directory run;
  EXPECT_THROW(read_run_json(run.file("nowhere")), DataError);
  EXPECT_THROW(append_to_run(run.path(), "discover", 1), DataError);
  for (const char* text :
       {"", "{", "[1, 2]", "{}", R"({"format": "1"})", R"({"format": 99, "study": {}})",
        R"({"format": 1})", R"({"format": 1, "study": [], "seconds": {}, "warnings": []})",
        R"({"format": 1, "study": {}, "seconds": {}, "warnings": [7]})"}) {
    write_file(run.file("run.json"), text);
    EXPECT_THROW(read_run_json(run.path()), DataError) << text;
  }
  write_file(run.file("run.json"), R"({"format":1,"study":{},"seconds":{},"warnings":[]})");
  EXPECT_NO_THROW(read_run_json(run.path()));
}

TEST(RunFolder, DamagedTablesAreDataErrors) {
  const sample::Directory run;
  const auto read = [&](const std::string& text) {
    write_file(run.file("t.csv"), text);
    const CsvText table = read_csv_text(run.file("t.csv"));
    return csv_value(table, 0, table.column("x"));
  };
  EXPECT_EQ(read("x,y\n1.5,\n"), 1.5);
  EXPECT_THROW(read("x,y\n1\n"), DataError);
  EXPECT_THROW(read("x,y\none,2\n"), DataError);
  EXPECT_THROW(read("y\n1\n"), DataError);
  EXPECT_THROW(read("x\n\"1\n"), DataError);
}

}  // namespace
}  // namespace polycause
