#include "report/levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/people.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

std::string node_of(const std::string& table, const std::string& column) {
  return column.rfind(table + ".", 0) == 0 ? column : table + "." + column;
}

}  // namespace

std::vector<std::string> told_levels(const Column& column, const std::vector<std::size_t>& person) {
  std::map<double, std::set<std::size_t>> people;
  if (column.levels.empty() && column.type != ColumnType::kBinary) return {};
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (!std::isnan(column.values[i])) people[column.values[i]].insert(person.at(i));
  }
  std::vector<std::string> out;
  if (column.levels.empty()) {
    for (const auto& [value, who] : people) out.push_back(few(who) ? "" : fmt::format("{}", value));
  }
  for (std::size_t k = 0; k < column.levels.size(); ++k)
    out.push_back(few(people[static_cast<double>(k)]) ? "" : column.levels[k]);
  return out;
}

RareLevels::RareLevels(const Json& run) {
  const Json& study = run.at("study");
  for (const char* list : {"modalities", "covariates"}) {
    if (!study.contains(list)) continue;
    for (const Json& table : study[list]) {
      if (!table.contains("columns")) continue;
      const auto name = table.at("name").get<std::string>();
      for (const Json& column : table["columns"]) {
        const auto own = column.at("name").get<std::string>();
        ids_.insert(node_of(name, own));
        if (!column.contains("levels") || !column["levels"].is_array()) continue;
        Levels levels{name, own + "=", {}};
        for (const Json& level : column["levels"]) {
          if (level.is_string()) levels.told.insert(level.get<std::string>());
        }
        columns_.push_back(std::move(levels));
      }
    }
  }
}

bool RareLevels::rare(const std::string& table, const std::string& name) const {
  return std::any_of(columns_.begin(), columns_.end(), [&](const Levels& column) {
    return column.table == table && name.rfind(column.prefix, 0) == 0 &&
           column.told.count(name.substr(column.prefix.size())) == 0;
  });
}

std::string RareLevels::told(const std::string& id) {
  const auto known = replaced_.find(id);
  if (known != replaced_.end()) return known->second;
  if (ids_.count(id) > 0) return id;
  for (const Levels& column : columns_) {
    const std::string prefix = node_of(column.table, column.prefix);
    if (id.rfind(prefix, 0) != 0 || column.told.count(id.substr(prefix.size())) > 0) continue;
    return replaced_[id] = fmt::format("{}rare level {}", prefix, replaced_.size() + 1);
  }
  return id;
}

std::string RareLevels::told_in(std::string text) const {
  for (const auto& [name, other] : replaced_) {
    for (std::size_t at = text.find(name); at != std::string::npos;
         at = text.find(name, at + other.size())) {
      text.replace(at, name.size(), other);
    }
  }
  return text;
}

}  // namespace polycause
