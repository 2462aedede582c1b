#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "files_for_tests.h"
#include "picture_files.h"
#include "polycause/error.h"
#include "polycause/study.h"

namespace polycause {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::png8;
using testing::TestFolder;

std::vector<float> block(const Modality& modality, std::uint32_t row) {
  std::vector<float> values(modality.blocks->shape().size());
  modality.blocks->read(&row, 1, values.data());
  return values;
}

double cell(const Table& table, const std::string& column, std::size_t row) {
  return table.columns.at(table.find(column)).values.at(row);
}

std::string floats(const std::vector<float>& values) {
  std::string bytes(4 * values.size(), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class BlockStudyTest : public ::testing::Test {
 protected:
  BlockStudyTest() {
    std::filesystem::create_directory(folder.path("eyes"));
    std::filesystem::create_directory(folder.path("nights"));
    folder.write("blood.csv", "sample_id,a\n1,1.5\n2,2.5\n3,3.25\n4,0\n");
  }
  StudySpec spec(const std::string& keys, const std::string& study = "") {
    return read_study_spec(folder.write(
        "study.toml", "version = 1\n[study]\n" + study + "\n[[modality]]\nname = \"m\"\n" + keys));
  }
  Study load(const std::string& keys, const std::string& study = "") {
    return load_study(spec(keys, study));
  }
  std::string fails(const std::string& keys, const std::string& study = "") {
    return error_of<Error>([&] { load(keys, study); });
  }
  void eye(const std::string& name, int level, int colour = 0, std::uint32_t side = 2) {
    std::vector<int> values(side * side * (colour == 2 ? 3U : 1U), level);
    values[0] = 0;
    folder.write("eyes/" + name, png8(side, side, colour, values));
  }
  const std::string blood = "[[modality]]\nname = \"blood\"\npath = \"blood.csv\"\n";
  TestFolder folder;
};

TEST_F(BlockStudyTest, DirectoryOfPicturesJoinsWithATable) {
  eye("1.png", 100);
  eye("2.png", 200);
  eye("3.jpg", 50);  // content decides
  eye("9.png", 10);
  folder.write("eyes/readme.txt", "no picture");
  const Study study = load("kind = \"image\"\npath = \"eyes\"\n" + blood);
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3"));
  const Modality& eyes = study.modalities[0];
  EXPECT_EQ(eyes.kind, "image");
  const BlockShape& shape = eyes.blocks->shape();
  EXPECT_THAT((std::vector<std::size_t>{shape.channels, shape.height, shape.width}),
              ElementsAre(1, 2, 2));
  EXPECT_FLOAT_EQ(block(eyes, 1)[3], 200.0F / 255);
  EXPECT_TRUE(eyes.present.empty());
  EXPECT_EQ(study.tables[0].rows, 5U);
  EXPECT_EQ(study.tables[0].kept, 3U);
  EXPECT_THAT(
      study.tables[0].dropped,
      ElementsAre(std::pair<std::string, std::size_t>("of another kind or without id or path", 1),
                  std::pair<std::string, std::size_t>("not in blood", 1)));
  EXPECT_THAT(study.tables[1].dropped,
              ElementsAre(std::pair<std::string, std::size_t>("not in m", 1)));
  EXPECT_NEAR(cell(eyes.table, "grey_mean", 0), 75.0 / 255, 1e-6);
  EXPECT_NEAR(cell(eyes.table, "grey_x", 0), (0.25 + 2 * 0.75) / 3, 1e-6);
}

TEST_F(BlockStudyTest, OneColourPictureMakesAllRgbUnlessGreyIsSet) {
  eye("1.png", 100);
  eye("2.png", 200, 2);
  const Study study = load("kind = \"image\"\npath = \"eyes\"\n");
  EXPECT_EQ(study.modalities[0].blocks->shape().channels, 3U);
  EXPECT_FLOAT_EQ(block(study.modalities[0], 0)[4 + 3], 100.0F / 255);
  const Study grey = load("kind = \"image\"\npath = \"eyes\"\ncolour = \"grey\"\n");
  EXPECT_EQ(grey.modalities[0].blocks->shape().channels, 1U);
}

TEST_F(BlockStudyTest, SizesThatDifferNameTwoFilesAndTheKey) {
  eye("1.png", 100);
  eye("2.png", 100, 0, 4);
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\n"),
              AllOf(HasSubstr("1.png"), HasSubstr("2.png"), HasSubstr("size = N")));
  const Study study = load("kind = \"image\"\npath = \"eyes\"\nsize = [2, 3]\n");
  EXPECT_EQ(study.modalities[0].blocks->shape().width, 3U);
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\nsize = [2, 0]\n"), HasSubstr(":8: size"));
  folder.write("eyes/3.png", "\x89PNG\r\n\x1a\n");
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\nsize = 2\n"), HasSubstr("3.png"));
}

TEST_F(BlockStudyTest, TableOfPathsAndTwoFilesOfOneParticipant) {
  eye("x.png", 100);
  eye("y.png", 200);
  folder.write("eyes/list.csv", "sample_id,path\nb,y.png\na,x.png\nc,\n");
  const Study study = load("kind = \"image\"\npath = \"eyes/list.csv\"\n");
  EXPECT_THAT(study.ids, ElementsAre("a", "b"));
  EXPECT_FLOAT_EQ(block(study.modalities[0], 0)[1], 100.0F / 255);
  folder.write("eyes/list.csv", "sample_id,path\nb,y.png\na,gone.png\n");
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes/list.csv\"\n"),
              AllOf(HasSubstr("list.csv:3: column 'path': there is no file"), HasSubstr("gone.png"),
                    HasSubstr("relative to the table")));
  folder.write("eyes/list.csv", "sample_id,path\nb,gone.edf\n");
  EXPECT_THAT(fails("kind = \"series\"\npath = \"eyes/list.csv\"\n"),
              HasSubstr("list.csv:2: column 'path': there is no file"));
  eye("x.jpg", 1);
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\n"),
              AllOf(HasSubstr("x.png"), HasSubstr("x.jpg"), HasSubstr("\"x\"")));
}

