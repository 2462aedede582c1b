#include "polycause/study.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "files_for_tests.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using testing::TestFolder;

class StudyTest : public ::testing::Test {
 protected:
  StudyTest() {
    spec.root = folder.path("");
    spec.id = "id";
  }
  SourceSpec& add(const std::string& name, const std::string& text, bool modality = true) {
    SourceSpec source;
    source.name = name;
    source.paths = {name + ".csv"};
    folder.write(name + ".csv", text);
    auto& list = modality ? spec.modalities : spec.covariates;
    list.push_back(source);
    return list.back();
  }
  std::string fails() {
    return error_of<DataError>([&] { load_study(spec); });
  }
  TestFolder folder;
  StudySpec spec;
};

TEST_F(StudyTest, JoinsByIdInAnyOrderAndAccountsForEverybody) {
  add("blood", "id,hdl,glu\n3,1.5,10\n1,2.5,20\n2,NA,NA\n10,4,40\n,5,50\n11,6,60\n");
  add("body", "weight,id\n70,10\n80,1\n90,3\n60,2\n50,7\n");
  add("demo", "id,age\n1,30\n3,40\n99,50\n", false);
  const Study study = load_study(spec);
  EXPECT_THAT(study.ids, ElementsAre("1", "3", "10"));
  EXPECT_THAT(study.modalities[0].table.columns[0].values, ElementsAre(2.5, 1.5, 4));
  EXPECT_THAT(study.modalities[1].table.columns[0].values, ElementsAre(80, 90, 70));
  EXPECT_EQ(study.modalities[1].table.ids, study.ids);
  EXPECT_EQ(study.covariates[0].columns[0].values[1], 40);
  EXPECT_TRUE(std::isnan(study.covariates[0].columns[0].values[2]));
  ASSERT_EQ(study.tables.size(), 3U);
  EXPECT_EQ(study.tables[0].rows, 6U);
  EXPECT_EQ(study.tables[0].kept, 3U);
  EXPECT_THAT(
      study.tables[0].dropped,
      ElementsAre(Pair("empty id", 1U), Pair("all cells missing", 1U), Pair("not in body", 1U)));
  EXPECT_THAT(study.tables[1].dropped, ElementsAre(Pair("not in blood", 2U)));
  EXPECT_THAT(study.tables[2].dropped, ElementsAre(Pair("not in blood", 1U)));
  for (const TableAccount& table : study.tables) {
    std::size_t sum = table.kept;
    for (const auto& [reason, count] : table.dropped) sum += count;
    EXPECT_EQ(sum, table.rows) << table.table;
  }
  EXPECT_THAT(study.warnings, Contains(HasSubstr("only 3 participants")));
}

TEST_F(StudyTest, WhoIsInIsJudgedByTheColumnsUsed) {
  std::string a = "id,x,day,device,note\n";
  std::string b = "id,y\n";
  for (int i = 0; i < 60; ++i) {
    const std::string id = std::to_string(i);
    const std::string x = i < 50 ? std::to_string(i * 7 % 50) + ".5" : "";
    a += id + "," + x + ",day" + id + ",SECA," + (i == 3 ? "fell" : "") + "\n";
    b += id + "," + std::to_string(i * 11 % 60) + ".5\n";
  }
  add("a", a + "60,,,,\n");
  add("b", b);
  const auto dropped = [](const Study& study) { return study.tables[0].dropped; };
  const Study study = load_study(spec);
  EXPECT_EQ(study.participants(), 50U);
  EXPECT_THAT(dropped(study), ElementsAre(Pair("all cells missing", 1U),
                                          Pair("no value in the columns used", 10U)));
  spec.modalities[0].exclude = {"day", "device", "note"};
  const Study by_hand = load_study(spec);
  EXPECT_EQ(by_hand.ids, study.ids);
  EXPECT_THAT(dropped(by_hand), ElementsAre(Pair("all cells missing", 11U)));
  spec.modalities[0].exclude.clear();
  spec.join = "any";
  const Study any = load_study(spec);
  EXPECT_EQ(any.participants(), 60U);
  EXPECT_EQ(std::count(any.modalities[0].present.begin(), any.modalities[0].present.end(), false),
            10);
}

