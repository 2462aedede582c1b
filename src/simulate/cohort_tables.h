// The tables of the clinical cohort, with what such tables bring along: empty cells, absent people.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <string>
#include <vector>

#include "polycause/table.h"
#include "simulate/cohort_columns.h"

namespace polycause::simulation {

/// age, sex, smoking, center of `n` participants.
Table draw_demographics(std::size_t n, std::uint64_t seed);

/// What a modality measures on the sources (n, 3) = (z1, z2, eta); derived columns are still empty.
/// `index` of the modality chooses the streams of random numbers.
Table draw_table(const ModalitySpec& modality, const Eigen::MatrixXd& sources, std::size_t index,
                 const std::vector<std::string>& ids, std::uint64_t seed);

/// Empties some cells, leaves some participants out and shuffles the rows; both as shares.
Table weather(const Table& table, double absent, double missing_cells, std::uint64_t seed);

/// Columns that follow from others of the table, missing where one of these is.
void add_derived(const ModalitySpec& modality, Table& table);

/// Unit and meaning of every column, as CSV.
std::string dictionary_csv();

/// What every column measures, as CSV source,target: "body.z1,body.weight"; parts of derived
/// columns, "body.weight,body.bmi".
std::string column_edges_csv();

}  // namespace polycause::simulation
