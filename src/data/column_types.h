// From cells to typed columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/raw_table.h"
#include "polycause/table.h"

namespace polycause {

inline constexpr std::size_t kNoRow = static_cast<std::size_t>(-1);

struct TypedColumn {
  Column column;
  std::size_t missing = 0;
  std::string unusable;  ///< why the column says nothing about the participants; "" = it is fine
  std::string doubt;     ///< what to say of a column that is kept; "" = nothing
};

/// Why a column that was typed already says nothing, as TypedColumn::unusable; `set`: by the user.
std::string why_unusable(const Column& column, bool set);

/// The column for the participants `rows` (indices into the raw values; kNoRow = missing). Takes
/// the values out of `raw`. `set` is the type that the user asks for, null = found from the cells:
///   texts: 2 levels binary, else categorical; codes follow the sorted levels;
///   numbers: 2 values binary, 3..10 values that are all whole ordinal, else continuous.
/// Throws DataError when the cells cannot have the type asked for. `path` is for its message.
TypedColumn type_column(RawColumn& raw, const std::vector<std::size_t>& rows, const ColumnType* set,
                        const std::string& path);

/// The column with the codes of `model`; texts never seen there become missing and are counted.
TypedColumn type_column_like(RawColumn& raw, const std::vector<std::size_t>& rows,
                             const Column& model, std::size_t* unseen);

}  // namespace polycause
