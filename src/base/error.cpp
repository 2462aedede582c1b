#include "polycause/error.h"

namespace polycause {
namespace {

std::string place(const std::string& path, std::size_t row, const std::string& column) {
  std::string text = path;
  if (row > 0) text += ":" + std::to_string(row);
  if (!column.empty()) text += ": column '" + column + "'";
  return text;
}

}  // namespace

DataError::DataError(const std::string& path, std::size_t row, const std::string& column,
                     const std::string& what)
    : Error(place(path, row, column) + ": " + what), path_(path), row_(row), column_(column) {}

}  // namespace polycause
