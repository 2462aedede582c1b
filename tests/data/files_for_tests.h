// A directory of small files made by a test and removed with it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "polycause/error.h"

namespace polycause::testing {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "polycause_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Error("no temporary directory");
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string write_gz(const std::string& name, const std::string& content) const {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

/// The message of the error of type E that `call` throws; "" (and a failure) when it throws none.
template <class E, class F>
std::string error_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

inline std::string shared_file(const std::string& name) {
  return std::string(POLYCAUSE_SHARED_DIR) + "/data/" + name;
}

#define POLYCAUSE_NEED_SHARED(name)                                        \
  if (!std::filesystem::exists(::polycause::testing::shared_file(name))) { \
    GTEST_SKIP() << "needs ../shared/data/" << name;                       \
  }                                                                        \
  static_assert(true, "")

}  // namespace polycause::testing
