#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {

Pixels decode_tiff(const std::string& where, const std::string&) {
  throw DataError(
      where, 0, "",
      "is a TIFF picture, and this build reads none; expected PNG, JPEG or TIFF with its "
      "library; install libtiff-dev and build again, or convert the file");
}

}  // namespace polycause
