#include "data/study_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/pattern.h"
#include "data/cells.h"
#include "data/clock.h"
#include "data/column_types.h"
#include "data/partners.h"
#include "data/source_table.h"
#include "data/visits.h"
#include "polycause/error.h"

namespace polycause {
namespace {

void report(Observer* observer, LogLevel level, const std::string& text) {
  if (observer != nullptr) observer->message(level, text);
}

/// Which rows can take part.
void find_usable_rows(Source& source) {
  const RawTable& raw = source.raw;
  source.blank.assign(raw.ids.size(), source.blocks == nullptr);
  source.idle.assign(raw.ids.size(), false);
  for (const RawColumn& column : raw.columns) {
    for (std::size_t i = 0; i < raw.ids.size(); ++i) {
      if (column.values[i] == column.values[i]) source.blank[i] = false;
    }
  }
  source.row_of.reserve(raw.ids.size());
  for (std::size_t i = 0; i < raw.ids.size(); ++i) {
    if (!raw.ids[i].empty() && !source.blank[i]) source.row_of.emplace(raw.ids[i], i);
  }
}

/// Of every window: the time of day at which it begins, and the day since the participant's first.
RawTable table_of_windows(const SourceSpec& spec, const std::vector<Source>& sources) {
  std::map<std::string, double> begins;
  std::map<std::string, double> first;  // of the participant
  std::map<std::string, std::string> participant;
  RawTable table;
  for (const Source& source : sources) {
    if (!source.blocks) continue;
    if (table.path.empty()) table.path = source.raw.path;
    for (std::size_t i = 0; i < source.blocks->begins().size(); ++i) {
      const std::string& person = source.raw.participants[i];
      const double begin = source.blocks->begins()[i];
      begins[source.raw.ids[i]] = begin;
      participant[source.raw.ids[i]] = person;
      const auto [place, fresh] = first.try_emplace(person, begin);
      place->second = std::min(place->second, begin);
    }
  }
  table.columns.resize(2);
  table.columns[0].name = "hour";
  table.columns[1].name = "day";
  for (const auto& [id, begin] : begins) {
    const double day = std::floor(begin / kDay);
    table.ids.push_back(id);
    table.lines.push_back(table.ids.size());
    table.columns[0].values.push_back((begin - day * kDay) / 3600);
    table.columns[1].values.push_back(day - std::floor(first[participant[id]] / kDay));
  }
  const auto unwanted = [&](const RawColumn& column) {
    const auto fits = [&](const std::string& pattern) {
      return fits_pattern(pattern, column.name);
    };
    return !spec.columns.empty() && std::none_of(spec.columns.begin(), spec.columns.end(), fits);
  };
  table.columns.erase(std::remove_if(table.columns.begin(), table.columns.end(), unwanted),
                      table.columns.end());
  return table;
}

Source read(const StudySpec& spec, const SourceSpec& source_spec, bool modality,
            const BlockShape* fitted, Observer* observer) {
  Source source;
  source.spec = &source_spec;
  source.modality = modality;
  if (source_spec.kind == "windows") return source;  // known when all others are read
  if (source_spec.kind == "tabular") {
    source.raw = read_source(spec, source_spec);
  } else {
    source.blocks = open_blocks({spec, source_spec, fitted, observer});
    source.raw = source.blocks->list();
    source.raw.per_participant = rows_are_parts(spec) && source.raw.participants.empty();
  }
  const RawTable& raw = source.raw;
  report(observer, LogLevel::kInfo,
         source.blocks ? fmt::format("{}: {} {} from {}", source_spec.name, raw.ids.size(),
                                     raw.participants.empty() ? "participants" : "rows", raw.path)
                       : fmt::format("{}: {} rows, {} columns from {}", source_spec.name,
                                     raw.ids.size(), raw.columns.size(), raw.path));
  return source;
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
                  "ids in column '{}' of both{}; check study.id and how the ids are written",
                  a.spec->name, b.spec->name, sample_ids(a), sample_ids(b), id,
                  id_difference(a, b)));
}

std::size_t listed_row(const Source& source, std::size_t row) {
  return source.raw.origin.empty() ? row : source.raw.origin[row];
}

bool in_all(const std::vector<Source>& sources, std::string_view participant) {
  return std::all_of(sources.begin(), sources.end(), [&](const Source& source) {
    return !source.modality || source.row_of.count(participant) > 0;
  });
}

