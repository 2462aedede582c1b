// The files of a study as read, and who takes part.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/block_source.h"
#include "data/raw_table.h"
#include "polycause/study.h"

namespace polycause {

/// One modality or covariate table, with the rows that can take part.
struct Source {
  const SourceSpec* spec = nullptr;
  bool modality = true;
  RawTable raw;                         ///< of pictures and series: ids only
  std::unique_ptr<BlockSource> blocks;  ///< pictures and series
  std::vector<bool> blank;              ///< (rows,) every cell missing
  std::vector<bool> idle;  ///< (rows,) cells in columns alone that say nothing, see below
  std::unordered_map<std::string_view, std::size_t> row_of;  ///< id -> row, usable rows only
};

/// What to read: `fitted` shapes are those of a model, by modality; null = free.
struct SourceList {
  std::vector<SourceSpec> modalities;
  std::vector<const BlockShape*> fitted;  ///< (modalities,) or empty
  std::vector<SourceSpec> covariates;
};

/// Reads all tables and lists all pictures and series. The list must outlive the result. Throws
/// DataError.
std::vector<Source> read_sources(const StudySpec& spec, const SourceList& list, Observer* observer);

/// Settles who takes part (study.join), reading series on the way, and writes Study::ids, ::groups
/// and ::tables. A modality is held by who has a value in a column that is used: with `fitted` all
/// of them are, otherwise those that say something about the participants (type_column). Throws
/// DataError when nobody is left.
void settle_participants(std::vector<Source>& sources, bool fitted, Study& study);

/// (n,) row of each participant in the table, kNoRow where there is none.
std::vector<std::size_t> rows_of(const Source& source, const std::vector<std::string>& ids);

/// The same in the list of the files of pictures and series.
std::vector<std::size_t> listed_rows_of(const Source& source, const std::vector<std::string>& ids);

}  // namespace polycause
