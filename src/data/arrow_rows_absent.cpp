#include "data/arrow_rows.h"
#include "data/foreign.h"
#include "polycause/error.h"

namespace polycause {

bool has_arrow() { return false; }

std::unique_ptr<RowStream> open_arrow_rows(const std::string& path) {
  throw DataError(
      path, 0, "",
      foreign_format(path) + "; or build with Apache Arrow (libparquet-dev of its own packages)");
}

}  // namespace polycause
