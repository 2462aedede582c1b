#include "polycause/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/pattern.h"
#include "base/random.h"
#include "data/cells.h"
#include "data/column_types.h"
#include "data/source_table.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kFewParticipants = 100;
constexpr double kMostlyMissing = 0.9;

/// A table of the study as read, with the rows that can take part.
struct Source {
  const SourceSpec* spec = nullptr;
  bool modality = true;
  RawTable raw;
  std::vector<bool> blank;                                   ///< (rows,) every cell missing
  std::unordered_map<std::string_view, std::size_t> row_of;  ///< id -> row, usable rows only
};

void report(Observer* observer, LogLevel level, const std::string& text) {
  if (observer != nullptr) observer->message(level, text);
}

Source read(const StudySpec& spec, const SourceSpec& source_spec, bool modality,
            Observer* observer) {
  Source source;
  source.spec = &source_spec;
  source.modality = modality;
  source.raw = read_source(spec, source_spec);
  const RawTable& raw = source.raw;
  source.blank.assign(raw.ids.size(), true);
  for (const RawColumn& column : raw.columns) {
    for (std::size_t i = 0; i < raw.ids.size(); ++i) {
      if (column.values[i] == column.values[i]) source.blank[i] = false;
    }
  }
  source.row_of.reserve(raw.ids.size());
  for (std::size_t i = 0; i < raw.ids.size(); ++i) {
    if (!raw.ids[i].empty() && !source.blank[i]) source.row_of.emplace(raw.ids[i], i);
  }
  report(observer, LogLevel::kInfo,
         fmt::format("{}: {} rows, {} columns from {}", source_spec.name, raw.ids.size(),
                     raw.columns.size(), raw.path));
  return source;
}

std::vector<Source> read_all(const StudySpec& spec, const std::vector<SourceSpec>& modalities,
                             const std::vector<SourceSpec>& covariates, Observer* observer) {
  if (modalities.empty()) {
    throw ConfigError(spec.path +
                      ": the study has no modality; expected at least one; add [[modality]]");
  }
  std::vector<Source> sources;
  const std::size_t count = modalities.size() + covariates.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (observer != nullptr) {
      if (observer->cancelled()) throw Interrupted("stopped while reading");
      observer->progress({"reading", static_cast<double>(i) / static_cast<double>(count), -1});
    }
    const bool modality = i < modalities.size();
    sources.push_back(read(spec, modality ? modalities[i] : covariates[i - modalities.size()],
                           modality, observer));
  }
  return sources;
}

std::string sample_ids(const Source& source) {
  std::string text;
  std::size_t shown_count = 0;
  for (const std::string& id : source.raw.ids) {
    if (id.empty()) continue;
    text += (text.empty() ? "" : ", ") + shown(id);
    if (++shown_count == 3) break;
  }
  return text.empty() ? "no ids" : text;
}

[[noreturn]] void fail_no_common(const Source& a, const Source& b, const std::string& id) {
  throw DataError(
      b.raw.path, 0, "",
      fmt::format("no participant of '{}' is in '{}': ids such as {} against {}; expected the same "
                  "ids in column '{}' of both; check study.id and how the ids are written",
                  a.spec->name, b.spec->name, sample_ids(a), sample_ids(b), id));
}

/// Ids with a usable row in every modality, sorted.
std::vector<std::string> common_participants(const std::vector<Source>& sources,
                                             const std::string& id) {
  std::vector<std::string_view> common;
  for (const auto& [participant, row] : sources.front().row_of) common.push_back(participant);
  if (common.empty()) {
    throw DataError(
        sources.front().raw.path, 0, "",
        fmt::format("'{}' has no row with an id and at least one value; expected one row per "
                    "participant; check study.id, study.missing and columns",
                    sources.front().spec->name));
  }
  for (const Source& source : sources) {
    if (!source.modality) continue;
    const auto absent = [&](std::string_view participant) {
      return source.row_of.count(participant) == 0;
    };
    common.erase(std::remove_if(common.begin(), common.end(), absent), common.end());
    if (common.empty()) fail_no_common(sources.front(), source, id);
  }
  std::vector<std::string> ids(common.begin(), common.end());
  if (all_whole_numbers(ids)) {
    std::sort(ids.begin(), ids.end(), whole_number_less);
  } else {
    std::sort(ids.begin(), ids.end());
  }
  return ids;
}

