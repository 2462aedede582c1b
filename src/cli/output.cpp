#include "cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/files.h"
#include "polycause/error.h"

namespace polycause::cli {
namespace fs = std::filesystem;

OutputDirectory::OutputDirectory(const std::string& path, bool reuse) : path_(path) {
  if (path.empty()) throw ConfigError("--out: found an empty name; expected a directory to write");
  fs::path missing;
  for (fs::path p = fs::absolute(path).lexically_normal(); !p.empty() && !fs::exists(p);
       p = p.parent_path()) {
    missing = p;
  }
  make_output_directory(path, reuse);
  lock_ = open(path.c_str(), O_RDONLY | O_DIRECTORY);
  // Where the file system knows no locks, there is none.
  if (lock_ >= 0 && flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(lock_);
    throw ConfigError(path +
                      ": found another command at work in it; expected to be alone; wait until it "
                      "ends, or choose another --out");
  }
  made_ = missing.string();
}

OutputDirectory::~OutputDirectory() {
  if (lock_ >= 0) close(lock_);
  if (made_.empty()) return;
  std::error_code ignored;  // the error that brought us here matters more
  fs::remove_all(made_, ignored);
}

std::string OutputDirectory::file(const std::string& name) const { return join_path(path_, name); }

bool holds_only_part_of(const std::string& directory, const std::string& file) {
  const fs::directory_iterator entries(directory);
  return std::all_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    return entry.path().filename().string().rfind(file + ".part", 0) == 0;
  });
}

bool begun_with(const std::string& directory, const std::string& file,
                const std::string& settings) {
  if (!fs::is_directory(directory)) return false;
  const std::string path = join_path(directory, file);
  if (!fs::exists(path)) return holds_only_part_of(directory, file);
  const std::string before = read_file(path);
  if (before == settings) return true;
  throw ConfigError(fmt::format(
      "{}: found other settings; expected the same as before; repeat the first command to go on "
      "with it, or choose another --out. It was begun with:\n{}",
      path, before));
}

void require_new_file(const std::string& path, bool force) {
  const fs::path parent = fs::path(path).parent_path();
  if (fs::is_directory(path)) {
    throw ConfigError(path + ": found a directory; expected the name of a file to write");
  }
  if (!parent.empty() && !fs::is_directory(parent)) {
    throw ConfigError(path + ": the directory " + parent.string() +
                      " does not exist; make it first");
  }
  if (!force && fs::exists(path)) {
    throw ConfigError(path +
                      ": the file exists; choose another --out, or add --force to overwrite");
  }
}

}  // namespace polycause::cli
