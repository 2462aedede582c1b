#include "data/visits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/cells.h"
#include "data/windows.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// Values of one key column as texts, "" where missing, and their order among themselves.
struct Key {
  std::string name;
  std::vector<std::string> cells;
  std::vector<std::size_t> order;
  bool unsortable = false;  ///< dates such as 31/12/2013, which their bytes do not order
};

/// 1/2/2013, 01.02.13, 31-12-2013: the year last.
bool is_date_by_day(const std::string& text) {
  std::size_t parts = 1;
  std::size_t digits = 0;
  char sign = '\0';
  for (const char c : text.substr(0, text.find(' '))) {
    if (c >= '0' && c <= '9') {
      if (++digits > (parts == 3 ? 4U : 2U)) return false;
    } else if ((c == '/' || c == '.' || c == '-') && digits > 0 && (sign == '\0' || c == sign)) {
      sign = c;
      digits = 0;
      ++parts;
    } else {
      return false;
    }
  }
  return parts == 3 && digits >= 2;
}

/// At least half of those that are there.
bool dates_by_day(const std::vector<std::string>& cells) {
  std::size_t filled = 0;
  std::size_t dates = 0;
  for (const std::string& cell : cells) {
    if (cell.empty()) continue;
    ++filled;
    if (is_date_by_day(cell)) ++dates;
  }
  return filled > 0 && 2 * dates >= filled;
}

std::vector<std::string> cells_as_text(const RawColumn& column) {
  std::vector<std::string> texts;
  texts.reserve(column.values.size());
  for (const double value : column.values) {
    texts.push_back(std::isnan(value) ? ""
                    : column.text     ? column.levels[static_cast<std::size_t>(value)]
                                      : number_text(value));
  }
  return texts;
}

/// Numbers by value, texts by bytes, missing cells last.
Key make_key(const RawColumn& column) {
  Key key{column.name, cells_as_text(column), {}, false};
  key.unsortable = column.text && dates_by_day(key.cells);
  std::vector<std::pair<double, std::string>> values;
  for (std::size_t i = 0; i < key.cells.size(); ++i) {
    const bool missing = std::isnan(column.values[i]);
    const double number =
        missing ? std::numeric_limits<double>::infinity() : (column.text ? 0.0 : column.values[i]);
    values.emplace_back(number, key.cells[i]);
  }
  std::vector<std::pair<double, std::string>> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& value : values) {
    key.order.push_back(static_cast<std::size_t>(
        std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin()));
  }
  return key;
}

/// The column is no longer data.
bool take(RawTable& table, const std::string& name, Key& key) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const RawColumn& column) { return column.name == name; });
  if (found == table.columns.end()) return false;
  key = make_key(*found);
  table.columns.erase(found);
  return true;
}

std::vector<Key> take_visits(const StudySpec& spec, RawTable& table) {
  std::vector<Key> keys;
  std::string absent;
  for (const std::string& name : spec.visit_columns) {
    Key key;
    if (take(table, name, key)) {
      keys.push_back(std::move(key));
    } else {
      absent = name;
    }
  }
  if (!keys.empty() && !absent.empty()) {
    throw DataError(table.path, 1, "",
                    fmt::format("has the visit column '{}' but not '{}'; expected all of "
                                "study.visit_columns or none; correct study.visit_columns",
                                keys[0].name, absent));
  }
  return keys;
}

std::string visit_text(const std::vector<Key>& keys, std::size_t row) {
  std::string text = keys.at(0).cells[row];
  for (std::size_t k = 1; k < keys.size(); ++k) text += ":" + keys[k].cells[row];
  return text;
}

std::vector<bool> blank_rows(const RawTable& table) {
  std::vector<bool> blank(table.ids.size(), true);
  for (const RawColumn& column : table.columns) {
    for (std::size_t i = 0; i < blank.size(); ++i) {
      if (!std::isnan(column.values[i])) blank[i] = false;
    }
  }
  return blank;
}

void keep_rows(const std::vector<std::size_t>& rows, RawTable& table) {
  const auto choose = [&](auto& values) {
    if (values.empty()) return;
    std::remove_reference_t<decltype(values)> chosen;
    chosen.reserve(rows.size());
    for (const std::size_t i : rows) chosen.push_back(std::move(values[i]));
    values = std::move(chosen);
  };
  choose(table.ids);
  choose(table.lines);
  choose(table.groups);
  for (RawColumn& column : table.columns) choose(column.values);
}