TEST_F(StudyTest, RowOrderDoesNotMatter) {
  Random random(1, "study");
  std::vector<std::string> a;
  std::vector<std::string> b;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "p" + std::to_string(i * 37 % 211);
    a.push_back(id + "," + std::to_string(random.normal()) + "," + (random.coin() ? "yes" : "no"));
    if (random.uniform() < 0.8) b.push_back(id + "," + std::to_string(random.below(5)));
  }
  const auto load = [&](std::uint64_t shuffle) {
    spec.modalities.clear();
    Random order(shuffle, "order");
    std::string ta = "id,x,smoker\n";
    std::string tb = "id,score\n";
    for (const std::size_t i : order.permutation(a.size())) ta += a[i] + "\n";
    for (const std::size_t i : order.permutation(b.size())) tb += b[i] + "\n";
    add("a", ta);
    add("b", tb);
    return load_study(spec, 5);
  };
  const Study first = load(1);
  const Study second = load(2);
  EXPECT_EQ(first.ids, second.ids);
  EXPECT_EQ(first.validation, second.validation);
  for (std::size_t m = 0; m < 2; ++m) {
    EXPECT_EQ(table_csv(first.modalities[m].table), table_csv(second.modalities[m].table));
  }
  EXPECT_EQ(first.modalities[0].table.columns[1].levels,
            second.modalities[0].table.columns[1].levels);
}

TEST_F(StudyTest, FindsTypes) {
  std::string text = "id,cont,ordinal,binary,yes,color,eleven,half,name\n";
  for (int i = 0; i < 60; ++i) {
    text += std::to_string(i) + "," + std::to_string(i * 0.37) + "," + std::to_string(i % 4 + 1) +
            "," + (i % 2 != 0 ? "7" : "9") + "," + (i % 3 != 0 ? "yes" : "no") + "," +
            std::string(1, static_cast<char>('a' + i % 3)) + "," + std::to_string(i % 11) + "," +
            std::to_string(i % 3) + ".5,n" + std::to_string(i) + "\n";
  }
  add("t", text);
  const Study study = load_study(spec);
  const Table& table = study.modalities[0].table;
  const auto type = [&](const std::string& name) {
    return table.columns.at(table.find(name)).type;
  };
  EXPECT_EQ(type("cont"), ColumnType::kContinuous);
  EXPECT_EQ(type("ordinal"), ColumnType::kOrdinal);
  EXPECT_EQ(type("binary"), ColumnType::kBinary);
  EXPECT_EQ(type("yes"), ColumnType::kBinary);
  EXPECT_EQ(type("color"), ColumnType::kCategorical);
  EXPECT_EQ(type("eleven"), ColumnType::kContinuous);
  EXPECT_EQ(type("half"), ColumnType::kContinuous);
  EXPECT_THAT(table.columns[table.find("yes")].levels, ElementsAre("no", "yes"));
  EXPECT_EQ(table.columns[table.find("yes")].values[0], 0);
  EXPECT_EQ(table.find("name"), table.columns.size());
  EXPECT_THAT(study.warnings, Contains(HasSubstr("t.name: dropped (60 different texts")));
}

