// Elements of a NumPy array by position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "data/numpy.h"

namespace polycause {

/// Views bytes that outlive it; the header must fit them.
class NpyCells {
 public:
  NpyCells(const std::string& bytes, const NpyHeader& header);

  std::size_t index(std::size_t row,
                    std::size_t column) const;  ///< of an element in the file's order
  bool is_text() const { return header_.kind == 'U' || header_.kind == 'S'; }
  double number(std::size_t index) const;
  std::string whole_text(
      std::size_t index) const;  ///< a number as an id; integers exactly, NaN = ""
  bool text(std::size_t index, std::string& out) const;  ///< false when it is no Unicode

 private:
  std::uint64_t bits(std::size_t index) const;  ///< in this machine's order, zero-extended
  const char* data_;
  const NpyHeader& header_;
  std::size_t rows_;
  std::size_t columns_;
};

}  // namespace polycause
