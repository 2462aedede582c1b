// Rows that find nobody in another table of the study, though the study joins them.
#pragma once

#include <string>
#include <vector>

#include "data/study_sources.h"

namespace polycause {

/// Warnings where more than a quarter of the rows of a modality are of nobody in another one (with
/// join = "any": where they would be but for how the ids are written), or of the participants have
/// no row among the covariates.
std::vector<std::string> warn_of_partners(const std::vector<Source>& sources, bool any,
                                          const std::vector<std::string>& ids);

/// What sets the ids of one table apart from those of the other, such as "; 700 of them differ by
/// leading zeros only"; "" when nothing known does. Counts, never ids.
std::string id_difference(const Source& a, const Source& b);

}  // namespace polycause