TEST_F(StudyTest, TextsThatAreNoLevelsSayWhy) {
  std::string text = "id;weight;seen;note;few;x\n";
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    text += n + ";" + std::to_string(50 + i % 80) +
            (i % 5 != 0 ? "." + std::to_string(i % 9) : "") + ";" + std::to_string(i % 28 + 1) +
            "." + std::to_string(i % 12 + 1) + ".2013;said " + n + ";l" + std::to_string(i % 30) +
            ";" + n + ",5\n";
  }
  add("t", text);
  spec.decimal = ",";
  EXPECT_THAT(load_study(spec).warnings,
              ::testing::ElementsAre(
                  AllOf(HasSubstr("t.weight: dropped ("), HasSubstr("numbers with a decimal point"),
                        HasSubstr("set decimal = \".\"")),
                  AllOf(HasSubstr("t.seen: dropped (84 different texts"), HasSubstr("dates, names"),
                        Not(HasSubstr("categorical"))),
                  AllOf(HasSubstr("t.note: dropped (200 different"), Not(HasSubstr("categorical"))),
                  HasSubstr("t.few: dropped (30 different texts in 200 cells; set its type")));
  spec.modalities[0].types = {{"note", ColumnType::kCategorical},
                              {"few", ColumnType::kCategorical}};
  const std::vector<std::string> warnings = load_study(spec).warnings;
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("t.note: set to \"categorical\" with 200 levels"),
                                       HasSubstr("tell who"))));
  EXPECT_THAT(warnings, Not(Contains(HasSubstr("t.few"))));
  spec.modalities[0].columns = {"weight", "seen"};
  spec.modalities[0].types.clear();
  EXPECT_THAT(fails(), AllOf(HasSubstr("no column left"), HasSubstr("set decimal = \".\"")));
}

TEST_F(StudyTest, ATableHasItsOwnDecimalSign) {
  add("a", "id;x\n1;1,5\n2;2,25\n3;4\n").decimal = ",";
  add("b", "id,x\n1,1.5\n2,2.25\n3,4\n");
  const Study study = load_study(spec);
  for (const Modality& modality : study.modalities)
    EXPECT_THAT(modality.table.columns[0].values, ElementsAre(1.5, 2.25, 4));
}

TEST_F(StudyTest, CodesOfOneColumnAreMissingThereOnly) {
  std::string text = "id,x,y,w\n";
  for (int i = 0; i < 40; ++i) {
    text += fmt::format("{},{},{},{}\n", i,
                        i == 7   ? "refused"
                        : i == 8 ? "99"
                                 : std::to_string(i),
                        i == 9 ? "99" : std::to_string(80 + i), i % 3);
  }
  add("t", text).missing = {{"x", {"99", "refused"}}};
  const Study study = load_study(spec);
  const Table& table = study.modalities[0].table;
  EXPECT_EQ(study.columns[0].missing, 2U);
  EXPECT_TRUE(std::isnan(table.columns[0].values[7]));
  EXPECT_EQ(table.columns[1].values[9], 99);
  EXPECT_THAT(study.columns[0].note, HasSubstr("99 in 1, refused in 1"));
  EXPECT_EQ(study.columns[1].note, "");
  EXPECT_THAT(study.warnings, Not(Contains(HasSubstr("study.missing"))));
  spec.modalities[0].missing.clear();
  spec.missing = {"", "99", "refused"};
  const Study all = load_study(spec);
  EXPECT_THAT(all.columns[1].note, HasSubstr("99 in 2"));
  EXPECT_THAT(all.warnings, Contains(AllOf(HasSubstr("99 lie within"), HasSubstr("(t.y)"))));
  spec.modalities[0].missing = {{"z", {"1"}}};
  EXPECT_THAT(fails(), HasSubstr("the column 'z' in missing"));
  // Where cells are numbers already.
  spec.missing = StudySpec().missing;
  folder.write("x.csv", "id,x\n1,5\n2,99.0\n3,7\n");
  spec.modalities[0].paths = {"x.csv"};
  spec.modalities[0].missing = {{"*", {"99"}}};
  EXPECT_EQ(load_study(spec).columns[0].missing, 0U);  // the only cell of its row
  EXPECT_EQ(load_study(spec).participants(), 2U);
}

