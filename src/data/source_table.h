// One modality or covariate table of a study: its files read, columns chosen, rows joined by id.
#pragma once

#include <string>
#include <vector>

#include "data/raw_table.h"
#include "polycause/study.h"

namespace polycause {

/// Several files become one table: a participant of any of them is a row, cells of files without it
/// are missing. A column may stand in several files as long as they do not contradict each other,
/// so files may hold different columns, different participants, or both. Throws DataError; also
/// when a name or pattern in columns, exclude, types or rank_normal fits no column.
RawTable read_source(const StudySpec& spec, const SourceSpec& source);

/// The lines of a text file, one id each. Throws DataError.
std::vector<std::string> read_ids(const std::string& path);

/// Outer join of tables by id.
RawTable merge_tables(std::vector<RawTable> tables);

}  // namespace polycause
