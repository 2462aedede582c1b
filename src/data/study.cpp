#include "polycause/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/pattern.h"
#include "base/random.h"
#include "data/column_types.h"
#include "data/study_sources.h"
#include "data/typed_table.h"
#include "data/visits.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kFewParticipants = 100;
constexpr std::size_t kFewGroups = 30;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void report(Observer* observer, LogLevel level, const std::string& text) {
  if (observer != nullptr) observer->message(level, text);
}

std::size_t count_absent(const std::vector<std::size_t>& rows) {
  return static_cast<std::size_t>(std::count(rows.begin(), rows.end(), kNoRow));
}

/// (n,) true = the participant holds the modality; empty when everybody does.
std::vector<bool> presence(const std::vector<std::size_t>& rows) {
  std::vector<bool> present;
  if (count_absent(rows) == 0) return present;
  for (const std::size_t row : rows) present.push_back(row != kNoRow);
  return present;
}

/// Pictures or series: blocks, descriptors, and what became of the channels.
void fill_blocks(Source& source, Study& study, Modality& modality) {
  std::vector<std::size_t> rows = listed_rows_of(source, study.ids);
  FilledBlocks filled = source.blocks->fill(rows);
  modality.blocks = std::move(filled.blocks);
  const std::size_t absent = count_absent(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!modality.blocks->present(i)) rows[i] = kNoRow;
  }
  modality.present = presence(rows);
  if (count_absent(rows) > absent) {
    study.warnings.push_back(
        fmt::format("{}: {} recordings hold no sample of the channels that are left; taken as "
                    "absent",
                    source.spec->name, count_absent(rows) - absent));
  }
  modality.table = std::move(filled.table);
  modality.table.name = source.spec->name;
  modality.table.ids = study.ids;
  modality.rank_normal.assign(modality.table.columns.size(), false);
  study.columns.insert(study.columns.end(), filled.channels.begin(), filled.channels.end());
  study.warnings.insert(study.warnings.end(), filled.warnings.begin(), filled.warnings.end());
  source.blocks.reset();
}

Modality typed_modality(Source& source, CodesInRange& codes, Study& study) {
  const SourceSpec& spec = *source.spec;
  Modality modality;
  modality.name = spec.name;
  modality.kind = spec.kind;
  modality.latents = static_cast<std::size_t>(spec.latents);
  modality.private_dims = static_cast<std::size_t>(spec.private_dims);
  modality.network = spec.network;
  modality.expert = spec.expert;
  if (source.blocks) {
    fill_blocks(source, study, modality);
    return modality;
  }
  modality.present = presence(rows_of(source, study.ids));
  modality.table = typed_table(source, codes, study);
  for (const Column& column : modality.table.columns) {
    const bool ordered =
        column.type == ColumnType::kContinuous || column.type == ColumnType::kOrdinal;
    bool rank = false;
    for (const std::string& pattern : spec.rank_normal) {
      if (pattern == column.name) {  // named: ordinal ones too
        rank = ordered;
        if (!ordered) {
          study.warnings.push_back(fmt::format("{}.{}: rank_normal has no effect on a {} column",
                                               spec.name, column.name, to_string(column.type)));
        }
      } else if (fits_pattern(pattern, column.name)) {
        rank = rank || column.type == ColumnType::kContinuous;
      }
    }
    modality.rank_normal.push_back(rank);
  }
  return modality;
}

/// Present where any of its members is.
void settle_shared(const std::vector<Modality>& modalities, std::size_t participants,
                   Modality& shared) {
  shared.present.clear();
  for (std::size_t i = 0; i < participants; ++i) {
    shared.present.push_back(std::any_of(shared.members.begin(), shared.members.end(),
                                         [&](std::size_t m) { return modalities[m].has(i); }));
  }
  if (std::find(shared.present.begin(), shared.present.end(), false) == shared.present.end())
    shared.present.clear();
}

