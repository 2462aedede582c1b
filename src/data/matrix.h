// Matrices of AnnData files: dense, or sparse by rows or columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/hdf5.h"

namespace polycause {

inline constexpr std::size_t kNotKept = static_cast<std::size_t>(-1);

struct MatrixShape {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// Throws DataError when `object` is neither a matrix nor a vector.
MatrixShape matrix_shape(const HdfFile& file, const std::string& object);

/// Column j goes to out[place[j]] (rows,), unless place[j] is kNotKept. Memory: the columns kept
/// and a block of rows or of entries.
void read_matrix(const HdfFile& file, const std::string& object,
                 const std::vector<std::size_t>& place, std::vector<std::vector<double>*> out);

}  // namespace polycause
