// Seeded random damage to small valid files of every foreign format, and the same files cut off: a
// result or a DataError, within bounds of time and memory. What a reader must do with each byte is
// tested beside its reader.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/files.h"
#include "base/random.h"
#include "data/anndata.h"
#include "data/array_stream.h"
#include "data/arrow_rows.h"
#include "data/dicom.h"
#include "data/pixels.h"
#include "data/raw_table.h"
#include "data/recording.h"
#include "data/xport.h"
#include "dicom_files.h"
#include "files_for_tests.h"
#include "picture_files.h"
#include "recording_files.h"
#include "xport_files.h"

namespace polycause {
namespace {

using testing::from_hex;
using testing::TestFolder;

constexpr rlim_t kMemory = rlim_t{3} << 30U;  // of the address space
constexpr rlim_t kSeconds = 60;               // of the processor, all damage to one format

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimited = false;  // sanitizers reserve terabytes
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kLimited = false;
#else
constexpr bool kLimited = true;
#endif
#else
constexpr bool kLimited = true;
#endif

using Read = std::function<void(const std::string& path)>;

/// One kind of file: examples, the name that they are read by, and how.
struct Format {
  std::string name;
  std::vector<std::string> examples;
  Read read;
  std::size_t tries = 200;
  std::size_t cuts = 40;  ///< lengths at which every example ends
};

/// Half of the places are within 16 bytes of four capital letters, as headers and signatures are.
std::size_t place(const std::string& bytes, Random& random) {
  const std::size_t at = random.below(bytes.size());
  if (random.coin()) return at;
  const auto capital = [&](std::size_t i) { return bytes[i] >= 'A' && bytes[i] <= 'Z'; };
  for (std::size_t i = at; i + 4 < bytes.size() && i < at + 4096; ++i) {
    if (capital(i) && capital(i + 1) && capital(i + 2) && capital(i + 3))
      return std::min(bytes.size() - 1, i + random.below(20));
  }
  return at;
}

std::string damaged(const std::string& whole, const std::string& other, Random& random) {
  std::string bytes = whole;
  for (std::size_t left = 1 + random.below(3); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = place(bytes, random);
    switch (random.below(8)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      case 2:  // a large number
        for (std::size_t i = at; i < std::min(bytes.size(), at + 1 + random.below(8)); ++i)
          bytes[i] = '\xff';
        break;
      case 3:
        for (std::size_t i = at; i < std::min(bytes.size(), at + 1 + random.below(8)); ++i)
          bytes[i] = '\0';
        break;
      case 4:
        bytes.resize(at);
        break;
      case 5:
        bytes.erase(at, 1 + random.below(64));
        break;
      case 6:  // once more
        bytes.insert(at, bytes.substr(random.below(bytes.size()), 1 + random.below(64)));
        break;
      default:  // goes on as another file
        bytes = bytes.substr(0, at) + other.substr(std::min(at, other.size()));
    }
  }
  return bytes;
}

/// What the child tells of itself, also when it dies.
struct Told {
  std::size_t tried = 0;
  char problem[400] = {};
};

/// The first is whole, then come damaged ones, then those cut off.
std::string example(const Format& format, std::size_t i) {
  const std::size_t examples = format.examples.size();
  const std::string& whole = format.examples[i % examples];
  if (i == 0) return whole;
  if (i >= format.tries) {
    const std::size_t cut = (i - format.tries) / examples;
    return whole.substr(0, whole.size() * cut / format.cuts);
  }
  Random random(1, format.name, i);
  return damaged(whole, format.examples[random.below(examples)], random);
}

std::size_t all_tries(const Format& format) {
  return format.tries + format.cuts * format.examples.size();
}

void try_all(const Format& format, const TestFolder& folder, Told& told) {
  for (std::size_t i = 0; i < all_tries(format); ++i) {
    told.tried = i;
    const std::string path = folder.write("damaged" + format.name, example(format, i));
    try {
      format.read(path);
    } catch (const DataError& error) {
      const bool named = std::string(error.what()).find("damaged") != std::string::npos;
      if (named && i > 0) continue;  // the first is whole
      std::strncpy(told.problem, error.what(), sizeof(told.problem) - 1);
      return;
    } catch (const std::exception& error) {
      std::strncpy(told.problem, error.what(), sizeof(told.problem) - 1);
      return;
    }
  }
  told.tried = all_tries(format);
}

/// In a process of its own, so that a crash, a hang or a huge allocation ends it and not the test.
void expect_survival(const Format& format) {
  SCOPED_TRACE(format.name);
  const TestFolder folder;
  void* shared =
      mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  Told& told = *new (shared) Told;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit memory{kMemory, kMemory};
    const rlimit seconds{kSeconds, kSeconds};
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &seconds);
    if (kLimited) setrlimit(RLIMIT_AS, &memory);
    try_all(format, folder, told);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status) << " at try " << told.tried;
  EXPECT_STREQ(told.problem, "") << "at try " << told.tried;
  EXPECT_EQ(told.tried, all_tries(format));
  munmap(shared, sizeof(Told));
}

