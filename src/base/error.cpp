#include "polycause/error.h"

namespace polycause {
namespace {

/// "PATH:ROW: column 'C': "; nothing where nothing is known of the place.
std::string place(const std::string& path, std::size_t row, const std::string& column) {
  std::string text = path;
  if (row > 0) text += ":" + std::to_string(row);
  if (!column.empty()) text += std::string(text.empty() ? "" : ": ") + "column '" + column + "'";
  return text.empty() ? "" : text + ": ";
}

}  // namespace

DataError::DataError(const std::string& path, std::size_t row, const std::string& column,
                     const std::string& what)
    : Error(place(path, row, column) + what), path_(path), row_(row), column_(column) {}

}  // namespace polycause
