#include "model/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/random.h"
#include "polycause/error.h"

namespace polycause {
namespace {

class Safetensors : public testing::Test {
 protected:
  Safetensors()
      : directory_(std::filesystem::temp_directory_path() /
                   ("polycause-tensors-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~Safetensors() override { std::filesystem::remove_all(directory_); }

  std::map<std::string, NamedTensor> read(const std::string& bytes) const {
    const std::string path = (directory_ / "t.safetensors").string();
    std::ofstream(path, std::ios::binary) << bytes;
    return read_safetensors(path);
  }
  /// A file of this header text and `data` bytes of zeros.
  static std::string file(const std::string& header, std::size_t data,
                          std::uint64_t length = UINT64_MAX) {
    if (length == UINT64_MAX) length = header.size();
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes + header + std::string(data, '\0');
  }
  void expect_refused(const std::string& bytes, const std::string& part) const {
    try {
      read(bytes);
      ADD_FAILURE() << "accepted; expected a refusal with: " << part;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("t.safetensors"), std::string::npos);
    }
  }

  std::filesystem::path directory_;
};

TEST_F(Safetensors, RoundTripToTheBit) {
  const std::vector<NamedTensor> written = {
      {"head0", {2, 3}, {1, -0.0f, 3.5f, 1e-45f, 3e38f, -1e-20f}},
      {"empty", {0}, {}},
      {"name \"with\" \u00e4", {1}, {7}}};
  const auto found = read(safetensors_bytes(written, {{"format", "polycause"}}));
  ASSERT_EQ(found.size(), 3u);
  for (const NamedTensor& t : written) {
    const NamedTensor& back = found.at(t.name);
    EXPECT_EQ(back.shape, t.shape);
    ASSERT_EQ(back.values.size(), t.values.size());
    EXPECT_EQ(std::memcmp(back.values.data(), t.values.data(), t.values.size() * sizeof(float)), 0);
  }
}

TEST_F(Safetensors, LayoutIsTheFormats) {
  const std::string bytes = safetensors_bytes({{"a", {2}, {1, 2}}, {"b", {1}, {3}}}, {});
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  EXPECT_EQ(length % 8, 0u);
  ASSERT_EQ(bytes.size(), 8 + length + 12);
  const std::string header = bytes.substr(8, length);
  EXPECT_EQ(header.substr(0, header.find_last_not_of(' ') + 1),
            R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
            R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})");
  float last = 0;
  std::memcpy(&last, bytes.data() + bytes.size() - sizeof last, sizeof last);
  EXPECT_EQ(last, 3.0f);
}

TEST_F(Safetensors, RefusesWhatIsNotAFileOfTensors) {
  EXPECT_THROW(read_safetensors((directory_ / "absent").string()), DataError);
  expect_refused("", "only 0 bytes");
  expect_refused("1234567", "only 7 bytes");
  expect_refused(file("{}", 0, 3), "header is longer than the file");
  expect_refused(file("{}", 0, UINT64_MAX - 1), "header is longer than the file");
  expect_refused(file("{", 0), "header is not what the format asks for");
  expect_refused(file("\xff\xfe", 0), "header is not what the format asks for");
  expect_refused(file("[1]", 0), "header is not what the format asks for");
  expect_refused(file(std::string(100000, '['), 0), "header is not what the format asks for");
  expect_refused(file(R"({"a":{"dtype":"F32","shape":"x","data_offsets":[0,4]}})", 4),
                 "header is not what the format asks for");
  expect_refused(file(R"({"a":{"dtype":"F32","shape":[1]}})", 4), "not what the format asks for");
  expect_refused(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4),
                 "not what the format asks for");
}

TEST_F(Safetensors, RefusesTensorsThatDoNotFit) {
  const auto tensor = [](const std::string& dtype, const std::string& shape,
                         const std::string& offsets) {
    return file(R"({"a":{"dtype":")" + dtype + R"(","shape":[)" + shape + R"(],"data_offsets":[)" +
                    offsets + "]}}",
                16);
  };
  EXPECT_EQ(read(tensor("F32", "2,2", "0,16")).at("a").values.size(), 4u);
  expect_refused(tensor("F64", "2", "0,16"), "is not F32");
  expect_refused(tensor("F32", "5", "0,20"), "lies outside the file");
  expect_refused(tensor("F32", "1", "16,20"), "lies outside the file");
  expect_refused(tensor("F32", "2", "8,4"), "lies outside the file");
  expect_refused(tensor("F32", "2", "0,16"), "lies outside the file");
  expect_refused(tensor("F32", "1", "-4,0"), "lies outside the file");
  expect_refused(tensor("F32", "4294967296,4294967296", "0,16"), "impossible shape");
  expect_refused(tensor("F32", "4611686018427387905,4", "0,16"), "impossible shape");
  expect_refused(tensor("F32", "-1", "0,16"), "impossible shape");
}

TEST_F(Safetensors, EveryTruncationIsRefusedOrLeavesNoPartialTensor) {
  const std::string bytes = safetensors_bytes({{"a", {4}, {1, 2, 3, 4}}}, {{"k", "v"}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(read(bytes.substr(0, size)), DataError) << size;
}

TEST_F(Safetensors, DamagedBytesNeverEscapeAsAnotherError) {
  const std::string bytes = safetensors_bytes({{"a", {2, 2}, {1, 2, 3, 4}}, {"b", {1}, {5}}}, {});
  Random random(8, "damage");
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = bytes;
    for (int k = 0; k < 1 + trial % 3; ++k)
      damaged[random.below(bytes.size())] = static_cast<char>(random.below(256));
    try {
      for (const auto& [name, t] : read(damaged)) EXPECT_LE(t.values.size(), 5u) << name;
    } catch (const DataError&) {
    }
  }
}

}  // namespace
}  // namespace polycause