TEST_F(StudyTest, CellsFarFromAllOthersAreTold) {
  Random random(3, "far");
  const auto table = [&](const std::string& last, bool skewed) {
    std::string text = "id,x\n";
    for (int i = 0; i < 400; ++i) {
      const double value = random.normal();
      text += fmt::format("{},{}\n", i, skewed ? 10 * std::exp(value) : 40 + 5 * value);
    }
    return text + "400," + last + "\n";
  };
  add("t", table("99999", false));
  EXPECT_THAT(load_study(spec).warnings,
              ElementsAre(AllOf(HasSubstr("t.x: 1 of 401 cells lie far"), HasSubstr("99999"),
                                HasSubstr("missing = { \"x\" = [99999] }"))));
  folder.write("t.csv", table("12345", false));
  EXPECT_THAT(load_study(spec).warnings,
              ElementsAre(AllOf(HasSubstr("rank_normal"), Not(HasSubstr("12345")))));
  spec.modalities[0].rank_normal = {"*"};
  EXPECT_THAT(load_study(spec).warnings, IsEmpty());
  spec.modalities[0].rank_normal.clear();
  folder.write("t.csv", table("40", false));
  EXPECT_THAT(load_study(spec).warnings, IsEmpty());
  for (int i = 0; i < 20; ++i) {
    folder.write("t.csv", table("10", true));
    EXPECT_THAT(load_study(spec).warnings, IsEmpty());
  }
}

TEST_F(StudyTest, TypesCanBeSet) {
  std::string text = "id,code,grade,x\n";
  for (int i = 0; i < 30; ++i) {
    text += std::to_string(i) + "," + std::to_string(8 + i % 3) + "," + std::to_string(i % 2) +
            "," + std::to_string(i) + ".5\n";
  }
  add("t", text).types = {{"code", ColumnType::kCategorical}, {"grade", ColumnType::kOrdinal}};
  const Study study = load_study(spec);
  EXPECT_THAT(study.modalities[0].table.columns[0].levels, ElementsAre("8", "9", "10"));
  EXPECT_EQ(study.modalities[0].table.columns[1].type, ColumnType::kOrdinal);
  EXPECT_EQ(study.columns[0].note, "type set by the study");
  spec.modalities[0].types = {{"code", ColumnType::kBinary}};
  EXPECT_THAT(fails(), HasSubstr("column 'code': holds more than two values"));
  spec.modalities[0].types = {{"cod", ColumnType::kBinary}};
  EXPECT_THAT(fails(), HasSubstr("did you mean 'code'"));
}

TEST_F(StudyTest, ConstantAndEmptyColumnsAreDroppedWithAWarning) {
  add("t", "id,x,one,none,same\n1,1.5,4,NA,a\n2,2.5,4,,a\n3,3,4,NA,a\n4,9,5,1,b\n");
  add("u", "id,y\n1,1\n2,2\n3,3\n");  // without 4, `one` and `same` are constant, `none` is empty
  const Study study = load_study(spec);
  ASSERT_EQ(study.modalities[0].table.columns.size(), 1U);
  EXPECT_THAT(study.warnings, Contains("t.one: dropped (constant)"));
  EXPECT_THAT(study.warnings, Contains("t.none: dropped (all cells missing)"));
  EXPECT_THAT(study.warnings, Contains("t.same: dropped (constant)"));
  EXPECT_FALSE(study.columns[1].used);
  spec.modalities[0].exclude = {"x"};
  EXPECT_THAT(fails(), HasSubstr("'t' has no column left: every one is constant"));
}

TEST_F(StudyTest, ColumnsAndExcludeChoose) {
  SourceSpec& source = add("t", "id,LBXA,LBXB,URX,other\n1,1,2,3,4\n2,2,3,4,5\n3,4,1,0,7\n");
  source.columns = {"URX", "LBX*"};
  source.exclude = {"LBXB"};
  Study study = load_study(spec);
  ASSERT_EQ(study.modalities[0].table.columns.size(), 2U);
  EXPECT_EQ(study.modalities[0].table.columns[0].name, "URX");
  EXPECT_EQ(study.modalities[0].table.columns[1].name, "LBXA");
  spec.modalities[0].columns = {"LBXC"};
  EXPECT_THAT(fails(), HasSubstr("'LBXC' in columns, which is not there"));
  spec.modalities[0].columns = {"id"};
  EXPECT_THAT(fails(), HasSubstr("it is the id"));
  spec.modalities[0].columns = {};
  spec.modalities[0].exclude = {"*"};
  EXPECT_THAT(fails(), HasSubstr("has no column left"));
}