TEST_F(BlockStudyTest, APatternOfFileNamesSaysWhereTheIdIs) {
  eye("p1_left.png", 100);
  eye("p2_left.png", 200);
  eye("p1_right.png", 1);
  const Study study = load("kind = \"image\"\npath = \"eyes\"\nfiles = \"*_left.png\"\n");
  EXPECT_THAT(study.ids, ElementsAre("p1", "p2"));
  EXPECT_FLOAT_EQ(block(study.modalities[0], 0)[1], 100.0F / 255);
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\nfiles = \"left.png\"\n"),
              HasSubstr("first *"));
  // Further stars stand for anything; here two files of p1.
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\nfiles = \"*_*.png\"\n"),
              HasSubstr("both files of participant \"p1\""));
}

TEST_F(BlockStudyTest, APatternWithAFolderTakesItsFilesTogether) {
  for (const char* night : {"nights/a", "nights/b", "nights/b/deep"})
    std::filesystem::create_directory(folder.path(night));
  folder.write("nights/a/x_hr.csv", "time,hr\n0,60\n1,61\n");
  folder.write("nights/b/y_hr.csv", "time,hr\n0,70\n1,71\n");
  folder.write("nights/b/deep/z_hr.csv", "time,hr\n0,80\n1,81\n");
  folder.write("nights/c_hr.csv", "time,hr\n0,90\n1,91\n");
  folder.write("nights/b/y_note.txt", "nothing");
  const std::string series = "kind = \"series\"\npath = \"nights\"\nfiles = ";
  const Study study = load(series + "\"*/*_hr.csv\"\n");
  EXPECT_THAT(study.ids, ElementsAre("a", "b"));
  EXPECT_THAT(block(study.modalities[0], 1), ElementsAre(70, 71));
  EXPECT_THAT(
      study.tables[0].dropped,  // the file, another file, and the deeper folder
      Contains(std::pair<std::string, std::size_t>("of another kind or without id or path", 3)));
  EXPECT_THAT(load(series + "[\"b/*/z_hr.csv\", \"*/x_hr.csv\"]\n").ids, ElementsAre("a", "deep"));
}

