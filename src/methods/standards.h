// How latents are written: mean 0, sd 1, and a sign that a reader can follow.
#pragma once

#include <cstddef>
#include <vector>

#include "methods/model_impl.h"
#include "polycause/table.h"

namespace polycause {

/// Mean and sd per column of values (n, width) over all participants who have a value.
std::vector<Standard> standards(const std::vector<float>& values, std::size_t width);

/// The sign that makes column `at` of z (n, width) go up with the column of `shown_by`, each (n,),
/// with which its Spearman correlation is strongest. Categorical columns have no direction.
double readable_sign(const std::vector<float>& z, std::size_t width, std::size_t at,
                     const std::vector<const Table*>& shown_by);

}  // namespace polycause
