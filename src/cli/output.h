// Directories that a command writes to: new, empty or forced; gone again when the command fails.
#pragma once

#include <string>
#include <vector>

#include "polycause/graph.h"

namespace polycause::cli {

/// Makes the directory (mode 0700) at once, so that a path that cannot be written is known before
/// the work begins, and removes what it made unless `keep` was called.
class OutputDirectory {
 public:
  /// Throws ConfigError when `path` exists and is not empty, unless `reuse`.
  OutputDirectory(const std::string& path, bool reuse);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  void keep() { made_.clear(); }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const;

 private:
  std::string path_;
  std::string made_;  ///< topmost directory that did not exist before, "" = none
};

/// Throws ConfigError when `path` exists (and is not to be replaced) or its directory does not.
void require_new_file(const std::string& path, bool force);

}  // namespace polycause::cli
