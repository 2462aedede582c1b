#include "data/rows.h"

#include "data/arrow_rows.h"
#include "data/bytes.h"
#include "data/csv_scanner.h"

namespace polycause {

bool is_arrow_name(const std::string& path) {
  const std::string name = plain_name(path);
  return has_ending(name, ".parquet") || has_ending(name, ".pq") || has_ending(name, ".feather") ||
         has_ending(name, ".arrow");
}

std::unique_ptr<RowStream> open_rows(const std::string& path, char decimal) {
  if (is_arrow_name(path)) return open_arrow_rows(path);
  const std::string name = plain_name(path);
  const bool tabs = has_ending(name, ".tsv") || has_ending(name, ".tab");
  return std::make_unique<CsvScanner>(path, tabs ? '\t' : '\0', decimal);
}

char decimal_of_rows(const std::string& path, char decimal) {
  return is_arrow_name(path) ? '.' : decimal;
}

}  // namespace polycause