TEST_F(BlockStudyTest, ArraysOfPicturesInAllLayouts) {
  const std::string bytes = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
  folder.write_gz("a.gz", testing::idx({3, 2, 2}, bytes));
  const Study idx = load("kind = \"image\"\npath = \"a.gz\"\n");
  EXPECT_THAT(idx.ids, ElementsAre("0", "1", "2"));
  EXPECT_FLOAT_EQ(block(idx.modalities[0], 2)[0], 9.0F / 255);
  folder.write("ids.txt", "p\nq\n");
  folder.write("last.npy", testing::npy("|u1", "(2, 1, 2, 3)", bytes));
  const Study last = load("kind = \"image\"\npath = \"last.npy\"\nids = \"ids.txt\"\n");
  EXPECT_THAT(last.ids, ElementsAre("p", "q"));
  EXPECT_FLOAT_EQ(block(last.modalities[0], 0)[2], 2.0F / 255);  // green of the first pixel
  folder.write("first.npy", testing::npy("|u1", "(2, 3, 1, 2)", bytes));
  const Study first = load("kind = \"image\"\npath = \"first.npy\"\n");
  EXPECT_FLOAT_EQ(block(first.modalities[0], 0)[2], 3.0F / 255);
  folder.write("float.npy", testing::npy("<f4", "(2, 1, 2)", floats({0, 0.123F, 1, 0.5F})));
  EXPECT_FLOAT_EQ(block(load("kind = \"image\"\npath = \"float.npy\"\n").modalities[0], 0)[1],
                  0.123F);
  folder.write("wide.npy", testing::npy("<f4", "(2, 1, 2)", floats({0, 255, 1, 0.5F})));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"wide.npy\"\n"), HasSubstr("a pixel is 255"));
}

TEST_F(BlockStudyTest, DamagedArraysAreErrors) {
  const std::string whole =
      testing::idx({3, 2, 2}, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder.write("cut.idx", whole.substr(0, size));
    EXPECT_NE(fails("kind = \"image\"\npath = \"cut.idx\"\n"), "") << size;
  }
  folder.write("more.idx", whole + "x");
  EXPECT_THAT(fails("kind = \"image\"\npath = \"more.idx\"\n"), HasSubstr("more bytes"));
  folder.write("zero.npy", testing::npy("|u1", "(2, 0, 2)", ""));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"zero.npy\"\n"), HasSubstr("dimension of 0"));
  folder.write("huge.npy", testing::npy("|u1", "(2, 100000, 100000)", "abcd"));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"huge.npy\"\n"), HasSubstr("too many"));
  folder.write("huge.idx", testing::idx({2, 9000, 9000}, "abcd"));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"huge.idx\"\n"), HasSubstr("pixels"));
}

TEST_F(BlockStudyTest, WithoutARateAllMustHaveTheSame) {
  folder.write("n.csv", "sample_id,time,x\nb,2,62\nb,0,60\nb,1,61\na,10,70\na,13,73\n");
  EXPECT_THAT(fails("kind = \"series\"\npath = \"n.csv\"\n"),
              AllOf(HasSubstr("participant \"a\""), HasSubstr("participant \"b\""),
                    HasSubstr("set rate = N in the modality 'm'")));
}

TEST_F(BlockStudyTest, LongTableOnARaster) {
  folder.write("n.csv",
               "sample_id,time,hr,dead,stage,spo2\n"
               "b,2,62,-1,wake,97\nb,0,60,-1,wake,\nb,1,61,-1,n2,95\n"
               "a,10,70,-1,n3,90\na,11,71,-1,n1,92\na,11,73,-1,n1,92\na,13,73,-1,n1,92\n"
               ",5,1,1,n1,1\n");
  const Study study = load("kind = \"series\"\npath = \"n.csv\"\nrate = 1\n");
  const Modality& nights = study.modalities[0];
  const BlockShape& shape = nights.blocks->shape();
  EXPECT_EQ(shape.width, 4U);
  EXPECT_EQ(shape.rate, 1);
  const std::vector<float> a = block(nights, 0);
  EXPECT_EQ(a[0], 70);
  EXPECT_EQ(a[1], 72);
  EXPECT_TRUE(std::isnan(a[2]));
  EXPECT_EQ(a[3], 73);
  const std::vector<float> b = block(nights, 1);
  EXPECT_TRUE(std::isnan(b[3]));  // padded
  EXPECT_TRUE(std::isnan(b[4]));  // missing cell
  EXPECT_EQ(b[5], 95);
  EXPECT_THAT(study.warnings, Contains("m.dead: dropped (constant, -1, in all 2 recordings)"));
  EXPECT_THAT(study.warnings, Contains("m.stage: dropped (texts)"));
  EXPECT_THAT(study.warnings, Contains(HasSubstr("1 rows without an id or a time")));
  EXPECT_THAT(study.warnings, Contains(HasSubstr("1 samples share their time")));
  EXPECT_NEAR(cell(nights.table, "hr_missing", 1), 0.25, 1e-9);
  EXPECT_NEAR(cell(nights.table, "hr_mean", 1), 61, 1e-9);
  EXPECT_NEAR(cell(nights.table, "hr_p05", 1), 60.1, 1e-6);
}