bool in_some(const std::vector<Source>& sources, std::string_view participant) {
  return std::any_of(sources.begin(), sources.end(), [&](const Source& source) {
    return source.modality && source.row_of.count(participant) > 0;
  });
}

/// Reads pictures and series of those who may take part; who turns out to hold no value is blank.
void prepare_blocks(std::vector<Source>& sources, bool any) {
  for (Source& source : sources) {
    if (!source.blocks) continue;
    std::map<std::size_t, std::vector<std::size_t>> rows;  // of the list -> of the table
    for (const auto& [id, row] : source.row_of) {
      if (any || in_all(sources, id)) rows[listed_row(source, row)].push_back(row);
    }
    std::vector<std::size_t> listed;
    for (const auto& item : rows) listed.push_back(item.first);
    const std::vector<bool> held = source.blocks->prepare(listed);
    for (std::size_t k = 0; k < listed.size(); ++k) {
      if (held[k]) continue;
      for (const std::size_t row : rows[listed[k]]) {
        source.blank[row] = true;
        source.row_of.erase(source.raw.ids[row]);
      }
    }
  }
}

[[noreturn]] void fail_empty(const Source& source) {
  if (source.blocks) {
    const std::string complaint = source.blocks->complaint();
    throw DataError(
        source.raw.path, 0, "",
        fmt::format("'{}' holds no participant with a value{}{}; expected pictures or "
                    "samples; check the path, study.missing, and from and to, or remove "
                    "the modality",
                    source.spec->name, complaint.empty() ? "" : ": ", complaint));
  }
  throw DataError(
      source.raw.path, 0, "",
      fmt::format("'{}' has no row with an id and at least one value; expected one row per "
                  "participant; check study.id, study.missing and columns",
                  source.spec->name));
}