std::string golden(const std::string& name) {
  return read_file(std::string(POLYCAUSE_SOURCE_DIR) + "/tests/golden/" + name);
}

std::string compressed(const std::string& bytes) {
  const TestFolder folder;
  return read_file(folder.write_gz("x.gz", bytes));
}

Read table(const std::string& layer = "", const std::string& mod = "") {
  return [layer, mod](const std::string& path) {
    ReadOptions options;
    options.id_optional = true;
    options.layer = layer;
    options.mod = mod;
    read_raw_table(path, options);
  };
}

void read_array(const std::string& path) {
  ArrayStream stream(path, "");
  std::vector<float> one(stream.items());
  for (std::size_t i = 0; i < stream.shape()[0]; ++i) stream.next(one.data());
}

void read_night(const std::string& path) {
  read_edf(path, [](const std::string&) { return true; });
}

TEST(Mutated, Tables) {
  const std::string csv =
      "id,age,sex,\"a \"\"b\"\"\"\r\np1,1.5,M,x\r\np2,NA,F,\"y\nz\"\r\np3,-2e3,M,\r\n";
  const std::string other = "id;v\n1;2,5\n2;3\n";
  expect_survival({".csv", {csv, other}, table()});
  expect_survival({".csv.gz", {compressed(csv), compressed(other)}, table()});
}

TEST(Mutated, Arrays) {
  expect_survival(
      {".npy",
       {golden("data/f8_little.npy"), golden("data/texts.npy"), golden("data/u2_big.npy")},
       table()});
  expect_survival({".npz",
                   {golden("data/side_by_side.npz"), golden("data/deflated.npz"),
                    golden("data/stored.npz"), golden("data/two.npz")},
                   table()});
  const std::string faces = testing::idx({3, 4, 5}, std::string(60, '\x7f'));
  const std::string cubes = testing::npy("<f4", "(3, 4, 5)", std::string(240, '\0'));
  expect_survival({"-ubyte", {faces, testing::idx({2, 9}, std::string(18, 'a'))}, read_array});
  expect_survival({"-ubyte.gz", {compressed(faces)}, read_array});
  expect_survival({".blocks.npy", {cubes, testing::npy("|u1", "(2, 3)", "abcdef")}, read_array});
}

TEST(Mutated, Pictures) {
  const auto read = [](const std::string& path) { read_pixels(path); };
  expect_survival(
      {".png",
       {testing::png8(4, 4, 2, std::vector<int>(48, 99)),
        testing::png8(3, 5, 0, std::vector<int>(15, 7)), from_hex(testing::kInterlacedPng)},
       read});
  expect_survival({".jpg", {from_hex(testing::kGreyJpeg), from_hex(testing::kRgbJpeg)}, read});
  expect_survival({".tif", {from_hex(testing::kDeepTiff), from_hex(testing::kRgbTiff)}, read});
}

TEST(Mutated, Recordings) {
  const std::string plain = testing::edf(testing::two_signals(), "", 2);
  const std::string stamped =
      testing::edf(testing::two_signals(), "EDF+D", 2, {"+0\x14\x14", "+9\x14\x14"});
  expect_survival({".edf", {plain, stamped}, read_night});
  expect_survival({".edf.gz", {compressed(plain), compressed(stamped)}, read_night});
}

TEST(Mutated, Transports) {
  if (!has_xport()) GTEST_SKIP() << "built without ReadStat";
  const std::string visits = testing::transport_file(
      {{"SEQN", 0}, {"SEX", 2}},
      {testing::ibm(1) + "M ", testing::ibm(2) + "F ", testing::ibm(3) + "  "});
  const std::string ages =
      testing::transport_file({{"ID", 0}, {"AGE", 0}}, {testing::ibm(1) + testing::ibm(2.5)});
  expect_survival({".xpt", {visits, ages}, table()});
}

