#include "data/study_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TestFolder;

const char kWhole[] = R"(version = 1
[study]
name = "nhanes-2013"
id = "SEQN"
missing = ["", "NA", "."]
condition_on = ["demographics.age", "demographics.sex*"]
decimal = ","
order = "given"
validation = 0.2
[[modality]]
name = "blood"
kind = "tabular"
path = ["a.csv", "b.xpt"]
columns = ["hdl", "LBX*"]
exclude = ["LBXSIR"]
types = { hdl = "ordinal", "sex" = "categorical" }
rank_normal = true
latents = 3
private = 0
[[modality]]
name = "sleep-2"
path = "sleep.npz:x"
ids = "ids.txt"
rank_normal = ["a"]
[[covariates]]
name = "demographics"
path = "demographics.csv"
[method]
name = "staged"
[train]
batch = 128
learning_rate = 0.001
[discover]
alpha = 0.01
tiers = [["demographics.age", "demographics.sex"], ["*"]]
)";

class StudyFileTest : public ::testing::Test {
 protected:
  StudySpec read(const std::string& text) {
    return read_study_spec(folder.write("study.toml", text));
  }
  std::string fails(const std::string& text) {
    return error_of<ConfigError>([&] { read(text); });
  }
  static std::string with(const std::string& lines) {
    return "version = 1\n[[modality]]\nname = \"a\"\npath = \"a.csv\"\n" + lines;
  }
  TestFolder folder;
};

TEST_F(StudyFileTest, ReadsEveryKey) {
  const StudySpec spec = read(kWhole);
  EXPECT_EQ(spec.root + "/study.toml", spec.path);
  EXPECT_EQ(spec.name, "nhanes-2013");
  EXPECT_EQ(spec.id, "SEQN");
  EXPECT_THAT(spec.missing, ElementsAre("", "NA", "."));
  EXPECT_THAT(spec.condition_on, ElementsAre("demographics.age", "demographics.sex*"));
  EXPECT_EQ(spec.decimal, ",");
  EXPECT_EQ(spec.order, "given");
  EXPECT_EQ(spec.validation, 0.2);
  ASSERT_EQ(spec.modalities.size(), 2U);
  const SourceSpec& blood = spec.modalities[0];
  EXPECT_EQ(blood.name, "blood");
  EXPECT_THAT(blood.paths, ElementsAre("a.csv", "b.xpt"));
  EXPECT_THAT(blood.columns, ElementsAre("hdl", "LBX*"));
  EXPECT_THAT(blood.exclude, ElementsAre("LBXSIR"));
  EXPECT_EQ(blood.types.at("hdl"), ColumnType::kOrdinal);
  EXPECT_EQ(blood.types.at("sex"), ColumnType::kCategorical);
  EXPECT_THAT(blood.rank_normal, ElementsAre("*"));
  EXPECT_EQ(blood.latents, 3);
  EXPECT_EQ(blood.private_dims, 0);
  EXPECT_EQ(spec.modalities[1].ids, "ids.txt");
  EXPECT_THAT(spec.modalities[1].rank_normal, ElementsAre("a"));
  EXPECT_EQ(spec.modalities[1].latents, 2);
  EXPECT_EQ(spec.modalities[1].private_dims, 1);
  EXPECT_EQ(spec.covariates[0].paths[0], "demographics.csv");
  EXPECT_THAT(spec.tiers,
              ElementsAre(ElementsAre("demographics.age", "demographics.sex"), ElementsAre("*")));
}

TEST_F(StudyFileTest, CodesAndDecimalSignOfOneTable) {
  const SourceSpec source =
      read(with("decimal = \",\"\nmissing = { x = [99, \"refused\"], \"y*\" = -9.5 }\n"))
          .modalities[0];
  EXPECT_EQ(source.decimal, ",");
  EXPECT_THAT(source.missing.at("x"), ElementsAre("99", "refused"));
  EXPECT_THAT(source.missing.at("y*"), ElementsAre("-9.5"));
  EXPECT_THAT(fails(with("decimal = \";\"\n")),
              HasSubstr("study.toml:5: decimal = \";\"; expected"));
  EXPECT_THAT(fails(with("missing = [\"99\"]\n")),
              AllOf(HasSubstr("study.toml:5: missing"), HasSubstr("[study]")));
  EXPECT_THAT(fails(with("missing = { x = [[1]] }\n")), HasSubstr("missing of 'x'"));
}

TEST_F(StudyFileTest, RootOverridesTheDirectory) {
  EXPECT_EQ(read_study_spec(folder.write("study.toml", with("")), "/elsewhere").root, "/elsewhere");
}