TEST_F(BlockStudyTest, ClockTimesCrossMidnightAndTheWindowCuts) {
  std::string text = "sample_id,time,x\n";
  for (const char* id : {"a", "b"}) {
    for (const char* time :
         {"21:00:00", "22:00:00", "23:00:00", "00:00:00", "01:00:00", "09:00:00"}) {
      text += std::string(id) + "," + time + "," + std::string(time).substr(0, 2) + "\n";
    }
  }
  folder.write("n.csv", text);
  const Study study = load(
      "kind = \"series\"\npath = \"n.csv\"\nrate = 0.000277777777778\nfrom = \"22:00\"\n"
      "to = \"02:00\"\n");
  EXPECT_THAT(block(study.modalities[0], 1), ElementsAre(22, 23, 0, 1));
  EXPECT_THAT(fails("kind = \"series\"\npath = \"n.csv\"\nfrom = \"22:00\"\n"),
              HasSubstr("from stands alone"));
  EXPECT_THAT(fails("kind = \"series\"\npath = \"n.csv\"\nfrom = \"22\"\nto = \"2:00\"\n"),
              HasSubstr("from = \"22\""));
}

TEST_F(BlockStudyTest, DirectoryOfRecordingsAndChannelsByName) {
  folder.write("nights/1.csv", "time,x,y\n0,1,5\n1,2,6\n2,3,8\n");
  folder.write("nights/2.csv", "time,x,y\n0,4,5\n1,5,6\n");
  const Study study = load("kind = \"series\"\npath = \"nights\"\ncolumns = [\"y\"]\n");
  EXPECT_THAT(study.modalities[0].blocks->shape().channel_names, ElementsAre("y"));
  EXPECT_EQ(study.modalities[0].blocks->shape().width, 3U);
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\ncolumns = [\"z\"]\n"),
              HasSubstr("'z' in columns"));
  folder.write("nights/3.csv", "time,x,y\n0,4,5\n2,5,6\n4,7,7\n");
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\n"), HasSubstr("set rate = N"));
  folder.write("nights/3.csv", "time,x,y\n0,4,5\nnoon,5,6\n");
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\n"), HasSubstr("3.csv:3: column 'time'"));
  folder.write("nights/3.edf", "time,x,y\n");
  std::filesystem::remove(folder.path("nights/3.csv"));
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\n"), HasSubstr("no EDF"));
}

TEST_F(BlockStudyTest, ArraysOfSeriesAndSamples) {
  folder.write("s.npy", testing::npy("<f4", "(2, 3, 2)",
                                     floats({1, 10, 2, 20, 3, 30, 4, 40, NAN, 50, 6, 60})));
  const Study study = load("kind = \"series\"\npath = \"s.npy\"\nrate = 0.5\nsamples = 2\n");
  EXPECT_EQ(study.modalities[0].blocks->shape().rate, 0.5);
  EXPECT_THAT(block(study.modalities[0], 0), ElementsAre(1, 2, 10, 20));
  EXPECT_TRUE(std::isnan(block(study.modalities[0], 1)[1]));
  EXPECT_THAT(study.warnings, Contains(HasSubstr("2 recordings are longer than 2 samples")));
}

TEST_F(BlockStudyTest, AnyJoinKeepsWhoHoldsSomething) {
  eye("2.png", 100);
  eye("7.png", 200);
  const std::string keys = "kind = \"image\"\npath = \"eyes\"\n" + blood;
  EXPECT_THAT(fails(keys), HasSubstr("only one participant is in every modality"));
  const Study study = load(keys, "join = \"any\"");
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3", "4", "7"));
  EXPECT_THAT(study.modalities[0].present, ElementsAre(false, true, false, false, true));
  EXPECT_THAT(study.modalities[1].present, ElementsAre(true, true, true, true, false));
  EXPECT_TRUE(study.modalities[1].has(0));
  EXPECT_TRUE(std::isnan(study.modalities[1].table.columns[0].values[4]));
  EXPECT_TRUE(std::isnan(block(study.modalities[0], 0)[0]));
  EXPECT_FALSE(study.modalities[0].blocks->present(0));
  EXPECT_EQ(study.columns.back().missing, 0U);
  EXPECT_EQ(study.tables[0].kept, 2U);
  EXPECT_EQ(study.tables[1].kept, 4U);
}

