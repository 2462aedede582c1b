// What study.toml says: which files make up a study, and how they are read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "polycause/blocks.h"
#include "polycause/expert.h"
#include "polycause/settings.h"
#include "polycause/table.h"

namespace polycause {

/// One modality or covariate table as `study.toml` describes it (paths as written there).
struct SourceSpec {
  std::string name;
  std::string kind = "tabular";
  std::vector<std::string> paths;  ///< one file, or several joined by id (cells missing if absent)
  std::string ids;                 ///< arrays: file with one id per line; "" = rows are numbered
  std::string layer;  ///< .h5ad, .h5mu: X (default) | layers/<name> | obsm/<name> | obs | raw/X
  std::string mod;    ///< .h5mu: name of the modality in the file
  std::vector<std::string> columns;         ///< names or patterns with `*`; empty = all but the id
  std::vector<std::string> exclude;         ///< columns left out, names or patterns
  std::map<std::string, ColumnType> types;  ///< overrides of the detected types
  std::vector<std::string> rank_normal;     ///< columns mapped to normal by ranks; {"*"} = all
  /// Missing-value codes of single columns (names or patterns), beside StudySpec::missing.
  std::map<std::string, std::vector<std::string>> missing;
  std::string decimal;       ///< decimal sign of its text files, "" = StudySpec::decimal
  std::int64_t latents = 2;  ///< 0 = none of its own: only what it shares, [[shared]]
  std::int64_t private_dims = 1;
  std::string network = "auto";  ///< image: auto | small | resnet18 | streams; series: auto | tcn |
                                 ///< lstm
  BlockSpec block;               ///< of pictures and series
  ExpertSpec expert;
};

/// Latents that several modalities show, [[shared]]: called "shared.<a>+<b>.z1", ...
struct SharedSpec {
  std::vector<std::string> modalities;  ///< in the order in which the study lists them
  std::int64_t latents = 1;

  std::string name() const;  ///< "shared.<a>+<b>"
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
  /// Columns that tell the rows of one participant apart, most important first, in the tables that
  /// have several: {"cohort", "research_stage", "array_index"}.
  std::vector<std::string> visit_columns;
  /// "" = every id stands once; first | last = by the visit columns, in their order; rows = every
  /// visit is a row "<id>@<visit>" of the study; any other text = a value of a visit column.
  std::string visit;
  std::string group;              ///< column whose rows the split keeps together; "" = the id
  std::string join = "complete";  ///< complete: in every modality | any: in at least one
  std::string cache;              ///< directory of cache files, "" = the system's temporary one
  std::vector<SourceSpec> modalities;
  std::vector<SharedSpec> shared;
  std::vector<SourceSpec> covariates;
  /// Covariates "table.column" (or patterns with `*`) that are known common causes of the latents:
  /// the fitted graph is what is left given them.
  std::vector<std::string> condition_on;
  /// [discover] tiers: names or patterns with `*`, earliest first; see `Knowledge`.
  std::vector<std::vector<std::string>> tiers;
};

/// Settings of the [study] table other than name and files, keys "study.*".
void visit_settings(StudySpec& spec, SettingsVisitor& visitor);

/// Parses study.toml. `root` overrides the directory of the file. The keys of [method], [train] and
/// [discover] other than the tiers are left alone. Throws ConfigError with file, line and the
/// nearest known key.
StudySpec read_study_spec(const std::string& path, const std::string& root = "");

}  // namespace polycause