TEST_F(StudyFileTest, SharedLatentsNameTheirModalitiesInTheOrderOfTheStudy) {
  const std::string two = with("[[modality]]\nname = \"b\"\npath = \"b.csv\"\nlatents = 0\n");
  const StudySpec spec = read(two + "[[shared]]\nmodalities = [\"b\", \"a\"]\nlatents = 2\n");
  ASSERT_EQ(spec.shared.size(), 1U);
  EXPECT_EQ(spec.shared[0].name(), "shared.a+b");
  EXPECT_EQ(spec.shared[0].latents, 2);
  EXPECT_EQ(spec.modalities[1].latents, 0);
  const auto bad = [&](const std::string& keys) { return fails(two + "[[shared]]\n" + keys); };
  EXPECT_THAT(bad("modalities = [\"a\", \"c\"]\n"), HasSubstr("'c' is no [[modality]]"));
  EXPECT_THAT(bad("modalities = [\"a\", \"a\", \"b\"]\n"), HasSubstr("stands twice"));
  EXPECT_THAT(bad("latents = 1\n"), HasSubstr("names 0 modalities"));
  EXPECT_THAT(bad("modalities = [\"a\", \"b\"]\nlatents = 0\n"), HasSubstr("1 .. 64"));
  EXPECT_THAT(bad("modalities = [\"a\", \"b\"]\n[[shared]]\nmodalities = [\"b\", \"a\"]\n"),
              HasSubstr("two [[shared]] of the same modalities"));
  EXPECT_THAT(fails(two + "[shared]\nlatents = 1\n"), HasSubstr("expected [[shared]]"));
  EXPECT_THAT(fails(with("latents = 0\nprivate = 0\n")), HasSubstr("neither latents"));
  EXPECT_THAT(fails(with("kind = \"image\"\nlatents = 0\n")), HasSubstr("neither latents"));
}

TEST_F(StudyFileTest, ErrorsNameLineAndWhatToDo) {
  EXPECT_THAT(fails("[study]\n"), HasSubstr("expected version = 1"));
  EXPECT_THAT(fails("version = 2\n"), HasSubstr("study.toml:1: version = 2; expected 1"));
  EXPECT_THAT(fails("version = 1\n"), HasSubstr("no [[modality]]"));
  EXPECT_THAT(fails("version = 1\n[study\n"), HasSubstr("study.toml:2: not valid TOML"));
  EXPECT_THAT(
      fails(with("latent = 3\n")),
      ::testing::AllOf(HasSubstr("study.toml:5: unknown key 'latent'"), HasSubstr("'latents'")));
  EXPECT_THAT(
      fails(with("[study]\nordr = \"given\"\n")),
      ::testing::AllOf(HasSubstr("study.toml:6: unknown key 'ordr'"), HasSubstr("'order'")));
  EXPECT_THAT(fails(with("[[covariate]]\nname = \"c\"\n")),
              ::testing::AllOf(HasSubstr("study.toml:5: unknown key 'covariate'"),
                               HasSubstr("'covariates'")));
  EXPECT_THAT(fails(with("[study]\norder = \"up\"\n")),
              HasSubstr("study.toml:6: study.order = \"up\""));
  EXPECT_THAT(fails(with("[study]\nvalidation = 2\n")),
              HasSubstr("study.toml:6: study.validation"));
  EXPECT_THAT(fails(with("[study]\nmissing = [1]\n")), HasSubstr("study.toml:6:"));
  EXPECT_THAT(fails(with("kind = \"video\"\n")),
              HasSubstr("study.toml:5: kind = \"video\"; expected one of tabular, image, series"));
  EXPECT_THAT(fails(with("latents = -1\n")), HasSubstr("expected 0 .. 64"));
  EXPECT_THAT(fails(with("latents = \"2\"\n")), HasSubstr("no whole number"));
  EXPECT_THAT(fails(with("types = { x = \"number\" }\n")), HasSubstr("types of 'x'"));
  EXPECT_THAT(fails(with("rank_normal = 3\n")),
              HasSubstr("study.toml:5: [[modality]] rank_normal"));
  EXPECT_THAT(fails(with("[[modality]]\nname = \"a\"\npath = \"b.csv\"\n")),
              HasSubstr("study.toml:6: the name 'a' is used twice"));
  EXPECT_THAT(fails(with("[[covariates]]\nname = \"a\"\npath = \"b.csv\"\n")),
              HasSubstr("used twice"));
  EXPECT_THAT(fails(with("[[covariates]]\nname = \"a.b\"\npath = \"b.csv\"\n")),
              HasSubstr("letters, digits"));
  EXPECT_THAT(fails(with("[[covariates]]\nname = \"b\"\npath = \"b.csv\"\nlatents = 1\n")),
              HasSubstr("unknown key 'latents' in [[covariates]]"));
  EXPECT_THAT(fails(with("[[covariates]]\nname = \"b\"\n")), HasSubstr("'b' has no path"));
  EXPECT_THAT(fails(with("[[shared]]\nmodalities = [\"a\"]\n")),
              HasSubstr("study.toml:5: [[shared]]"));
  EXPECT_THAT(fails(with("[modalities]\n")), HasSubstr("'modality'"));
  EXPECT_THAT(fails(with("[discover]\ntiers = [\"a\"]\n")),
              HasSubstr("study.toml:6: discover.tiers"));
  EXPECT_THAT(fails(with("\xc3\xa9 = 1\n")),
              HasSubstr("study.toml:5: found a letter beyond ASCII"));
  EXPECT_THAT(fails(with("columns = '\xc3\xa9'\n")), HasSubstr("outside double quotes"));
  EXPECT_THAT(fails(with("columns = \"\xe9\"\n")),
              HasSubstr("study.toml:5: found bytes that are not UTF-8"));
  EXPECT_THAT(error_of<ConfigError>([&] { read_study_spec(folder.path("absent.toml")); }),
              HasSubstr("cannot open"));
}

