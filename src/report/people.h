// Whose rows are whose: what is shown of rows must be of several people, however many rows they
// have.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "polycause/study.h"

namespace polycause {

inline constexpr std::size_t kFewestPeople = 5;  ///< what fewer show is not told

/// True where several rows are of one person (Study::groups).
bool rows_share_people(const Study& study);

/// (n,) a number for every row, the same for rows of one person.
std::vector<std::size_t> people_of(const Study& study);

/// The same for rows with these ids of a run folder (split.csv); nothing where rows are not people
/// and the folder, of an earlier version, does not say whose they are.
std::optional<std::vector<std::size_t>> people_of_run(const std::string& directory,
                                                      const std::vector<std::string>& ids);

inline bool few(const std::set<std::size_t>& people) { return people.size() < kFewestPeople; }

}  // namespace polycause