Modality shared_modality(const SharedSpec& spec, const Study& study) {
  Modality shared;
  shared.name = spec.name();
  shared.kind = "shared";
  shared.latents = static_cast<std::size_t>(spec.latents);
  shared.private_dims = 0;
  shared.table.name = shared.name;
  shared.table.ids = study.ids;
  for (std::size_t m = 0; m < study.modalities.size(); ++m) {
    if (std::find(spec.modalities.begin(), spec.modalities.end(), study.modalities[m].name) !=
        spec.modalities.end())
      shared.members.push_back(m);
  }
  settle_shared(study.modalities, study.ids.size(), shared);
  return shared;
}

/// Typed by its cells; nothing is dropped.
Table all_columns(Source& source, const Study& study) {
  const std::vector<std::size_t> rows = rows_of(source, study.ids);
  Table table;
  table.name = source.spec->name;
  table.ids = study.ids;
  for (RawColumn& raw : source.raw.columns) {
    const auto set = source.spec->types.find(raw.name);
    const ColumnType* const type = set == source.spec->types.end() ? nullptr : &set->second;
    table.columns.push_back(type_column(raw, rows, type, source.raw.path).column);
  }
  return table;
}

/// Each group's lot depends on seed and group only, so that it stays the same when others join or
/// leave. The share is met on average; each side gets at least one group.
std::vector<bool> split(const std::vector<std::string>& groups, double share, std::uint64_t seed) {
  std::vector<double> lot;
  lot.reserve(groups.size());
  for (const std::string& group : groups)
    lot.push_back(Random(seed, "split", hash64(group)).uniform());
  const double lowest = *std::min_element(lot.begin(), lot.end());
  const double highest = *std::max_element(lot.begin(), lot.end());
  std::vector<bool> held_out(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i)
    held_out[i] = lot[i] < highest && (lot[i] < share || lot[i] == lowest);
  return held_out;
}

/// Says so where the rows are fewer independent observations than they seem.
void check_groups(const std::string& path, Study& study) {
  const std::size_t groups = study.people();
  if (groups == study.ids.size()) return;
  if (groups < 2) {
    throw DataError(path, 0, study.spec.group,
                    "all rows are of one group; expected at least 2, since the split keeps a group "
                    "together; correct study.group");
  }
  study.warnings.push_back(fmt::format(
      "{}: rows of the same one are not independent; the tests of the graph allow for it{}",
      whom(study), groups < kFewGroups ? ", but so few say little about any cause" : ""));
}

/// The columns that a model needs, typed as it knows them.
SourceSpec like_fitted(SourceSpec source, const Modality& modality) {
  if (modality.kind != "tabular") return source;
  source.columns.clear();
  source.exclude.clear();
  source.rank_normal.clear();
  source.types.clear();
  for (const Column& column : modality.table.columns) {
    source.columns.push_back(column.name);
    source.types[column.name] =
        column.levels.empty() ? ColumnType::kContinuous : ColumnType::kCategorical;
  }
  return source;
}

/// Fills a modality of a model with the participants of another study.
void read_like(Source& source, Modality& modality, Study& study) {
  if (source.blocks) {
    fill_blocks(source, study, modality);
    return;
  }
  const std::vector<std::size_t> rows = rows_of(source, study.ids);
  modality.present = presence(rows);
  modality.table.ids = study.ids;
  for (Column& column : modality.table.columns) {
    const auto raw =
        std::find_if(source.raw.columns.begin(), source.raw.columns.end(),
                     [&](const RawColumn& other) { return other.name == column.name; });
    if (raw == source.raw.columns.end()) {
      throw DataError(source.raw.path, 0, column.name,
                      "is not there; expected every column of the model");
    }
    std::size_t unseen = 0;
    TypedColumn typed = type_column_like(*raw, rows, column, &unseen);
    if (unseen > 0) {
      study.warnings.push_back(
          fmt::format("{}.{}: {} cells hold a level that the model has not seen; taken as missing",
                      modality.name, column.name, unseen));
    }
    study.columns.push_back(
        {modality.name, column.name, column.type, typed.missing - count_absent(rows), true, ""});
    column = std::move(typed.column);
  }
  source.row_of.clear();
  source.raw = RawTable();
}

}  // namespace

std::size_t Study::people() const {
  return std::set<std::string>(groups.begin(), groups.end()).size();
}

