// NumPy arrays as tables: .npy (versions 1 to 3) and .npz (stored or deflated).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/raw_table.h"

namespace polycause {

/// What the header of an array says.
struct NpyHeader {
  char kind = 'f';  ///< f i u b, U (text, 4 bytes per character), S (bytes)
  bool big_endian = false;
  std::size_t item = 8;  ///< bytes per element
  bool fortran = false;  ///< column by column
  std::vector<std::size_t> shape;
  std::size_t data = 0;  ///< offset of the first element
};

/// Parses the beginning of an array file; `where` names it in errors. Throws DataError for anything
/// but 1 .. `most` dimensions of numbers, booleans or texts.
NpyHeader parse_npy_header(const std::string& where, const std::string& bytes,
                           std::size_t most = 2);

/// A 1-D array is one column, a 2-D array has its participants in rows. Columns are c1, c2, ...;
/// rows are numbered from "0". Numbers: float16 to float64, integers, booleans; any byte order;
/// texts.
RawTable read_npy(const std::string& path, const ReadOptions& options);

/// "file.npz:array" names an array; without a name: the only one there is, or several 1-D arrays of
/// one length side by side. A 1-D array gives a column of its own name. An array called as the
/// study's id holds the ids (numbers or texts), one of texts called "columns" the names of the
/// columns.
RawTable read_npz(const std::string& path, const ReadOptions& options);

}  // namespace polycause