TEST(Mutated, Trees) {
  if (!has_anndata()) GTEST_SKIP() << "built without HDF5";
  const std::vector<std::string> cells{golden("anndata/cells.h5ad")};
  expect_survival({".h5ad", cells, table(), 150});
  expect_survival({".h5ad", cells, table("obs"), 150});
  expect_survival({".h5ad", cells, table("layers/csc"), 150});
  const std::vector<std::string> nested{golden("anndata/nested.h5mu")};
  expect_survival({".h5mu", nested, table("", "rna"), 150});
  expect_survival({".h5mu", nested, table("X", "protein"), 150});
  expect_survival({".h5mu", nested, table("obs"), 150});
}

TEST(Mutated, Columns) {
  if (!has_arrow()) GTEST_SKIP() << "built without Apache Arrow";
  const auto read = [](const std::string& path) {
    ReadOptions options;
    options.id_optional = true;
    options.wanted = [](const std::string& name) { return name != "tags"; };
    read_raw_table(path, options);
  };
  expect_survival(
      {".parquet", {golden("arrow/people.parquet"), golden("arrow/glucose.parquet")}, read});
  expect_survival({".feather", {golden("arrow/indexed.feather")}, table()});
}

TEST(Mutated, Archives) {  // as others write them: a comment at the end, members that are no arrays
  const auto zip = [](const std::string& name, const std::string& data) {
    const auto crc = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
    const auto sizes = [&] {
      const auto size = static_cast<std::uint32_t>(data.size());
      return testing::little_endian(crc, 4) + testing::little_endian(size, 4) +
             testing::little_endian(size, 4) +
             testing::little_endian(static_cast<std::uint32_t>(name.size()), 2);
    }();
    const std::string local = std::string("PK\3\4\x14\0\0\0\0\0\0\0\0\0", 14) + sizes +
                              std::string(2, '\0') + name + data;
    const std::string entry = std::string("PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0", 16) + sizes +
                              std::string(16, '\0') + name;
    const std::string comment = "made by hand";
    return local + entry + std::string("PK\5\6\0\0\0\0\1\0\1\0", 12) +
           testing::little_endian(static_cast<std::uint32_t>(entry.size()), 4) +
           testing::little_endian(static_cast<std::uint32_t>(local.size()), 4) +
           testing::little_endian(static_cast<std::uint32_t>(comment.size()), 2) + comment;
  };
  const std::string array = testing::npy("<f4", "(3, 4)", std::string(48, '\1'));
  expect_survival(
      {".npz", {zip("x.npy", array), zip("read.me", "a text"), zip("", "")}, table(), 300});
}

TEST(Mutated, Scans) {
  if (!has_dicom()) GTEST_SKIP() << "built without DCMTK";
  const auto read = [](const std::string& path) { read_pixels(path); };
  const std::string runs = testing::little_endian(1, 4) + testing::little_endian(64, 4) +
                           std::string(56, '\0') + '\x07' + "abcdefgh" + '\xf9' + "z";
  expect_survival({".dcm",
                   {testing::dicom_picture("MONOCHROME2"), testing::dicom_picture("MONOCHROME1")},
                   read,
                   300});
  expect_survival(  // by runs of bytes, and as JPEG
      {".dcm",
       {testing::packed_dicom("1.2.840.10008.1.2.5", 4, 4, runs),
        testing::packed_dicom("1.2.840.10008.1.2.4.50", 16, 8, from_hex(testing::kGreyJpeg))},
       read,
       300});
}

/// Files that other programs wrote, as far as they are small.
TEST(Mutated, FilesOfOthers) {
  POLYCAUSE_NEED_SHARED("formats");
  const auto file = [](const std::string& name) {
    return read_file(testing::shared_file("formats/" + name));
  };
  expect_survival({".edf", {file("edf/wfdb_test_edfann.edf")}, read_night, 40, 20});
  expect_survival(
      {".bdf", {file("edf/pyedflib_test_generator_datarec_generator_2.bdf")}, read_night, 40, 20});
  if (has_anndata()) {
    expect_survival({".h5mu",
                     {file("h5mu/v0.4.1_mdata_axis0.h5mu"), file("h5mu/v0.1.2_mdata_axis0.h5mu")},
                     table("", "mod1"),
                     80,
                     20});
    expect_survival({".h5ad", {file("h5ad/v0.7.8_adata.h5ad")}, table("obsm/df"), 60, 20});
  }
  if (has_dicom()) {
    const auto read = [](const std::string& path) { read_pixels(path); };
    expect_survival(
        {".dcm",
         {file("dicom/SC_rgb.dcm"), file("dicom/JLSN_RGB_ILV0.dcm"), file("dicom/color-px.dcm")},
         read,
         90,
         20});
  }
}

}  // namespace
}  // namespace polycause
