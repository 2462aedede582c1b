// A table row by row, every cell a text: of a text file, or of a Parquet or Arrow file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace polycause {

struct RowField {
  std::string_view text;  ///< valid until the next row is asked for; "" where missing
  bool quoted = false;
};

class RowStream {
 public:
  RowStream() = default;
  RowStream(const RowStream&) = delete;
  RowStream& operator=(const RowStream&) = delete;
  virtual ~RowStream() = default;

  /// The next row, the names of the columns first; false at the end. Throws DataError.
  virtual bool next(std::vector<RowField>& fields) = 0;
  /// Of the row returned last: line of a text file, else number of the row; from 1.
  virtual std::size_t line() const = 0;
  /// Rows of the whole table, judged after `rows` of them; 0 = not known.
  virtual std::size_t expected_rows(std::size_t rows) const = 0;
  /// After the names: the columns that will be looked at; the others may be left "".
  virtual void need(const std::vector<std::size_t>& /*columns*/) {}
  virtual char delimiter() const { return '\0'; }  ///< of a text file
};

/// The separator of a text file is a tab by its name, else as its header line has it. Throws
/// DataError.
std::unique_ptr<RowStream> open_rows(const std::string& path, char decimal);

/// Whether the name says Parquet or Arrow: .parquet .pq .feather .arrow, each also with .gz.
bool is_arrow_name(const std::string& path);

/// The decimal sign of the cells of `open_rows`, where the study's is `decimal`.
char decimal_of_rows(const std::string& path, char decimal);

}  // namespace polycause
