#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {

Pixels decode_png(const std::string& where, const std::string&) {
  throw DataError(
      where, 0, "",
      "is a PNG picture, and this build reads none; expected PNG, JPEG or TIFF with its "
      "library; install libpng-dev and build again, or convert the file");
}

}  // namespace polycause