/// Ids with a usable row in every modality, or in any, sorted.
std::vector<std::string> choose_participants(const std::vector<Source>& sources,
                                             const std::string& id, bool any) {
  std::vector<std::string_view> chosen;
  for (const auto& [participant, row] : sources.front().row_of) chosen.push_back(participant);
  if (chosen.empty()) fail_empty(sources.front());
  for (const Source& source : sources) {
    if (!source.modality) continue;
    if ((any || source.blocks) && source.row_of.empty()) fail_empty(source);
    if (any) {
      for (const auto& [participant, row] : source.row_of) chosen.push_back(participant);
      continue;
    }
    const auto absent = [&](std::string_view participant) {
      return source.row_of.count(participant) == 0;
    };
    chosen.erase(std::remove_if(chosen.begin(), chosen.end(), absent), chosen.end());
    if (chosen.empty()) fail_no_common(sources.front(), source, id);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::vector<std::string> ids(chosen.begin(), chosen.end());
  if (all_whole_numbers(ids)) std::sort(ids.begin(), ids.end(), whole_number_less);
  return ids;
}

const ColumnType* type_set(const Source& source, const std::string& column) {
  const auto set = source.spec->types.find(column);
  return set == source.spec->types.end() ? nullptr : &set->second;
}

/// Takes out rows that hold values only in columns that say nothing about `ids`: dates, comments,
/// constants. True when there are any.
bool drop_idle_rows(Source& source, const std::vector<std::string>& ids) {
  const std::vector<std::size_t> rows = rows_of(source, ids);
  std::vector<std::size_t> idle;  // those without a value in the columns seen so far
  for (const auto& [id, row] : source.row_of) idle.push_back(row);
  bool any_used = false;
  bool all_used = true;
  for (const RawColumn& raw : source.raw.columns) {
    if (idle.empty()) return false;  // mostly after the first column: the others need no typing
    RawColumn copy = raw;
    const bool used =
        type_column(copy, rows, type_set(source, raw.name), source.raw.path).unusable.empty();
    any_used = any_used || used;
    all_used = all_used && used;
    if (!used) continue;
    idle.erase(std::remove_if(idle.begin(), idle.end(),
                              [&](std::size_t row) { return !std::isnan(raw.values[row]); }),
               idle.end());
  }
  if (all_used || !any_used) return false;  // without any column the table is refused later
  for (const std::size_t row : idle) {
    source.idle[row] = true;
    source.row_of.erase(source.raw.ids[row]);
  }
  return !idle.empty();
}

/// Who takes part decides which columns say something, and these decide who takes part. Both only
/// become fewer, so it ends.
std::vector<std::string> choose_by_columns(std::vector<Source>& sources, const StudySpec& spec,
                                           bool fitted) {
  for (;;) {
    std::vector<std::string> ids = choose_participants(sources, spec.id, spec.join == "any");
    bool fewer = false;
    for (Source& source : sources) {
      if (fitted || !source.modality || source.blocks) continue;
      fewer = drop_idle_rows(source, ids) || fewer;
    }
    if (!fewer) return ids;
  }
}

/// Every row of a table is kept or has one reason: the first that applies, in the order listed.
TableAccount account_rows(const Source& table, const std::vector<Source>& sources, bool any) {
  const std::size_t files = table.blocks ? table.blocks->ignored() : 0;
  TableAccount account;
  account.table = table.spec->name;
  account.rows = table.raw.ids.size() + files;
  std::vector<std::pair<std::string, std::size_t>> reasons = {
      {"empty id", 0},
      {table.blocks ? "without a value" : "all cells missing", 0},
      {"no value in the columns used", 0},
      {"of another kind or without id or path", files},
      {"in no modality", 0}};
  const std::size_t first = reasons.size();
  for (const Source& source : sources) reasons.emplace_back("not in " + source.spec->name, 0);
  for (std::size_t i = 0; i < table.raw.ids.size(); ++i) {
    const std::string& id = table.raw.ids[i];
    std::size_t reason = reasons.size();
    if (id.empty()) {
      reason = 0;
    } else if (table.modality && table.blank[i]) {
      reason = 1;
    } else if (table.idle[i]) {
      reason = 2;
    } else if (any) {
      if (!in_some(sources, id)) reason = 4;
    } else {
      for (std::size_t k = 0; k < sources.size() && reason == reasons.size(); ++k) {
        if (sources[k].modality && sources[k].row_of.count(id) == 0) reason = first + k;
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
  for (const auto& item : table.raw.dropped) {
    account.rows += item.second;
    account.dropped.push_back(item);
  }
  return account;
}

}  // namespace

std::vector<Source> read_sources(const StudySpec& spec, const SourceList& list,
                                 Observer* observer) {
  if (list.modalities.empty()) {
    throw ConfigError(spec.path +
                      ": the study has no modality; expected at least one; add [[modality]]");
  }
  std::vector<Source> sources;
  const std::size_t modalities = list.modalities.size();
  const std::size_t count = modalities + list.covariates.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (observer != nullptr) {
      if (observer->cancelled()) throw Interrupted("stopped while reading");
      observer->progress({"reading", static_cast<double>(i) / static_cast<double>(count), -1});
    }
    const bool modality = i < modalities;
    const SourceSpec& source = modality ? list.modalities[i] : list.covariates[i - modalities];
    sources.push_back(
        read(spec, source, modality, i < list.fitted.size() ? list.fitted[i] : nullptr, observer));
  }
  std::vector<RawTable*> tables;
  for (Source& source : sources) tables.push_back(&source.raw);
  spread_over_visits(spec, tables);
  for (Source& source : sources) {
    if (source.spec->kind == "windows") source.raw = table_of_windows(*source.spec, sources);
  }
  for (Source& source : sources) find_usable_rows(source);
  return sources;
}

void settle_participants(std::vector<Source>& sources, bool fitted, Study& study) {
  const bool any = study.spec.join == "any";
  study.ids = choose_by_columns(sources, study.spec, fitted);
  const bool blocks = std::any_of(sources.begin(), sources.end(),
                                  [](const Source& source) { return source.blocks != nullptr; });
  if (blocks) {
    prepare_blocks(sources, any);
    study.ids = choose_by_columns(sources, study.spec, fitted);
  }
  for (const Source& source : sources) {
    study.tables.push_back(account_rows(source, sources, any));
    if (study.tables.back().kept == 0) fail_no_common(sources.front(), source, study.spec.id);
  }
  const std::vector<std::string> warnings = warn_of_partners(sources, any, study.ids);
  study.warnings.insert(study.warnings.end(), warnings.begin(), warnings.end());
  std::vector<const RawTable*> tables;
  for (const Source& source : sources) tables.push_back(&source.raw);
  study.groups = groups_of(study.spec, study.ids, tables);
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

std::vector<std::size_t> listed_rows_of(const Source& source, const std::vector<std::string>& ids) {
  std::vector<std::size_t> rows = rows_of(source, ids);
  for (std::size_t& row : rows) {
    if (row != kNoRow) row = listed_row(source, row);
  }
  return rows;
}

}  // namespace polycause