TEST_F(StudyTest, SeveralFilesOfOneTableAreJoined) {
  folder.write("a.csv", "id,x,s\n1,1,a\n2,2,b\n3,5,a\n");
  folder.write("b.csv", "id,y\n3,30\n2,20\n4,40\n");
  folder.write("c.csv", "id,x,s\n5,50,c\n1,1,a\n6,60,b\n");
  SourceSpec source;
  source.name = "t";
  source.paths = {"a.csv", "b.csv", "c.csv"};
  spec.modalities = {source};
  const Study study = load_study(spec);
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3", "4", "5", "6"));
  const Table& table = study.modalities[0].table;
  EXPECT_EQ(table.columns[0].values[4], 50);
  EXPECT_TRUE(std::isnan(table.columns[0].values[3]));
  EXPECT_THAT(table.columns[1].levels, ElementsAre("a", "b", "c"));
  EXPECT_EQ(table.columns[1].values[4], 2);
  EXPECT_EQ(table.columns[2].values[3], 40);
  folder.write("c.csv", "id,x,s\n5,50,c\n1,9,a\n");
  EXPECT_THAT(fails(), HasSubstr("c.csv:3: column 'x': holds \"9\" for participant \"1\""));
  folder.write("c.csv", "id,x,s\n5,50,1\n1,1,2\n");
  EXPECT_THAT(fails(), HasSubstr("numbers in one file and texts in another"));
  spec.modalities[0].types["s"] = ColumnType::kCategorical;
  folder.write("c.csv", "id,x,s\n5,50,1\n7,1,2\n");
  EXPECT_THAT(load_study(spec).modalities[0].table.columns[1].levels,
              ElementsAre("1", "2", "a", "b"));
}

TEST_F(StudyTest, IdErrorsShowIds) {
  add("a", "id,x\nA-1,1\nA-2,2\n");
  add("b", "id,y\nA1,1\nA2,2\n");
  EXPECT_THAT(fails(), ::testing::AllOf(HasSubstr("no participant of 'a' is in 'b'"),
                                        HasSubstr("\"A-1\""), HasSubstr("\"A1\"")));
  folder.write("b.csv", "id,y\nA-1,1\nA-2,2\nA-1,3\n");
  EXPECT_THAT(fails(), HasSubstr("b.csv:4: column 'id': the id \"A-1\" stands in rows 2 and 4"));
  folder.write("b.csv", "id,y\nA-1,1\n");
  EXPECT_THAT(fails(), HasSubstr("only one participant"));
  folder.write("b.csv", "id,y\n,1\n");
  EXPECT_THAT(fails(), HasSubstr("no ids"));
  folder.write("b.csv", "id,y\nA-1,1\nA-2,2\n");
  add("c", "id,age\n1,1\n2,2\n", false);
  EXPECT_THAT(fails(), HasSubstr("is in 'c'"));
}

TEST_F(StudyTest, RowsWithoutAPartnerAreCounted) {
  const auto table = [](const char* form, int from, int to) {
    std::string text = "id,x\n";
    for (int i = from; i < to; ++i)
      text += fmt::format(fmt::runtime(form), i) + "," + std::to_string(i * 7 % 97) + "\n";
    return text;
  };
  add("a", table("{}", 0, 200));
  add("b", table("{}", 0, 100) + table("00{}", 100, 200).substr(5));
  add("c", table("{}", 40, 200), false);
  std::vector<std::string> warnings = load_study(spec).warnings;
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("a: 100 of 200 rows"), HasSubstr("nobody in 'b'"),
                                       HasSubstr("; 100 of them differ by leading zeros only"))));
  EXPECT_THAT(warnings,
              Contains(HasSubstr("b: 100 of 200 rows with a value are of nobody in 'a'")));
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("c: 40 of 100 participants have no row"),
                                       Not(HasSubstr("differ")))));
  spec.join = "any";
  EXPECT_THAT(load_study(spec).warnings,
              Contains(AllOf(HasSubstr("a: 100 of 200 rows"), HasSubstr("leading zeros"))));
  folder.write("b.csv", table("{}", 100, 300));
  EXPECT_THAT(load_study(spec).warnings, Not(Contains(HasSubstr("nobody"))));  // as asked for
  spec.join = "complete";
  folder.write("b.csv", table("P{}", 0, 200));
  EXPECT_THAT(fails(), HasSubstr("200 of them differ by what stands before the first digit only"));
  folder.write("b.csv", table("{}", 0, 160));
  folder.write("c.csv", table("{}", 30, 200));
  EXPECT_THAT(load_study(spec).warnings, IsEmpty());
}