/// Every row of a table is kept or has one reason: the first that applies, in the order listed.
TableAccount account_rows(const Source& table, const std::vector<Source>& sources) {
  TableAccount account;
  account.table = table.spec->name;
  account.rows = table.raw.ids.size();
  std::vector<std::pair<std::string, std::size_t>> reasons = {{"empty id", 0},
                                                              {"all cells missing", 0}};
  for (const Source& source : sources) reasons.emplace_back("not in " + source.spec->name, 0);
  for (std::size_t i = 0; i < account.rows; ++i) {
    const std::string& id = table.raw.ids[i];
    std::size_t reason = reasons.size();
    if (id.empty()) {
      reason = 0;
    } else if (table.modality && table.blank[i]) {
      reason = 1;
    } else {
      for (std::size_t k = 0; k < sources.size() && reason == reasons.size(); ++k) {
        if (sources[k].modality && sources[k].row_of.count(id) == 0) reason = 2 + k;
      }
    }
    if (reason == reasons.size()) {
      ++account.kept;
    } else {
      ++reasons[reason].second;
    }
  }
  for (auto& item : reasons) {
    if (item.second > 0) account.dropped.push_back(std::move(item));
  }
  return account;
}

std::vector<std::size_t> rows_of(const Source& source, const std::vector<std::string>& ids) {
  std::vector<std::size_t> rows;
  rows.reserve(ids.size());
  for (const std::string& id : ids) {
    const auto found = source.row_of.find(id);
    rows.push_back(found == source.row_of.end() ? kNoRow : found->second);
  }
  return rows;
}

/// Types the columns, drops those that say nothing, and writes the account of columns.
Table typed_table(Source& source, Study& study) {
  const SourceSpec& spec = *source.spec;
  const std::vector<std::size_t> rows = rows_of(source, study.ids);
  Table table;
  table.name = spec.name;
  table.ids = study.ids;
  for (RawColumn& raw : source.raw.columns) {
    const auto set = spec.types.find(raw.name);
    const bool is_set = set != spec.types.end();
    const std::string where = spec.name + "." + raw.name;
    if (!raw.note.empty() && !is_set) study.warnings.push_back(where + ": " + raw.note);
    TypedColumn typed = type_column(raw, rows, is_set ? &set->second : nullptr, source.raw.path);
    ColumnAccount account{spec.name, typed.column.name, typed.column.type, typed.missing, true, ""};
    if (!typed.unusable.empty()) {
      account.used = false;
      account.note = typed.unusable;
      study.warnings.push_back(where + ": dropped (" + typed.unusable + ")");
    } else {
      if (is_set) account.note = "type set by the study";
      const double share = static_cast<double>(typed.missing) / static_cast<double>(rows.size());
      if (source.modality && share >= kMostlyMissing) {
        study.warnings.push_back(
            fmt::format("{}: {:.0f} % of the cells are missing", where, 100 * share));
      }
      table.columns.push_back(std::move(typed.column));
    }
    study.columns.push_back(std::move(account));
  }
  if (table.columns.empty()) {
    throw DataError(
        source.raw.path, 0, "",
        fmt::format(
            "'{}' has no column left: every one is constant, empty or unusable among the {} "
            "common participants; expected at least one that varies; remove the table from "
            "the study or choose other columns",
            spec.name, study.ids.size()));
  }
  return table;
}

