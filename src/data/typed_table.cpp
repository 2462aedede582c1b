#include "data/typed_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/pattern.h"
#include "data/column_types.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kMostlyMissing = 0.9;

/// Why the first columns of a table were dropped.
std::string first_notes(const Study& study, const std::string& table) {
  std::vector<std::string> notes;
  for (const ColumnAccount& column : study.columns) {
    if (column.table == table && notes.size() < 2)
      notes.push_back(column.column + ": " + column.note);
  }
  return fmt::format("{}", fmt::join(notes, "; "));
}

void join_note(const std::string& text, std::string& note) {
  if (!text.empty()) note += (note.empty() ? "" : "; ") + text;
}

/// What the user should look at in a column that is kept.
void warn_of_cells(const Source& source, const Column& column, Study& study) {
  const FarCells far = far_cells(column);
  if (far.text.empty()) return;
  const std::vector<std::string>& ranked = source.spec->rank_normal;
  const bool bounded = std::any_of(ranked.begin(), ranked.end(), [&](const std::string& pattern) {
    return fits_pattern(pattern, column.name);
  });
  if (bounded && far.codes.empty()) return;
  const std::string advice = bounded           ? ""
                             : source.modality ? "; if they are, set rank_normal"
                                               : "; if they are, set discover.rank_normal";
  study.warnings.push_back(fmt::format(
      "{0}.{1}: {2}; if they are no measurements, make them missing, missing = {{ \"{1}\" = [{3}] "
      "}} "
      "in the table of the study{4}",
      source.spec->name, column.name, far.text, far.codes.empty() ? "..." : far.codes, advice));
}

}  // namespace

Table typed_table(Source& source, CodesInRange& codes, Study& study) {
  const SourceSpec& spec = *source.spec;
  const std::vector<std::size_t> rows = rows_of(source, study.ids);
  const std::size_t absent =
      source.modality ? static_cast<std::size_t>(std::count(rows.begin(), rows.end(), kNoRow)) : 0;
  Table table;
  table.name = spec.name;
  table.ids = study.ids;
  for (RawColumn& raw : source.raw.columns) {
    const auto set = spec.types.find(raw.name);
    const bool is_set = set != spec.types.end();
    const std::string where = spec.name + "." + raw.name;
    TypedColumn typed = type_column(raw, rows, is_set ? &set->second : nullptr, source.raw.path);
    if (!raw.note.empty() && !is_set && typed.unusable.empty())
      study.warnings.push_back(where + ": " + raw.note);
    if (!typed.doubt.empty()) study.warnings.push_back(where + ": " + typed.doubt);
    codes.add(spec, raw, typed.column);
    typed.missing -= absent;
    ColumnAccount account{spec.name, typed.column.name, typed.column.type, typed.missing, true, ""};
    if (!typed.unusable.empty()) {
      account.used = false;
      account.note = typed.unusable;
      study.warnings.push_back(where + ": dropped (" + typed.unusable + ")");
    } else {
      if (is_set) account.note = "type set by the study";
      const double share =
          static_cast<double>(typed.missing) / static_cast<double>(rows.size() - absent);
      if (source.modality && share >= kMostlyMissing) {
        study.warnings.push_back(
            fmt::format("{}: {:.0f} % of the cells are missing", where, 100 * share));
      }
      warn_of_cells(source, typed.column, study);
      table.columns.push_back(std::move(typed.column));
    }
    join_note(codes_found(raw), account.note);
    study.columns.push_back(std::move(account));
  }
  if (table.columns.empty()) {
    throw DataError(
        source.raw.path, 0, "",
        fmt::format(
            "'{}' has no column left: every one is constant, empty or unusable among the {} "
            "common participants ({}); expected at least one that varies; remove the table from "
            "the study or choose other columns",
            spec.name, study.ids.size(), first_notes(study, spec.name)));
  }
  return table;
}

}  // namespace polycause
