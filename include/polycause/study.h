// A study: several modalities measured on the same participants, read and joined by id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "polycause/blocks.h"
#include "polycause/observer.h"
#include "polycause/study_spec.h"
#include "polycause/table.h"

namespace polycause {

/// One line of the account of columns: what was found and what became of it.
struct ColumnAccount {
  std::string table;
  std::string column;
  ColumnType type = ColumnType::kContinuous;
  std::size_t missing = 0;  ///< cells among the participants used
  bool used = true;
  std::string note;  ///< why dropped, "type set by the study", missing-value codes found
};

/// Rows of a table and how many of them take part; `dropped` = {reason, count}.
struct TableAccount {
  std::string table;
  std::size_t rows = 0;
  std::size_t kept = 0;
  std::vector<std::pair<std::string, std::size_t>> dropped;
};

struct Modality {
  std::string name;
  std::string kind;
  std::size_t latents = 2;       ///< d(z)
  std::size_t private_dims = 1;  ///< d(eta)
  Table table;  ///< rows in the order of Study::ids, used columns only; of pictures
                ///< and series: what is measured in each (brightness, range ...)
  std::vector<bool> rank_normal;         ///< per column
  std::shared_ptr<const Blocks> blocks;  ///< pictures or series; null for tables; a model's hold
                                         ///< their shape and no participant
  std::vector<bool> present;  ///< (n,) false = the participant lacks the modality; empty = nobody
  std::string network;        ///< SourceSpec::network
  /// Of kind "shared": the modalities that show these latents, SharedSpec; it has no data of its
  /// own and is present where any of them is. Empty for all others.
  std::vector<std::size_t> members;
  ExpertSpec expert;

  bool has(std::size_t participant) const { return present.empty() || present[participant]; }
};

struct Study {
  StudySpec spec;
  std::vector<std::string> ids;      ///< (n,) sorted; in every modality
  std::vector<std::string> groups;   ///< (n,) the rows of one are on the same side of the split
  std::vector<bool> validation;      ///< (n,) true = held out; depends on (seed, group) only
  std::vector<Modality> modalities;  ///< as listed, then those of kind "shared"
  std::vector<Table> covariates;     ///< aligned with ids, NaN where a participant has no row
  std::vector<ColumnAccount> columns;
  std::vector<TableAccount> tables;
  std::vector<std::string> warnings;

  std::size_t participants() const { return ids.size(); }
  /// Groups: people, where rows are their visits or windows.
  std::size_t people() const;
};

/// Reads, types, joins and splits. `seed` drives the split only. What the user should know stands
/// in Study::warnings; the observer gets information and progress. Throws DataError (file, row,
/// column).
Study load_study(const StudySpec& spec, std::uint64_t seed = 0, Observer* observer = nullptr);

/// For new participants: reads the same modalities; keeps columns and codes of `fitted` columns
/// only, so that a level never seen is missing (with a warning) and nothing is dropped for being
/// constant. Nobody is held out; covariates, with every column, only where they are asked for.
Study load_study_like(const StudySpec& spec, const std::vector<Modality>& fitted,
                      Observer* observer = nullptr, bool covariates = false);

struct TableOptions {
  std::string id = "sample_id";  ///< a first column of this name (or without a name) holds the ids;
                                 ///< without one, rows are numbered unless `id_required`
  bool id_required = false;
  std::vector<std::string> missing = StudySpec().missing;
  std::string decimal = ".";
  std::map<std::string, ColumnType> types;
};

/// One table from .csv .tsv .xpt .npy .npz (also .gz), typed like a study's, every column kept.
Table read_table(const std::string& path, const TableOptions& options = {});

/// CSV text: header `id_name`, names; NaN = empty cell; levels as texts; `digits` significant
/// digits, 0 = as many as are needed to read the same number back.
std::string table_csv(const Table& table, const std::string& id_name = "sample_id", int digits = 0);

}  // namespace polycause
