#include "polycause/table.h"

#include "polycause/error.h"

namespace polycause {

const char* to_string(ColumnType type) {
  switch (type) {
    case ColumnType::kContinuous:
      return "continuous";
    case ColumnType::kBinary:
      return "binary";
    case ColumnType::kOrdinal:
      return "ordinal";
    case ColumnType::kCategorical:
      return "categorical";
  }
  return "continuous";
}

ColumnType column_type_from(const std::string& text) {
  for (const ColumnType type : {ColumnType::kContinuous, ColumnType::kBinary, ColumnType::kOrdinal,
                                ColumnType::kCategorical}) {
    if (text == to_string(type)) return type;
  }
  throw ConfigError("column type '" + text +
                    "'; expected continuous, binary, ordinal or categorical");
}

std::size_t Table::find(const std::string& column) const {
  std::size_t i = 0;
  while (i < columns.size() && columns[i].name != column) ++i;
  return i;
}

}  // namespace polycause