Modality typed_modality(Source& source, Study& study) {
  const SourceSpec& spec = *source.spec;
  Modality modality;
  modality.name = spec.name;
  modality.kind = spec.kind;
  modality.latents = static_cast<std::size_t>(spec.latents);
  modality.private_dims = static_cast<std::size_t>(spec.private_dims);
  modality.table = typed_table(source, study);
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

/// Each participant's lot depends on seed and id only, so that it stays the same when others join
/// or leave. The share is met on average; each side gets at least one participant.
std::vector<bool> split(const std::vector<std::string>& ids, double share, std::uint64_t seed) {
  std::vector<double> lot;
  lot.reserve(ids.size());
  for (const std::string& id : ids) lot.push_back(Random(seed, "split", hash64(id)).uniform());
  std::vector<bool> held_out(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) held_out[i] = lot[i] < share;
  const auto lowest = std::min_element(lot.begin(), lot.end()) - lot.begin();
  const auto highest = std::max_element(lot.begin(), lot.end()) - lot.begin();
  held_out[static_cast<std::size_t>(lowest)] = true;
  held_out[static_cast<std::size_t>(highest)] = false;
  return held_out;
}

void account_all(const std::vector<Source>& sources, Study& study) {
  study.ids = common_participants(sources, study.spec.id);
  for (const Source& source : sources) {
    study.tables.push_back(account_rows(source, sources));
    if (study.tables.back().kept == 0) fail_no_common(sources.front(), source, study.spec.id);
  }
}

}  // namespace

Study load_study(const StudySpec& spec, std::uint64_t seed, Observer* observer) {
  Study study;
  study.spec = spec;
  std::vector<Source> sources = read_all(spec, spec.modalities, spec.covariates, observer);
  account_all(sources, study);
  if (study.ids.size() < 2) {
    throw DataError(
        sources.front().raw.path, 0, "",
        "only one participant is in every modality; expected at least 2, better hundreds; check "
        "the ids of the tables");
  }
  if (study.ids.size() < kFewParticipants) {
    study.warnings.push_back(
        fmt::format("only {} participants are in every modality; latents and graph need hundreds "
                    "to be reliable",
                    study.ids.size()));
  }
  for (Source& source : sources) {
    if (source.modality) {
      study.modalities.push_back(typed_modality(source, study));
    } else {
      study.covariates.push_back(typed_table(source, study));
    }
    source.row_of.clear();
    source.raw = RawTable();
  }
  study.validation = split(study.ids, spec.validation, seed);
  report(observer, LogLevel::kInfo, fmt::format("{} participants", study.ids.size()));
  return study;
}

Study load_study_like(const StudySpec& spec, const std::vector<Modality>& fitted,
                      Observer* observer) {
  std::vector<SourceSpec> wanted;
  for (const Modality& modality : fitted) {
    const auto found =
        std::find_if(spec.modalities.begin(), spec.modalities.end(),
                     [&](const SourceSpec& source) { return source.name == modality.name; });
    if (found == spec.modalities.end()) {
      throw ConfigError(
          fmt::format("{}: there is no modality '{}'; expected every modality of the model; add a "
                      "[[modality]] of that name",
                      spec.path, modality.name));
    }
    SourceSpec source = *found;
    source.columns.clear();
    source.exclude.clear();
    source.rank_normal.clear();
    source.types.clear();
    for (const Column& column : modality.table.columns) {
      source.columns.push_back(column.name);
      source.types[column.name] =
          column.levels.empty() ? ColumnType::kContinuous : ColumnType::kCategorical;
    }
    wanted.push_back(std::move(source));
  }
  Study study;
  study.spec = spec;
  std::vector<Source> sources = read_all(spec, wanted, {}, observer);
  account_all(sources, study);
  for (std::size_t m = 0; m < fitted.size(); ++m) {
    Source& source = sources[m];
    const std::vector<std::size_t> rows = rows_of(source, study.ids);
    Modality modality = fitted[m];
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
            fmt::format("{}.{}: {} cells hold a level that the model has not seen; taken "
                        "as missing",
                        modality.name, column.name, unseen));
      }
      study.columns.push_back({modality.name, column.name, column.type, typed.missing, true, ""});
      column = std::move(typed.column);
    }
    study.modalities.push_back(std::move(modality));
    source.row_of.clear();
    source.raw = RawTable();
  }
  study.validation.assign(study.ids.size(), false);
  return study;
}

}  // namespace polycause
