// Files are written whole or not at all: beside the target, flushed, then renamed.
#pragma once

#include <string>

namespace polycause {

/// Whole content of a file. Throws DataError ("cannot open", with the reason).
std::string read_file(const std::string& path);

/// Writes beside `path`, flushes to disk and renames. Throws Error and leaves the old file intact.
void write_file(const std::string& path, const std::string& content);

/// Removes what writers that were killed left in DIR and below. Only for a folder of ours in which
/// nobody writes.
void remove_partial_files(const std::string& directory);

/// Creates DIR (mode 0700) if absent. Throws ConfigError when it exists and is not empty, unless
/// `force`.
void make_output_directory(const std::string& directory, bool force);

/// Makes DIR and its parents (mode 0700 for those made). Throws ConfigError when it cannot.
void make_directory(const std::string& directory);

/// "dir/name", or name when it is absolute or dir is empty.
std::string join_path(const std::string& directory, const std::string& name);

}  // namespace polycause
