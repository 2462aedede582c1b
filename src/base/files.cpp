#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "polycause/error.h"

namespace polycause {
namespace fs = std::filesystem;

namespace {

const std::string kPartial = ".part";  // behind a name, then the number of the process

}  // namespace

std::string read_file(const std::string& path) {
  std::error_code code;
  if (fs::is_directory(path, code)) {
    throw DataError(path, 0, "", "found a directory; expected a file");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw DataError(path, 0, "",
                    std::string("cannot open (") + std::strerror(errno) + "); check the path");
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) throw DataError(path, 0, "", "reading failed");
  return std::move(text).str();
}

void write_file(const std::string& path, const std::string& content) {
  const std::string beside = path + kPartial + std::to_string(::getpid());
  const auto fail = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    ::unlink(beside.c_str());
    throw Error(path + ": cannot " + what + " (" + reason + "); check space and permissions");
  };
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) fail("create");
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = ::write(fd, content.data() + done, content.size() - done);
    if (count < 0) {
      if (errno == EINTR) continue;
      ::close(fd);
      fail("write");
    }
    done += static_cast<std::size_t>(count);
  }
  const bool flushed = ::fsync(fd) == 0;
  const bool closed = ::close(fd) == 0;
  if (!flushed || !closed) fail("flush");
  if (::rename(beside.c_str(), path.c_str()) != 0) fail("rename");
}

void remove_partial_files(const std::string& directory) {
  std::vector<fs::path> partial;
  std::error_code code;
  fs::recursive_directory_iterator entry(directory, code);
  for (const fs::recursive_directory_iterator end; !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    const std::size_t at = name.rfind(kPartial);
    if (at == std::string::npos || at + kPartial.size() == name.size()) continue;
    if (name.find_first_not_of("0123456789", at + kPartial.size()) != std::string::npos) continue;
    if (entry->is_regular_file(code)) partial.push_back(entry->path());
  }
  for (const fs::path& path : partial) fs::remove(path, code);
}

void make_directory(const std::string& directory) {
  const fs::path path(directory);
  if (path.empty() || fs::is_directory(path)) return;
  if (path.has_parent_path()) make_directory(path.parent_path().string());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    throw ConfigError(directory + ": cannot create the directory (" + std::strerror(errno) +
                      "); check the path and permissions");
  }
  if (!fs::is_directory(path)) {
    throw ConfigError(directory + ": found a file; expected a directory; choose another name");
  }
}

void make_output_directory(const std::string& directory, bool force) {
  std::error_code code;
  if (fs::exists(directory, code) && !fs::is_directory(directory, code)) {
    throw ConfigError(directory +
                      ": found a file; expected a new or empty directory; choose another --out");
  }
  if (fs::is_directory(directory, code) && !fs::is_empty(directory, code) && !force) {
    throw ConfigError(
        directory +
        ": the directory is not empty; expected a new or empty one; choose another --out; "
        "simulate, fit, run and discover overwrite with --force");
  }
  make_directory(directory);
}

std::string join_path(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  return (fs::path(directory) / name).string();
}

}  // namespace polycause
