// Cuts a text file into records and fields (RFC 4180 and its common relaxations), in one pass with
// a buffer of about one record.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/bytes.h"
#include "data/rows.h"

namespace polycause {

class CsvScanner : public RowStream {
 public:
  /// `delimiter` '\0' = chosen by what the first record holds most of, comma when nothing; a
  /// decimal comma is never chosen while something else separates.
  CsvScanner(const std::string& path, char delimiter, char decimal);

  /// The next record that is not an empty line; false at the end. Records end in LF, CRLF or CR.
  /// Doubled quotes are undone. Throws DataError for NUL bytes and for quotes that do not close.
  bool next(std::vector<RowField>& fields) override;

  std::size_t line() const override { return line_; }  ///< where the record begins
  std::size_t expected_rows(std::size_t rows) const override;
  char delimiter() const override { return delimiter_; }

 private:
  struct Span {
    std::size_t begin, end;
    bool quoted, doubled;
  };
  bool more();         ///< reads on, keeping the bytes of the unfinished record; false at the end
  bool scan_record();  ///< false: the record is not complete in the buffer
  void check_start();
  void choose_delimiter(char decimal);
  void set_delimiter(char delimiter);
  [[noreturn]] void fail(std::size_t line, const std::string& what) const;

  std::string path_;
  ByteStream stream_;
  std::string buffer_;
  std::size_t record_ = 0;  ///< begin of the current record in the buffer
  std::size_t next_ = 0;    ///< begin of the one after it
  std::size_t filled_ = 0;
  bool at_end_ = false;
  char delimiter_ = ',';
  std::array<bool, 256> special_{};
  std::vector<Span> spans_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
  std::size_t consumed_ = 0;  ///< bytes of all records so far
};

}  // namespace polycause
