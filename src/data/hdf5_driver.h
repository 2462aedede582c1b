// How the HDF5 library reads its bytes. Third-party header inside, as in hdf5.h.
#pragma once

#include <hdf5.h>

#include <string>

namespace polycause {

/// Files opened with `access` are read here, or `image` is in their place where it is not null (it
/// must live as long as the file is open). Heaps of texts are checked before the library sees them:
/// it walks them without checks, and one that is damaged would never end. Reading one then fails.
void use_checked_reads(hid_t access, const std::string* image);

}  // namespace polycause
