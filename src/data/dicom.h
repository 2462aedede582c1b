// DICOM pictures (.dcm), through DCMTK.
#pragma once

#include <string>

#include "data/pixels.h"

namespace polycause {

/// True when the bytes begin as DICOM files do.
bool is_dicom(const std::string& bytes);

/// The one frame of a file in memory: grey or colour, also compressed as JPEG, JPEG-LS or by runs.
/// Rescaling and lookup tables are applied, windows and overlays are not: 0 .. 1 is what the stored
/// bits can hold, the same for all pictures of one device. MONOCHROME1 is inverted, so that 1 is
/// white. Throws DataError; built without DCMTK it always does, and says what to install.
Pixels decode_dicom(const std::string& where, const std::string& bytes);

/// Whether this build reads DICOM.
bool has_dicom();

}  // namespace polycause
