#include "data/pixels.h"
#include "polycause/error.h"

namespace polycause {

Pixels decode_jpeg(const std::string& where, const std::string&) {
  throw DataError(
      where, 0, "",
      "is a JPEG picture, and this build reads none; expected PNG, JPEG or TIFF with its "
      "library; install libjpeg62-turbo-dev and build again, or convert the file");
}

}  // namespace polycause