Study load_study(const StudySpec& spec, std::uint64_t seed, Observer* observer) {
  Study study;
  study.spec = spec;
  const SourceList list{spec.modalities, {}, spec.covariates};
  std::vector<Source> sources = read_sources(spec, list, observer);
  settle_participants(sources, false, study);
  const char* const where = spec.join == "any" ? "any" : "every";
  if (study.ids.size() < 2) {
    throw DataError(
        sources.front().raw.path, 0, "",
        fmt::format(
            "only one participant is in {} modality; expected at least 2, better hundreds; check "
            "the ids of the tables",
            where));
  }
  if (study.ids.size() < kFewParticipants) {
    study.warnings.push_back(
        fmt::format("only {} participants are in {} modality; latents and graph need hundreds "
                    "to be reliable",
                    study.ids.size(), where));
  }
  check_groups(sources.front().raw.path, study);
  CodesInRange codes(spec);
  for (Source& source : sources) {
    if (source.modality) {
      study.modalities.push_back(typed_modality(source, codes, study));
    } else {
      study.covariates.push_back(typed_table(source, codes, study));
    }
    source.row_of.clear();
    source.raw = RawTable();
  }
  if (!codes.warning().empty()) study.warnings.push_back(codes.warning());
  for (const SharedSpec& shared : spec.shared)
    study.modalities.push_back(shared_modality(shared, study));
  study.validation = split(study.groups, spec.validation, seed);
  report(observer, LogLevel::kInfo, whom(study));
  return study;
}

Study load_study_like(const StudySpec& spec, const std::vector<Modality>& fitted,
                      Observer* observer, bool covariates) {
  const bool any = spec.join == "any";
  SourceList list;
  if (covariates) list.covariates = spec.covariates;
  std::vector<std::size_t> source_of;  // (fitted,) kNoRow = the study lacks the modality
  for (const Modality& modality : fitted) {
    if (modality.kind == "shared") continue;  // they stand last
    const auto found =
        std::find_if(spec.modalities.begin(), spec.modalities.end(),
                     [&](const SourceSpec& source) { return source.name == modality.name; });
    if (found == spec.modalities.end() && any) {
      source_of.push_back(kNoRow);
      continue;
    }
    if (found == spec.modalities.end()) {
      throw ConfigError(
          fmt::format("{}: there is no modality '{}'; expected every modality of the model; add a "
                      "[[modality]] of that name, or set study.join = \"any\"",
                      spec.path, modality.name));
    }
    if (found->kind != modality.kind) {
      throw ConfigError(fmt::format(
          "{}: modality '{}' is of kind \"{}\"; expected \"{}\" as in the model; correct it",
          spec.path, modality.name, found->kind, modality.kind));
    }
    source_of.push_back(list.modalities.size());
    list.modalities.push_back(like_fitted(*found, modality));
    list.fitted.push_back(modality.blocks ? &modality.blocks->shape() : nullptr);
  }
  Study study;
  study.spec = spec;
  std::vector<Source> sources = read_sources(spec, list, observer);
  settle_participants(sources, true, study);
  for (std::size_t m = 0; m < fitted.size(); ++m) {
    Modality modality = fitted[m];
    const std::shared_ptr<const Blocks> blocks = std::move(modality.blocks);  // theirs
    modality.present.clear();
    if (modality.kind == "shared") {
      modality.table.ids = study.ids;
      settle_shared(study.modalities, study.ids.size(), modality);
    } else if (source_of[m] == kNoRow) {
      modality.table.ids = study.ids;
      for (Column& column : modality.table.columns) column.values.assign(study.ids.size(), kNaN);
      modality.present.assign(study.ids.size(), false);
      if (blocks) {
        modality.blocks =
            std::make_shared<Blocks>(blocks->shape(), study.ids.size(), BlockStorage::kNone);
      }
    } else {
      read_like(sources[source_of[m]], modality, study);
    }
    study.modalities.push_back(std::move(modality));
  }
  for (Source& source : sources) {
    if (!source.modality) study.covariates.push_back(all_columns(source, study));
  }
  study.validation.assign(study.ids.size(), false);
  return study;
}

}  // namespace polycause