TEST_F(BlockStudyTest, EncodingReadsOtherPeopleInTheShapeOfTheModel) {
  eye("1.png", 100);
  eye("2.png", 200);
  folder.write("n.csv", "sample_id,time,x,y\n1,0,1,5\n1,1,2,7\n2,0,3,3\n2,1,4,4\n2,2,4,4\n");
  const std::string series = "[[modality]]\nname = \"n\"\nkind = \"series\"\npath = \"n.csv\"\n";
  const Study fitted = load("kind = \"image\"\npath = \"eyes\"\n" + blood + series);
  std::filesystem::remove_all(folder.path("eyes"));
  std::filesystem::create_directory(folder.path("eyes"));
  eye("3.png", 90, 2, 4);
  folder.write("n.csv",
               "sample_id,time,y,z\n4,0,1,1\n4,1,2,1\n4,2,2,1\n4,3,2,1\n5,0,1,1\n5,1,3,1\n");
  const StudySpec other =
      spec("kind = \"image\"\npath = \"eyes\"\nsize = 8\n" + series, "join = \"any\"");
  EXPECT_THAT(error_of<DataError>([&] { load_study_like(other, fitted.modalities); }),
              HasSubstr("the channel 'x'"));
  folder.write("n.csv", "sample_id,time,y,x\n4,0,1,1\n4,1,2,1\n4,2,2,1\n4,3,2,1\n");
  const Study study = load_study_like(other, fitted.modalities);
  EXPECT_THAT(study.ids, ElementsAre("3", "4"));
  const BlockShape& shape = study.modalities[0].blocks->shape();
  EXPECT_THAT((std::vector<std::size_t>{shape.channels, shape.height, shape.width}),
              ElementsAre(1, 2, 2));
  EXPECT_THAT(study.modalities[1].present, ElementsAre(false, false));  // no blood at all
  EXPECT_THAT(block(study.modalities[2], 1), ElementsAre(1, 1, 1, 1, 2, 2));
  EXPECT_EQ(study.modalities[2].table.columns.size(), fitted.modalities[2].table.columns.size());
}

TEST_F(BlockStudyTest, EncodingDoesWithoutBlocksThatAStudyDoesNotList) {
  eye("1.png", 100);
  eye("2.png", 200);
  const Study fitted = load("kind = \"image\"\npath = \"eyes\"\n" + blood);
  StudySpec other = spec("kind = \"image\"\npath = \"eyes\"\n" + blood, "join = \"any\"");
  other.modalities.erase(other.modalities.begin());
  const Study study = load_study_like(other, fitted.modalities);
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3", "4"));
  EXPECT_FALSE(study.modalities[0].has(0));
  ASSERT_NE(study.modalities[0].blocks, nullptr);
  EXPECT_EQ(study.modalities[0].blocks->shape().size(), 4U);
  EXPECT_EQ(study.modalities[0].blocks->bytes(), 0U);
  EXPECT_TRUE(std::isnan(block(study.modalities[0], 3)[0]));
}

TEST_F(BlockStudyTest, TablesOfFilesHaveVisits) {
  for (int k = 1; k <= 5; ++k) eye(std::to_string(k) + ".png", 40 * k);
  folder.write(
      "eyes/list.csv",
      "sample_id,stage,left,right\na,v0,1.png,\na,v2,2.png,\nb,v2,3.png,4.png\nb,v0,,5.png\n");
  const std::string left = "kind = \"image\"\npath = \"eyes/list.csv\"\npath_column = \"left\"\n";
  const std::string visits = "visit_columns = [\"stage\"]\n";
  const Study first = load(left, visits + "visit = \"first\"");
  EXPECT_THAT(first.ids, ElementsAre("a", "b"));
  EXPECT_FLOAT_EQ(block(first.modalities[0], 0)[1], 40.0F / 255);
  EXPECT_FLOAT_EQ(block(first.modalities[0], 1)[1], 120.0F / 255);  // the first with a picture
  EXPECT_THAT(first.tables[0].dropped, ElementsAre(Pair("another visit", 2U)));
  const Study rows = load(left, visits + "visit = \"rows\"");
  EXPECT_THAT(rows.ids, ElementsAre("a@v0", "a@v2", "b@v2"));
  EXPECT_THAT(rows.groups, ElementsAre("a", "a", "b"));
  EXPECT_FLOAT_EQ(block(rows.modalities[0], 1)[1], 80.0F / 255);
  EXPECT_THAT(fails(left), HasSubstr("expected every participant once"));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes/list.csv\"\n", visits),
              AllOf(HasSubstr("no column 'path'"), HasSubstr("path_column")));
  EXPECT_THAT(fails("kind = \"series\"\npath = \"eyes/list.csv\"\npath_column = \"left\"\n",
                    visits + "visit = \"v0\""),
              HasSubstr("1.png"));
}

