// Tables with several rows per participant: which row counts, or how rows are told apart.
#pragma once

#include <string>
#include <vector>

#include "data/raw_table.h"
#include "polycause/study.h"

namespace polycause {

/// Columns that belong to the study's structure and are no data: the visit columns and the group.
std::vector<std::string> key_columns(const StudySpec& spec);

/// Takes the key columns out of a table, then leaves one row per participant (study.visit first,
/// last or a value) or gives every row an id of its own (rows); sets groups, dropped and
/// per_participant. Throws DataError: an id or a visit twice, some visit columns missing, a visit
/// that is nowhere.
void settle_rows(const StudySpec& spec, RawTable& table);

/// True where rows of the study are visits or windows of recordings, and a table that knows neither
/// has one row for all of its participant's.
bool rows_are_parts(const StudySpec& spec);

/// Where rows are parts: repeats the rows of tables without visit columns, and of lists of files,
/// for every visit that the other tables hold (RawTable::origin), unless their ids are those of
/// visits already. Throws DataError when no table has any.
void spread_over_visits(const StudySpec& spec, const std::vector<RawTable*>& tables);

/// (n,) the group of every id, from the tables that know it; the id where none does. Throws
/// DataError when two tables disagree, or none has the column study.group.
std::vector<std::string> groups_of(const StudySpec& spec, const std::vector<std::string>& ids,
                                   const std::vector<const RawTable*>& tables);

/// "245 participants", or, where several rows are of one, "245 rows of 22 participants"; "groups"
/// where study.group says which rows belong together.
std::string whom(const Study& study);

}  // namespace polycause