/// Whether row `a` comes before row `b` of the same participant.
bool earlier(const RawTable& table, const std::vector<Key>& keys, std::size_t a, std::size_t b) {
  for (const Key& key : keys) {
    if (key.order[a] == key.order[b]) continue;
    if (!key.unsortable) return key.order[a] < key.order[b];
    throw DataError(
        table.path, table.lines[a], key.name,
        "tells visits apart by dates such as dd/mm/yyyy, whose order is not that of the "
        "texts; expected dates as yyyy-mm-dd, or numbers; rewrite the column");
  }
  return false;
}

[[noreturn]] void fail_same_visit(const RawTable& table, const std::vector<Key>& keys,
                                  std::size_t a, std::size_t b, const std::string& id) {
  throw DataError(
      table.path, table.lines[b], id,
      fmt::format("rows {} and {} are both visit {} of {}; expected every visit once; "
                  "add the column that tells them apart to study.visit_columns",
                  table.lines[a], table.lines[b], shown(visit_text(keys, a)),
                  shown(table.participants.empty() ? table.ids[a] : table.participants[a])));
}

/// Rows of the visit that study.visit asks for; all unless it names one.
std::vector<std::size_t> rows_of_visit(const StudySpec& spec, const std::vector<Key>& keys,
                                       const RawTable& table) {
  const bool any = spec.visit == "first" || spec.visit == "last";
  std::vector<std::size_t> rows;
  std::map<std::string, std::size_t> others;
  for (std::size_t i = 0; i < table.ids.size(); ++i) {
    bool asked = any;
    for (const Key& key : keys) {
      asked = asked || key.cells[i] == spec.visit;
      if (!any && others.size() < 12 && !key.cells[i].empty()) ++others[key.cells[i]];
    }
    if (asked) rows.push_back(i);
  }
  if (rows.empty() && !table.ids.empty()) {
    std::string names;
    for (const auto& [name, count] : others) names += (names.empty() ? "" : ", ") + shown(name);
    throw DataError(table.path, 0, "",
                    fmt::format("no row is of visit {}; expected first, last, rows or a value of "
                                "the visit columns ({}); correct study.visit",
                                shown(spec.visit), names));
  }
  return rows;
}

/// One row per participant: the first or last that has any value.
void choose_visit(const StudySpec& spec, const std::vector<Key>& keys, RawTable& table) {
  const std::vector<bool> blank = blank_rows(table);
  const bool last = spec.visit == "last";
  std::unordered_map<std::string, std::size_t> best;
  std::unordered_map<std::string, std::size_t> seen;
  for (const std::size_t i : rows_of_visit(spec, keys, table)) {
    if (table.ids[i].empty()) continue;
    const auto same = seen.try_emplace(table.ids[i] + "@" + visit_text(keys, i), i);
    if (!same.second) fail_same_visit(table, keys, same.first->second, i, spec.id);
    const auto [place, fresh] = best.try_emplace(table.ids[i], i);
    if (fresh) continue;
    const std::size_t held = place->second;
    const bool before = earlier(table, keys, i, held);
    if (blank[i] != blank[held] ? blank[held] : before != last) place->second = i;
  }
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < table.ids.size(); ++i) {
    const auto found = best.find(table.ids[i]);
    if (table.ids[i].empty() || (found != best.end() && found->second == i)) rows.push_back(i);
  }
  if (rows.size() < table.ids.size())
    table.dropped.emplace_back("another visit", table.ids.size() - rows.size());
  keep_rows(rows, table);
}

}  // namespace

std::vector<std::string> key_columns(const StudySpec& spec) {
  std::vector<std::string> names = spec.visit_columns;
  if (!spec.group.empty() && spec.group != spec.id) names.push_back(spec.group);
  return names;
}

void settle_rows(const StudySpec& spec, RawTable& table) {
  const std::vector<Key> visits = take_visits(spec, table);
  Key group;
  const bool grouped =
      !spec.group.empty() && spec.group != spec.id && take(table, spec.group, group);
  if (grouped || (spec.visit == "rows" && !visits.empty())) table.groups = table.ids;
  for (std::size_t i = 0; grouped && i < table.ids.size(); ++i) {
    if (!group.cells[i].empty()) table.groups[i] = group.cells[i];
  }
  if (visits.empty() || spec.visit.empty()) {
    refuse_duplicate_ids(table, spec.id);
    table.per_participant = rows_are_parts(spec);
    return;
  }
  if (spec.visit != "rows") {
    choose_visit(spec, visits, table);
    table.per_participant = rows_are_parts(spec);
    return;
  }
  table.participants = table.ids;
  std::unordered_map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < table.ids.size(); ++i) {
    if (table.ids[i].empty()) continue;
    table.ids[i] += "@" + visit_text(visits, i);
    const auto [place, fresh] = first.try_emplace(table.ids[i], i);
    if (!fresh) fail_same_visit(table, visits, place->second, i, spec.id);
  }
}

