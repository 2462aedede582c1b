// A modality of pictures or recordings: whom its files hold, and their blocks.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/column_types.h"
#include "data/raw_table.h"
#include "polycause/study.h"

namespace polycause {

struct FilledBlocks {
  std::shared_ptr<const Blocks> blocks;
  Table table;                          ///< descriptors; ids are set by the caller
  std::vector<ColumnAccount> channels;  ///< what became of the channels
  std::vector<std::string> warnings;
};

/// Use: list, choose participants, prepare, leave out those without values, fill.
class BlockSource {
 public:
  virtual ~BlockSource() = default;

  /// Ids of the files, without columns; "" where a row has none. Reads no more than names.
  const RawTable& list() const { return list_; }
  /// Files of another kind that lie in the directory.
  std::size_t ignored() const { return ignored_; }

  /// Reads what the shape depends on, for the rows of the list that may take part. True = the row
  /// holds at least one value.
  virtual std::vector<bool> prepare(const std::vector<std::size_t>& rows) = 0;

  /// Where the rows are windows of recordings: when each begins, seconds; else empty.
  virtual const std::vector<double>& begins() const {
    static const std::vector<double> kNone;
    return kNone;
  }

  /// Why nobody holds a value, once all were prepared; "" = unknown.
  virtual std::string complaint() const { return ""; }

  /// rows (n,): row of the list of each participant, kNoRow = absent; only rows that were prepared;
  /// several may be the same.
  virtual FilledBlocks fill(const std::vector<std::size_t>& rows) = 0;

 protected:
  RawTable list_;
  std::size_t ignored_ = 0;
};

/// What readers of blocks need to know. The references outlive them.
struct BlockContext {
  const StudySpec& study;
  const SourceSpec& source;
  const BlockShape* fitted = nullptr;  ///< shape that a model asks for
  Observer* observer = nullptr;

  std::string path() const;   ///< of the modality
  std::string cache() const;  ///< directory of the cache file
  /// Reports progress of one step; throws Interrupted when the observer asks to stop.
  void tick(const std::string& step, std::size_t done, std::size_t total) const;
};

std::unique_ptr<BlockSource> open_images(const BlockContext& context);
std::unique_ptr<BlockSource> open_series(const BlockContext& context);
std::unique_ptr<BlockSource> open_blocks(const BlockContext& context);  ///< by the kind

/// Participants of a directory (`<id>.png`) or of a table with columns id and path.
struct FileList {
  RawTable list;                                ///< one row per participant
  std::vector<std::vector<std::string>> files;  ///< (rows,) of each; several only in a table
  std::size_t ignored = 0;
};

/// Files whose names fit one of the patterns (its first * stands for the id, others for anything;
/// with a / for those in folders below) or, when there is none, `fits` by their ends. Several
/// patterns may give a participant several files if `repeats`. Throws DataError.
FileList list_directory(const std::string& directory, const std::vector<std::string>& patterns,
                        bool repeats, const std::function<bool(const std::string&)>& fits);
/// Paths, of the modality's path_column, are relative to the table. A participant may stand in
/// several rows: visits, or, where the table has no visit columns and `repeats`, several files.
FileList list_table(const BlockContext& context, bool repeats);
/// Throws DataError with the line of a table when the file that its row names is not there.
void require_listed(const BlockSpec& spec, const RawTable& list, std::size_t row,
                    const std::string& file);

/// Ids of an array: the lines of the file that the modality names, those of an archive, or 0, 1 ...
RawTable list_array(const StudySpec& study, const SourceSpec& source, const std::string& path,
                    std::size_t rows, const std::vector<std::string>& own_ids);

}  // namespace polycause