TEST_F(StudyFileTest, NamesBeyondAsciiStandInQuotes) {
  const StudySpec spec =
      read(with("columns = [\"gr\xc3\xb6\xc3\x9f"
                "e\", \"a \\\" # \xe5\xb9\xb4 \xf0\x9f\xa9\xb8\\\\\"]  # \xc3\xa9\n"));
  EXPECT_THAT(spec.modalities[0].columns, ElementsAre("gr\xc3\xb6\xc3\x9f"
                                                      "e",
                                                      "a \" # \xe5\xb9\xb4 \xf0\x9f\xa9\xb8\\"));
}

struct SomeOptions {
  std::int64_t batch = 1;
  double learning_rate = 1;
  double alpha = 1;
  std::string name = "x";
};

void visit(SomeOptions& options, SettingsVisitor& visitor) {
  visitor.visit("train.batch", options.batch, 1, kNoLimit, "");
  visitor.visit("train.learning_rate", options.learning_rate, 0.0, 1.0, "");
  visitor.visit("discover.alpha", options.alpha, 0.0, 1.0, "");
  visitor.visit("method.name", options.name, {}, "");
}

TEST_F(StudyFileTest, LawsAsDecoders) {
  const StudySpec spec = read(
      "version = 1\n[[modality]]\nname = \"curve\"\npath = \"a.csv\"\ndecoder = \"formula\"\n"
      "formula = \"a * x ^ b\"\nparameters = { a = 1, b = 0.5 }\nat = [0, 0.5, 2]\n");
  const ExpertSpec& expert = spec.modalities.at(0).expert;
  EXPECT_EQ(expert.decoder, "formula");
  EXPECT_EQ(expert.formula, "a * x ^ b");
  ASSERT_EQ(expert.parameters.size(), 2u);
  EXPECT_EQ(expert.parameters[1], (std::pair<std::string, double>("b", 0.5)));
  EXPECT_THAT(expert.at, ElementsAre(0, 0.5, 2));
  const std::string start = "version = 1\n[[modality]]\nname = \"curve\"\npath = \"a\"\n";
  EXPECT_THAT(fails(start + "decoder = \"lines\"\n"), HasSubstr("expected one of network, line"));
  EXPECT_THAT(fails(start + "decoder = \"line\"\nat = [1, 1]\n"), HasSubstr("increase"));
  EXPECT_THAT(fails(start + "decoder = \"formula\"\nformula = \"x\"\n"),
              HasSubstr("lacks its formula or its parameters"));
  EXPECT_THAT(fails(start + "decoder = \"line\"\nformula = \"x\"\n"), HasSubstr("'formula'"));
  EXPECT_THAT(fails(start + "kind = \"image\"\ndecoder = \"line\"\n"), HasSubstr("pictures"));
}

TEST_F(StudyFileTest, SettingsOfLaterStagesAreApplied) {
  SomeOptions options;
  const VisitSettings visit_all = [&](SettingsVisitor& visitor) { visit(options, visitor); };
  const std::string path = folder.write("study.toml", kWhole);
  apply_study_settings(path, {"train"}, visit_all);
  EXPECT_EQ(options.batch, 128);
  EXPECT_EQ(options.learning_rate, 0.001);
  EXPECT_EQ(options.alpha, 1);
  apply_study_settings(path, {"method", "discover"}, visit_all);
  EXPECT_EQ(options.alpha, 0.01);
  EXPECT_EQ(options.name, "staged");
  folder.write("study.toml", with("[train]\nbatchs = 3\n"));
  EXPECT_THAT(error_of<ConfigError>([&] { apply_study_settings(path, {"train"}, visit_all); }),
              ::testing::AllOf(HasSubstr("study.toml:6"), HasSubstr("'train.batch'")));
  folder.write("study.toml", with("[train]\nbatch = [3]\n"));
  EXPECT_THAT(error_of<ConfigError>([&] { apply_study_settings(path, {"train"}, visit_all); }),
              HasSubstr("single value"));
}

TEST_F(StudyFileTest, MutationsGiveASpecOrAConfigError) {
  const std::string whole = kWhole;
  Random random(1, "toml");
  for (int trial = 0; trial < 500; ++trial) {
    std::string mutant = whole;
    for (std::size_t k = 0; k <= random.below(3); ++k) {
      mutant[random.below(mutant.size())] = static_cast<char>(random.below(256));
    }
    try {
      read(mutant);
    } catch (const ConfigError&) {
    }
  }
}

}  // namespace
}  // namespace polycause