bool rows_are_parts(const StudySpec& spec) { return spec.visit == "rows" || cuts_windows(spec); }

void spread_over_visits(const StudySpec& spec, const std::vector<RawTable*>& tables) {
  if (!rows_are_parts(spec)) return;
  std::map<std::string, std::vector<std::string>> visits;  // participant -> ids of rows
  for (const RawTable* table : tables) {
    if (table->participants.empty()) continue;
    for (std::size_t i = 0; i < table->ids.size(); ++i) {
      if (!table->ids[i].empty()) visits[table->participants[i]].push_back(table->ids[i]);
    }
  }
  if (visits.empty() && !tables.empty()) {
    throw DataError(tables.front()->path, 1, "",
                    fmt::format("no table has the visit columns {}; expected them in at least one; "
                                "correct study.visit_columns",
                                fmt::join(spec.visit_columns, ", ")));
  }
  std::unordered_set<std::string> parts;
  for (auto& [participant, rows] : visits) {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    parts.insert(rows.begin(), rows.end());
  }
  for (RawTable* table : tables) {
    if (!table->per_participant) continue;
    std::vector<std::size_t> sources;
    std::vector<std::string> ids;
    std::size_t without = 0;
    for (std::size_t i = 0; i < table->ids.size(); ++i) {
      const auto found = visits.find(table->ids[i]);
      if (found == visits.end()) {
        if (parts.count(table->ids[i]) > 0) {
          sources.push_back(i);
          ids.push_back(table->ids[i]);
        } else {
          ++without;
        }
        continue;
      }
      for (const std::string& id : found->second) {
        sources.push_back(i);
        ids.push_back(id);
      }
    }
    RawTable spread = *table;
    for (RawColumn& column : spread.columns) column.values.clear();
    spread.lines.clear();
    spread.groups.clear();
    for (const std::size_t i : sources) {
      for (std::size_t c = 0; c < spread.columns.size(); ++c)
        spread.columns[c].values.push_back(table->columns[c].values[i]);
      spread.lines.push_back(table->lines[i]);
      if (!table->groups.empty()) spread.groups.push_back(table->groups[i]);
    }
    spread.ids = std::move(ids);
    spread.origin = std::move(sources);
    if (without > 0) spread.dropped.emplace_back("no visit in another table", without);
    *table = std::move(spread);
  }
}

std::vector<std::string> groups_of(const StudySpec& spec, const std::vector<std::string>& ids,
                                   const std::vector<const RawTable*>& tables) {
  std::vector<std::string> groups(ids.size());
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < ids.size(); ++i) row_of.emplace(ids[i], i);
  bool known = false;
  for (const RawTable* table : tables) {
    known = known || !table->groups.empty();
    for (std::size_t i = 0; i < table->groups.size(); ++i) {
      const auto found = row_of.find(table->ids[i]);
      if (found == row_of.end()) continue;
      std::string& group = groups[found->second];
      if (!group.empty() && group != table->groups[i]) {
        throw DataError(table->path, table->lines[i], spec.group,
                        fmt::format("{} is of group {} here and of {} in another table; expected "
                                    "the same; correct study.group",
                                    shown(table->ids[i]), shown(table->groups[i]), shown(group)));
      }
      group = table->groups[i];
    }
  }
  if (!spec.group.empty() && spec.group != spec.id && !known && !tables.empty()) {
    throw DataError(tables.front()->path, 1, "",
                    fmt::format("there is no column '{}' in any table; expected the groups that "
                                "the split keeps together in it; correct study.group",
                                spec.group));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (groups[i].empty()) groups[i] = ids[i];
  }
  return groups;
}

std::string whom(const Study& study) {
  const std::size_t people = study.people();
  if (people == 0 || people == study.participants())
    return fmt::format("{} participants", study.participants());
  const bool grouped = !study.spec.group.empty() && study.spec.group != study.spec.id;
  return fmt::format("{} rows of {} {}", study.participants(), people,
                     grouped ? "groups" : "participants");
}

}  // namespace polycause
