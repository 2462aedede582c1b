// A study: several modalities measured on the same participants, read and joined by id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "polycause/observer.h"
#include "polycause/settings.h"
#include "polycause/table.h"

namespace polycause {

/// One modality or covariate table as `study.toml` describes it (paths as written there).
struct SourceSpec {
  std::string name;
  std::string kind = "tabular";
  std::vector<std::string> paths;    ///< one file, or several joined by id (cells missing if absent)
  std::vector<std::string> columns;  ///< empty = all but the id
  std::vector<std::string> exclude;  ///< columns left out
  std::map<std::string, ColumnType> types;  ///< overrides of the detected types
  std::vector<std::string> rank_normal;     ///< columns mapped to normal by ranks; {"*"} = all
  std::int64_t latents = 2;
  std::int64_t private_dims = 1;
};

struct StudySpec {
  std::string path;  ///< of study.toml
  std::string root;  ///< directory that data paths are relative to
  std::string name;
  std::string id = "sample_id";
  std::vector<std::string> missing = {"", "NA", "NaN", "nan", "N/A", "null"};
  std::string decimal = ".";
  std::string order = "unknown";  ///< "given" | "unknown"
  double validation = 0.1;        ///< share of participants held out
  std::vector<SourceSpec> modalities;
  std::vector<SourceSpec> covariates;
  /// [discover] tiers: names or patterns with `*`, earliest first; see `Knowledge`.
  std::vector<std::vector<std::string>> tiers;
};

/// Settings of the [study] table other than name and files, keys "study.*".
void visit_settings(StudySpec& spec, SettingsVisitor& visitor);

/// One line of the account of columns: what was found and what became of it.
struct ColumnAccount {
  std::string table;
  std::string column;
  ColumnType type = ColumnType::kContinuous;
  std::size_t missing = 0;  ///< cells among the participants used
  bool used = true;
  std::string note;  ///< why dropped, or "" / "type set by the study"
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
  Table table;                   ///< rows in the order of Study::ids, used columns only
  std::vector<bool> rank_normal;  ///< per column
};

struct Study {
  StudySpec spec;
  std::vector<std::string> ids;  ///< (n,) sorted; in every modality
  std::vector<bool> validation;  ///< (n,) true = held out; depends on (seed, id) only
  std::vector<Modality> modalities;
  std::vector<Table> covariates;  ///< aligned with ids, NaN where a participant has no row
  std::vector<ColumnAccount> columns;
  std::vector<TableAccount> tables;
  std::vector<std::string> warnings;

  std::size_t participants() const { return ids.size(); }
};

/// Parses study.toml. `root` overrides the directory of the file; `sets` are "key=value" overrides of
/// [study] keys. Sections [method], [train], [discover] are left to `apply_settings`. Throws ConfigError
/// with file, line and the nearest known key.
StudySpec read_study_spec(const std::string& path, const std::string& root = "");

/// Reads, types, joins and splits. `seed` drives the split only. Throws DataError (file, row, column).
Study load_study(const StudySpec& spec, std::uint64_t seed = 0, Observer* observer = nullptr);

/// For new participants: reads the same modalities; keeps columns and codes of `fitted` columns only,
/// so that a level never seen is missing (with a warning) and nothing is dropped for being constant.
Study load_study_like(const StudySpec& spec, const std::vector<Modality>& fitted,
                      Observer* observer = nullptr);

}  // namespace polycause