TEST_F(StudyTest, SplitDependsOnSeedAndIdOnly) {
  std::string many = "id,x\n";
  std::string half = "id,x\n";
  for (int i = 0; i < 4000; ++i) {
    const std::string row = std::to_string(i) + "," + std::to_string(i * 31 % 97) + "\n";
    many += row;
    if (i % 2 == 0) half += row;
  }
  add("t", many);
  const Study all = load_study(spec, 3);
  const auto held_out = std::count(all.validation.begin(), all.validation.end(), true);
  EXPECT_GT(held_out, 320);
  EXPECT_LT(held_out, 480);
  folder.write("t.csv", half);
  const Study part = load_study(spec, 3);
  for (std::size_t i = 0; i < part.ids.size(); ++i)
    ASSERT_EQ(part.validation[i], all.validation[2 * i]);
  EXPECT_NE(load_study(spec, 4).validation, part.validation);
}

TEST_F(StudyTest, EachSideOfTheSplitHasSomebody) {
  add("t", "id,x\n1,1\n2,2\n");
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Study study = load_study(spec, seed);
    EXPECT_NE(study.validation[0], study.validation[1]);
  }
}

TEST_F(StudyTest, RankNormalAppliesWhereItMeansSomething) {
  std::string text = "id,cont,ord,sex\n";
  for (int i = 0; i < 40; ++i) {
    text += std::to_string(i) + "," + std::to_string(i) + ".5," + std::to_string(i % 4) + "," +
            (i % 2 != 0 ? "F" : "M") + "\n";
  }
  add("t", text).rank_normal = {"*"};
  EXPECT_THAT(load_study(spec).modalities[0].rank_normal, ElementsAre(true, false, false));
  spec.modalities[0].rank_normal = {"ord", "sex"};
  const Study study = load_study(spec);
  EXPECT_THAT(study.modalities[0].rank_normal, ElementsAre(false, true, false));
  EXPECT_THAT(study.warnings, Contains(HasSubstr("t.sex: rank_normal has no effect")));
}

TEST_F(StudyTest, NewParticipantsGetTheCodesOfTheFit) {
  std::string text = "id,x,color,grade,sex\n";
  for (int i = 0; i < 30; ++i) {
    text += std::to_string(i) + "," + std::to_string(i) + ".5," +
            (i % 3 == 0   ? "red"
             : i % 3 == 1 ? "blue"
                          : "tan") +
            "," + std::to_string(i % 3 + 1) + "," + std::to_string(i % 2 + 1) + "\n";
  }
  add("t", text).types = {{"grade", ColumnType::kCategorical}};
  std::vector<Modality> fitted = load_study(spec).modalities;
  for (Modality& modality : fitted) {
    modality.table.ids.clear();
    for (Column& column : modality.table.columns) column.values.clear();
  }
  folder.write("t.csv", "sex,grade,color,x,extra,id\n1,2,tan,7,zz,n1\n1,9,green,7,zz,n2\n");
  const Study study = load_study_like(spec, fitted);
  EXPECT_THAT(study.ids, ElementsAre("n1", "n2"));
  const Table& table = study.modalities[0].table;
  ASSERT_EQ(table.columns.size(), 4U);  // constant ones stay
  EXPECT_THAT(table.columns[0].values, ElementsAre(7, 7));
  EXPECT_EQ(table.columns[1].values[0], 2);  // blue, red, tan
  EXPECT_TRUE(std::isnan(table.columns[1].values[1]));
  EXPECT_EQ(table.columns[2].values[0], 1);
  EXPECT_TRUE(std::isnan(table.columns[2].values[1]));
  EXPECT_EQ(table.columns[3].type, ColumnType::kBinary);
  EXPECT_THAT(study.warnings, Contains(HasSubstr("t.color: 1 cells hold a level")));
  folder.write("t.csv", "sex,grade,color,id\n1,2,tan,n1\n");
  EXPECT_THAT(error_of<DataError>([&] { load_study_like(spec, fitted); }), HasSubstr("column 'x'"));
  folder.write("t.csv", "sex,grade,color,x,id\n1,2,tan,oops,n1\n");
  EXPECT_THAT(error_of<DataError>([&] { load_study_like(spec, fitted); }),
              HasSubstr("t.csv:2: column 'x'"));
  spec.modalities[0].name = "other";
  EXPECT_THAT(error_of<ConfigError>([&] { load_study_like(spec, fitted); }),
              HasSubstr("no modality 't'"));
}