TEST_F(BlockStudyTest, APictureOrRecordingHoldsForAllVisitsOfItsPerson) {
  eye("a.png", 40);
  eye("b.png", 80);
  folder.write("blood.csv", "sample_id,stage,x\na,v0,1\na,v2,2\nb,v0,3\nc,v0,4\n");
  const std::string visits = "visit_columns = [\"stage\"]\nvisit = \"rows\"\n";
  const Study eyes = load("kind = \"image\"\npath = \"eyes\"\n" + blood, visits);
  EXPECT_THAT(eyes.ids, ElementsAre("a@v0", "a@v2", "b@v0"));
  EXPECT_THAT(eyes.groups, ElementsAre("a", "a", "b"));
  EXPECT_FLOAT_EQ(block(eyes.modalities[0], 1)[1], 40.0F / 255);
  EXPECT_FLOAT_EQ(block(eyes.modalities[0], 2)[1], 80.0F / 255);

  folder.write("nights/a.csv", "time,hr\n0,60\n1,61\n");
  folder.write("nights/b.csv", "time,hr\n0,70\n1,71\n");
  folder.write("nights/c.csv", "time,hr\n0,NA\n1,NA\n");
  const Study nights = load("kind = \"series\"\npath = \"nights\"\n" + blood, visits);
  EXPECT_THAT(nights.ids, ElementsAre("a@v0", "a@v2", "b@v0"));
  EXPECT_EQ(block(nights.modalities[0], 1)[1], 61);
  EXPECT_EQ(block(nights.modalities[0], 2)[0], 70);
}

TEST_F(BlockStudyTest, WhoHasOnlyChannelsThatAreDroppedHasNoRecording) {
  folder.write("nights/1.csv", "time,hr,spo2\n0,60,-1\n1,61,-1\n");
  folder.write("nights/2.csv", "time,spo2\n0,-1\n1,-1\n");
  folder.write("nights/3.csv", "time,hr,spo2\n0,70,-1\n1,72,-1\n");
  const Study study = load("kind = \"series\"\npath = \"nights\"\n" + blood);
  EXPECT_THAT(study.ids, ElementsAre("1", "2", "3"));
  EXPECT_THAT(study.modalities[0].blocks->shape().channel_names, ElementsAre("hr"));
  EXPECT_TRUE(study.modalities[0].has(0));
  EXPECT_FALSE(study.modalities[0].has(1));
  EXPECT_TRUE(study.modalities[0].has(2));
  EXPECT_THAT(study.warnings, Contains(HasSubstr("m: 1 recordings hold no sample")));
}

TEST_F(BlockStudyTest, BytesThatAreNoTextDoNotReachMessages) {
  folder.write("nights/1.csv", "time,x\n0,1\n\xc0,2\n");
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\n"), HasSubstr("holds \"\\xc0\""));
}

TEST_F(BlockStudyTest, KindsAreChecked) {
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\nrate = 3\n"),
              HasSubstr("unknown key 'rate'"));
  EXPECT_THAT(fails("path = \"blood.csv\"\nsize = 3\n"), HasSubstr("unknown key 'size'"));
  EXPECT_THAT(fails("kind = \"image\"\npath = [\"a\", \"b\"]\n"), HasSubstr("several paths"));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"eyes\"\n"), HasSubstr("holds no picture"));
  EXPECT_THAT(fails("kind = \"series\"\npath = \"nights\"\n"), HasSubstr("holds no recording"));
  EXPECT_THAT(fails("kind = \"image\"\npath = \"none\"\n"), HasSubstr("cannot open"));
}

}  // namespace
}  // namespace polycause
