#include "data/rows.h"

#include <algorithm>

#include "data/arrow_rows.h"
#include "data/bytes.h"
#include "data/csv_scanner.h"

namespace polycause {
namespace {

bool ends_with_any(const std::string& path, const std::vector<std::string>& endings) {
  const std::string name = plain_name(path);
  return std::any_of(endings.begin(), endings.end(), [&](const std::string& end) {
    return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  });
}

}  // namespace

bool is_arrow_name(const std::string& path) {
  return ends_with_any(path, {".parquet", ".pq", ".feather", ".arrow"});
}

std::unique_ptr<RowStream> open_rows(const std::string& path, char delimiter, char decimal) {
  if (is_arrow_name(path)) return open_arrow_rows(path);
  if (delimiter == '\0' && ends_with_any(path, {".tsv", ".tab"})) delimiter = '\t';
  return std::make_unique<CsvScanner>(path, delimiter, decimal);
}

char decimal_of_rows(const std::string& path, char decimal) {
  return is_arrow_name(path) ? '.' : decimal;
}

}  // namespace polycause
