#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "polycause/error.h"
#include "polycause/simulate.h"
#include "polycause/study.h"
#include "simulate/png_writer.h"

namespace polycause {
namespace {

namespace fs = std::filesystem;

class Write : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = (fs::temp_directory_path() /
             ("polycause_write_" + std::to_string(::getpid()) + "_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name()))
                .string();
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  static Simulation draw(const std::string& name) {
    SimulateOptions options = simulation_preset(name);
    options.participants = 200;
    return simulate(name, options, 4);
  }

  std::map<std::string, std::string> files(const std::string& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(join_path(root_, folder))) {
      if (!entry.is_regular_file()) continue;
      all[fs::relative(entry.path(), join_path(root_, folder)).string()] =
          read_file(entry.path().string());
    }
    return all;
  }

  std::string root_;
};

TEST_F(Write, SameSeedSameBytesAndAClosedFolder) {
  write_simulation(draw("cohort"), join_path(root_, "a"));
  write_simulation(draw("cohort"), join_path(root_, "b"));
  const auto a = files("a");
  EXPECT_EQ(a, files("b"));
  for (const char* name : {"study.toml", "body.csv", "blood.csv", "sleep.csv", "vessels.csv",
                           "demographics.csv", "dictionary.csv", "truth/latents.csv",
                           "truth/private.csv", "truth/edges.csv", "truth/covariate_edges.csv"}) {
    EXPECT_EQ(a.count(name), 1u) << name;
  }
  struct stat status {};
  ASSERT_EQ(::stat(join_path(root_, "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  EXPECT_EQ(a.at("truth/edges.csv").substr(0, 30), "source,target\nbody.z1,blood.z1");
}

TEST_F(Write, RefusesAFolderWithFilesUnlessForced) {
  write_simulation(draw("case1"), root_);
  EXPECT_THROW(write_simulation(draw("case1"), root_), ConfigError);
  EXPECT_NO_THROW(write_simulation(draw("case1"), root_, true));
}

TEST_F(Write, ReadsBackToTheLastBit) {
  const Simulation s = draw("case1");
  write_simulation(s, root_);
  const Table latents = read_table(join_path(root_, "truth/latents.csv"));
  ASSERT_EQ(latents.columns.size(), s.latents.columns.size());
  EXPECT_EQ(latents.ids, s.latents.ids);
  for (std::size_t k = 0; k < latents.columns.size(); ++k) {
    EXPECT_EQ(latents.columns[k].name, s.latents.columns[k].name);
    EXPECT_EQ(latents.columns[k].values, s.latents.columns[k].values);
  }
}

TEST_F(Write, IsAStudyThatTheReaderAccepts) {
  for (const char* name : {"case3", "cohort"}) {
    const std::string folder = join_path(root_, name);
    const Simulation s = draw(name);
    write_simulation(s, folder);
    const Study study = load_study(read_study_spec(join_path(folder, "study.toml")));
    ASSERT_EQ(study.modalities.size(), 4u + s.blocks.size());
    EXPECT_EQ(study.spec.order, "given");
    for (std::size_t m = 0; m < 4; ++m) {
      EXPECT_EQ(study.modalities[m].latents, 2u);
      EXPECT_EQ(study.modalities[m].private_dims, 1u);
      EXPECT_EQ(study.modalities[m].table.columns.size(), s.tables[m].columns.size());
    }
    EXPECT_GT(study.participants(), 160u);
  }
}

TEST_F(Write, TheReaderFindsThePicturesAndNightsOfEveryParticipant) {
  SimulateOptions options = simulation_preset("cohort");
  options.participants = 60;
  for (const bool open : {false, true}) {
    if (open && !simulation::has_png()) continue;
    options.pictures = open ? "png" : "npy";
    options.recordings = open ? "csv" : "npy";
    const Simulation s = simulate("cohort", options, 4);
    const std::string folder = join_path(root_, open ? "open" : "arrays");
    write_simulation(s, folder);
    const Study study = load_study(read_study_spec(join_path(folder, "study.toml")));
    EXPECT_GT(study.participants(), 40u);
    for (std::size_t b = 0; b < s.blocks.size(); ++b) {
      const SimulatedBlocks& blocks = s.blocks[b];
      const Modality& modality = study.modalities[4 + b];
      ASSERT_EQ(modality.name, blocks.name);
      ASSERT_NE(modality.blocks, nullptr);
      const bool image = blocks.kind == "image";
      const BlockShape& shape = modality.blocks->shape();
      ASSERT_EQ(shape.size(), image ? 32u * 32u * 3u : 480u * 4u);
      if (open && !image) {
        EXPECT_EQ(shape.channel_names, blocks.channels);
        EXPECT_NEAR(shape.rate, 1.0 / 60, 1e-9);
      }
      const std::size_t samples = shape.height * shape.width;
      std::vector<float> drawn(shape.size());
      std::vector<float> read(shape.size());
      for (std::uint32_t i = 0; i < study.participants(); ++i) {
        const auto found = std::find(blocks.ids.begin(), blocks.ids.end(), study.ids[i]);
        ASSERT_NE(found, blocks.ids.end());
        blocks.draw(static_cast<std::size_t>(found - blocks.ids.begin()), drawn.data());
        modality.blocks->read(&i, 1, read.data());
        for (std::size_t k = 0; k < drawn.size(); ++k) {  // channels first there, last here
          const float there = read[k % shape.channels * samples + k / shape.channels];
          const float here = image ? drawn[k] / 255 : drawn[k];
          ASSERT_TRUE(std::fabs(there - here) < 1e-4 || (std::isnan(there) && std::isnan(here)))
              << blocks.name << " " << study.ids[i] << " " << k;
        }
      }
    }
  }
}

}  // namespace
}  // namespace polycause
