// Directories that a command writes to: new, empty or forced; gone again when the command fails.
#pragma once

#include <string>
#include <vector>

#include "polycause/graph.h"

namespace polycause::cli {

/// Makes the directory (mode 0700) at once, so that a path that cannot be written is known before
/// the work begins, and removes what it made unless `keep` was called. Nobody else can have one for
/// the same directory meanwhile.
class OutputDirectory {
 public:
  /// Throws ConfigError when `path` exists and is not empty, unless `reuse`, or is in use.
  OutputDirectory(const std::string& path, bool reuse);
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory&) = delete;
  OutputDirectory& operator=(const OutputDirectory&) = delete;

  void keep() { made_.clear(); }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const;

 private:
  std::string path_;
  int lock_ = -1;     ///< of the directory, held by the processes that this one starts too
  std::string made_;  ///< topmost directory that did not exist before, "" = none
};

/// True when an interrupted command left DIRECTORY, so that the same command may go on: FILE in it
/// says `settings`, or is all that there is and only half written. Throws ConfigError when FILE
/// says something else.
bool begun_with(const std::string& directory, const std::string& file, const std::string& settings);

/// Holds nothing but what a killed writer of FILE left.
bool holds_only_part_of(const std::string& directory, const std::string& file);

/// Throws ConfigError when `path` exists (and is not to be replaced) or its directory does not.
void require_new_file(const std::string& path, bool force);

}  // namespace polycause::cli