TEST_F(StudyTest, WrittenTablesReadBackTheSame) {
  Random random(8, "csv");
  Table table;
  table.columns = {
      {"x", ColumnType::kContinuous, {}, {}},
      {"a, \"b\"", ColumnType::kCategorical, {}, {"semi;colon", "com,ma", "quo\"te", "new\nline"}}};
  for (int i = 0; i < 200; ++i) {
    table.ids.push_back("p;" + std::to_string(i));
    table.columns[0].values.push_back(
        random.uniform() < 0.2 ? std::numeric_limits<double>::quiet_NaN() : random.normal() * 1e-7);
    table.columns[1].values.push_back(static_cast<double>(random.below(4)));
  }
  const std::string text = table_csv(table);
  const Table back = read_table(folder.write("w.csv", text));
  EXPECT_EQ(back.ids, table.ids);
  EXPECT_EQ(back.columns[1].name, "a, \"b\"");
  EXPECT_EQ(table_csv(back), text);
  EXPECT_THAT(table_csv(table, "id", 3), HasSubstr("\"p;1\","));
}

TEST_F(StudyTest, ReadTableFindsItsId) {
  EXPECT_THAT(read_table(folder.write("a.csv", "sample_id,x\nq,1\n")).ids, ElementsAre("q"));
  const Table numbered = read_table(folder.write("b.csv", "x,sample_id\n5,9\n6,8\n"));
  EXPECT_THAT(numbered.ids, ElementsAre("0", "1"));
  EXPECT_EQ(numbered.columns.size(), 2U);
  TableOptions options;
  options.id = "pid";
  options.id_required = true;
  EXPECT_THAT(error_of<DataError>([&] { read_table(folder.path("b.csv"), options); }),
              AllOf(HasSubstr("'pid'"), HasSubstr("--id")));
  folder.write("d.csv", "sample_id,x\n7,4\n8,5\n");
  EXPECT_THAT(read_table(folder.path("d.csv"), options).ids, ElementsAre("7", "8"));
  EXPECT_EQ(read_table(folder.write("c.csv", "sample_id,x\n1,4\n2,4\n")).columns.size(),
            1U);  // constant kept
}

class Watcher : public Observer {
 public:
  void message(LogLevel, const std::string& text) override { messages.push_back(text); }
  void progress(const Progress& progress) override { fraction = progress.fraction; }
  bool cancelled() const override { return stop; }
  std::vector<std::string> messages;
  double fraction = -1;
  bool stop = false;
};

TEST_F(StudyTest, ObserverWatchesAndCancels) {
  add("a", "id,x\n1,1\n2,2\n");
  add("b", "id,y\n1,1\n2,2\n");
  Watcher watcher;
  load_study(spec, 0, &watcher);
  EXPECT_EQ(watcher.fraction, 0.5);
  EXPECT_THAT(watcher.messages, Contains(HasSubstr("b: 2 rows, 1 columns")));
  watcher.stop = true;
  EXPECT_THROW(load_study(spec, 0, &watcher), Interrupted);
}

}  // namespace
}  // namespace polycause
