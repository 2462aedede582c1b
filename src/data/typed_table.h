// A table of a study as its participants see it.
#pragma once

#include "data/doubtful_cells.h"
#include "data/study_sources.h"
#include "polycause/study.h"

namespace polycause {

/// Types the columns, drops those that say nothing, and writes the account of columns and warnings
/// to `study`. Throws DataError when no column is left.
Table typed_table(Source& source, CodesInRange& codes, Study& study);

}  // namespace polycause
