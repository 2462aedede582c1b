// Errors of the library. Every message reads "where: what was found; what was expected; what to
// do".
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace polycause {

/// Base of all errors that the library throws on purpose. Anything else that escapes is a bug.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A setting, a command-line option or a study file is wrong (exit code 2).
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A data file is missing, malformed or does not fit the study (exit code 3).
class DataError : public Error {
 public:
  using Error::Error;
  /// `path` of the file, 1-based `row` (line of a text file, 0 = unknown), `column` name ("" =
  /// none).
  DataError(const std::string& path, std::size_t row, const std::string& column,
            const std::string& what);
  const std::string& path() const { return path_; }
  std::size_t row() const { return row_; }
  const std::string& column() const { return column_; }

 private:
  std::string path_;
  std::size_t row_ = 0;
  std::string column_;
};

/// A computation diverged or is ill-posed (exit code 4); the message names stage, epoch and
/// culprit.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// The observer asked to stop; everything finished so far has been saved (exit code 130).
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace polycause
