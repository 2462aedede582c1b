#include "data/dicom.h"
#include "polycause/error.h"

namespace polycause {

bool has_dicom() { return false; }

Pixels decode_dicom(const std::string& where, const std::string&) {
  throw DataError(where, 0, "",
                  "is a DICOM picture, and this build reads none; expected PNG, JPEG or DICOM with "
                  "its library; install libdcmtk-dev and build again, or convert the file");
}

}  // namespace polycause
