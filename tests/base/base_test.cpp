#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "base/parallel.h"
#include "base/random.h"
#include "base/settings.h"
#include "polycause/error.h"

namespace polycause {
namespace {

TEST(Random, KnownAnswerOfPhilox) {
  // Salmon et al. 2011, known-answer test philox4x32-10: counter 0, key 0. The public constructor
  // mixes the stream into the counter, so the generator is checked through its moments and
  // identity.
  Random a(7, "stream", 3);
  Random b(7, "stream", 3);
  Random c(7, "stream", 4);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t x = a.bits();
    EXPECT_EQ(x, b.bits());
    equal += x == c.bits();
  }
  EXPECT_LT(equal, 2);
}

TEST(Random, MomentsOfDraws) {
  Random random(1, "moments");
  const int n = 200000;
  double u = 0, g = 0, g2 = 0, g4 = 0, l = 0, l2 = 0, l4 = 0;
  for (int i = 0; i < n; ++i) {
    u += random.uniform();
    const double x = random.normal();
    g += x;
    g2 += x * x;
    g4 += x * x * x * x;
    const double y = random.laplace();
    l += y;
    l2 += y * y;
    l4 += y * y * y * y;
  }
  EXPECT_NEAR(u / n, 0.5, 0.005);
  EXPECT_NEAR(g / n, 0, 0.01);
  EXPECT_NEAR(g2 / n, 1, 0.02);
  EXPECT_NEAR(g4 / n, 3, 0.15);
  EXPECT_NEAR(l / n, 0, 0.01);
  EXPECT_NEAR(l2 / n, 1, 0.03);
  EXPECT_NEAR(l4 / n, 6, 0.6);
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
  Random random(5, "permutation");
  const auto p = random.permutation(1000);
  EXPECT_EQ(std::set<std::size_t>(p.begin(), p.end()).size(), 1000u);
  EXPECT_NE(p, Random(6, "permutation").permutation(1000));
}

TEST(Files, OutputDirectoryIsPrivateAndNeverReused) {
  const std::string dir = testing::TempDir() + "/polycause_files_test";
  std::filesystem::remove_all(dir);
  make_output_directory(dir, false);
  EXPECT_EQ(std::filesystem::status(dir).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_all);
  write_file(dir + "/a.txt", "one");
  EXPECT_EQ(read_file(dir + "/a.txt"), "one");
  EXPECT_THROW(make_output_directory(dir, false), ConfigError);
  EXPECT_NO_THROW(make_output_directory(dir, true));
  EXPECT_THROW(write_file(dir + "/absent/a.txt", "x"), Error);
  EXPECT_THROW(read_file(dir + "/absent.txt"), DataError);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir)) ++files;
  EXPECT_EQ(files, 1u) << "a failed write left a file behind";
}

TEST(Errors, SayOfThePlaceWhatIsKnown) {
  EXPECT_STREQ(DataError("a.csv", 3, "age", "is bad").what(), "a.csv:3: column 'age': is bad");
  EXPECT_STREQ(DataError("a.csv", 0, "", "is bad").what(), "a.csv: is bad");
  EXPECT_STREQ(DataError("", 0, "age", "is bad").what(), "column 'age': is bad");
  EXPECT_STREQ(DataError("", 0, "", "is bad").what(), "is bad");
}

TEST(Parallel, EveryUnitOnceAndFirstErrorWins) {
  std::vector<int> count(100, 0);
  parallel_for(count.size(), 4, [&](std::size_t i) { ++count[i]; });
  for (const int c : count) EXPECT_EQ(c, 1);
  EXPECT_THROW(parallel_for(10, 3,
                            [](std::size_t i) {
                              if (i == 4) throw NumericError("x");
                            }),
               NumericError);
}

struct Sample {
  bool flag = true;
  std::int64_t batch = 256;
  double rate = 0.5;
  std::string prior = "auto";
};

VisitSettings visitor_of(Sample& s) {
  return [&s](SettingsVisitor& v) {
    v.visit("train.flag", s.flag, "a flag");
    v.visit("train.batch", s.batch, 1, kNoLimit, "participants per step");
    v.visit("train.rate", s.rate, 0.0, 1.0, "a rate");
    v.visit("method.prior", s.prior, {"auto", "general"}, "form of the prior");
  };
}

TEST(Settings, SetListAndRefuse) {
  Sample s;
  const VisitSettings visit = visitor_of(s);
  apply_setting(visit, "train.batch", "64", "--set");
  apply_setting(visit, "method.prior", "general", "--set");
  apply_setting(visit, "train.flag", "false", "--set");
  apply_setting(visit, "train.rate", "0.25", "--set");
  EXPECT_EQ(s.batch, 64);
  EXPECT_EQ(s.prior, "general");
  EXPECT_FALSE(s.flag);
  EXPECT_EQ(s.rate, 0.25);
  EXPECT_EQ(list_settings(visit).size(), 4u);
  EXPECT_NE(settings_toml(visit).find("batch = 64"), std::string::npos);
  for (const auto& [key, value] : {std::pair{"train.batch", "0"},
                                   {"train.batch", "6x"},
                                   {"train.rate", "1.5"},
                                   {"train.rate", "nan"},
                                   {"method.prior", "other"},
                                   {"train.flag", "yes"}}) {
    EXPECT_THROW(apply_setting(visit, key, value, "--set"), ConfigError) << key << "=" << value;
  }
  try {
    apply_setting(visit, "train.bacth", "1", "study.toml:3");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("train.batch"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("study.toml:3"), std::string::npos);
  }
}

}  // namespace
}  // namespace polycause
