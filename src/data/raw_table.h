// A file as it was read: cells are numbers or texts. Nothing is typed, joined or dropped yet.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "polycause/table.h"

namespace polycause {

struct RawColumn {
  std::string name;
  bool text = false;
  std::vector<double> values;       ///< (n,) numbers, or indices into `levels`; NaN = missing
  std::vector<std::string> levels;  ///< distinct texts in order of appearance; empty unless `text`
  std::string note;                 ///< what a reader should tell the user, "" = nothing
  /// Cells that hold a missing-value code, as written, not empty -> number.
  std::map<std::string, std::size_t, std::less<>> coded;

  void count_code(std::string_view code);
};

struct RawTable {
  std::string path;
  std::vector<std::string> ids;  ///< (n,) as text; "" where the cell is missing
  std::vector<std::size_t>
      lines;  ///< (n,) line (text file) or row (binary file) of each row, from 1
  std::vector<RawColumn> columns;
  // Of tables with several rows per participant, see data/visits.h:
  std::vector<std::string> groups;        ///< (n,) kept together by the split; empty = the ids
  std::vector<std::string> participants;  ///< (n,) where the ids are those of visits; else empty
  bool per_participant = false;           ///< ids are participants while other tables have visits
  std::vector<std::size_t> origin;        ///< (n,) row before rows were repeated; empty = itself
  std::vector<std::pair<std::string, std::size_t>> dropped;  ///< rows left out: reason, count
};

/// What to read of a table and how.
struct ReadOptions {
  std::string id;            ///< name of the id column; a first column without a name serves too
  bool numbered = false;     ///< no id column: ids are "0" .. "n-1"
  std::string id_else;       ///< first column that serves as id where `id` is not there
  bool id_optional = false;  ///< rows are numbered unless the id is the first column
  std::vector<std::string> missing = {"", "NA", "NaN", "nan", "N/A", "null"};
  std::map<std::string, std::vector<std::string>> missing_of;  ///< further ones of single columns
  char decimal = '.';
  std::map<std::string, ColumnType> types;  ///< set by the user; see `settle_column`
  /// Which columns to keep; not asked about the id. Empty = all.
  std::function<bool(const std::string&)> wanted;
  std::vector<std::string> keys;  ///< .h5ad: columns of obs that are read beside the others
  bool repeats = false;           ///< an id may stand in several rows
  std::string layer;              ///< .h5ad: "X" (default), "layers/<name>", "obsm/<name>", "obs",
                                  ///< "raw/X"
  std::string mod;                ///< .h5mu: name of the modality
};

/// The texts that mean a missing cell in a column.
std::vector<std::string> missing_in(const ReadOptions& options, const std::string& column);

/// Reads .csv .tsv .txt .xpt .npy .npz .parquet .feather .h5ad .h5mu, each also as .gz, by its
/// name. Throws DataError.
RawTable read_raw_table(const std::string& path, const ReadOptions& options);

/// What is known about a column once all its cells have been seen.
struct CellCounts {
  std::size_t numbers = 0;
  std::size_t texts = 0;
  std::size_t first_line = 0;  ///< of the first text
  std::string first_text;
};

/// The rule of columns that hold both: at least 90 % numbers (or a type that needs numbers) makes
/// any text an error; otherwise the column is text. True = text.
bool settle_column(const std::string& path, const std::string& column, const CellCounts& counts,
                   const ReadOptions& options);

/// For formats that say which columns are texts: missing tokens become NaN; a column whose texts
/// are all numbers holds numbers, any other stays text, unless the type set asks for numbers.
void settle_text_column(const std::string& path, const std::vector<std::size_t>& lines,
                        const ReadOptions& options, RawColumn& column);

/// Texts for the ids of a numeric column, without decimals where they are whole.
std::vector<std::string> ids_from_numbers(const std::vector<double>& values);

/// If every id ends in ".0" (a table saved with the ids as floating-point numbers), strips that.
void strip_float_ids(std::vector<std::string>& ids);

/// Throws DataError naming both rows when an id that is not empty occurs twice.
void refuse_duplicate_ids(const RawTable& table, const std::string& id);

/// Position of the id column in `names`, kNoId when rows are numbered; throws DataError with the
/// nearest name when there is none and there should be.
inline constexpr std::size_t kNoId = static_cast<std::size_t>(-1);
std::size_t find_id(const std::string& path, const std::vector<std::string>& names,
                    const ReadOptions& options);

/// Throws DataError when a name occurs twice.
void refuse_duplicate_names(const std::string& path, const std::vector<std::string>& names);

}  // namespace polycause
