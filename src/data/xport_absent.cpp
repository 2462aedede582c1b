#include "data/xport.h"
#include "polycause/error.h"

namespace polycause {

bool has_xport() { return false; }

RawTable read_xport(const std::string& path, const ReadOptions&) {
  throw DataError(path, 0, "",
                  "SAS transport files cannot be read by this build; expected ReadStat; install "
                  "libreadstat-dev "
                  "and build again, or convert the file to CSV");
}

}  // namespace polycause
