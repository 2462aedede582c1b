#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "polycause/discover.h"
#include "polycause/error.h"

namespace polycause {

Table join(const std::vector<Table>& tables) {
  Table joined;
  if (tables.empty()) return joined;
  std::vector<std::unordered_map<std::string, std::size_t>> row(tables.size());
  for (std::size_t t = 0; t < tables.size(); ++t) {
    for (std::size_t r = 0; r < tables[t].rows(); ++r) {
      if (!row[t].emplace(tables[t].ids[r], r).second) {
        throw DataError(
            tables[t].name.empty() ? "join" : tables[t].name, 0, "",
            fmt::format("participant \"{}\" occurs twice; expected one row each; remove one",
                        tables[t].ids[r]));
      }
    }
  }
  for (const std::string& id : tables[0].ids) {
    bool everywhere = true;
    for (const auto& known : row) everywhere = everywhere && known.count(id) > 0;
    if (everywhere) joined.ids.push_back(id);
  }
  if (joined.ids.empty()) {
    std::vector<std::string> rows;
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const std::string name = tables[t].name.empty() ? fmt::format("table {}", t + 1)
                                                      : fmt::format("'{}'", tables[t].name);
      rows.push_back(fmt::format("{} has {} rows", name, tables[t].rows()));
    }
    throw DataError(
        "join", 0, "",
        fmt::format("no participant is in every table ({}); expected common ids; check the id "
                    "column",
                    fmt::join(rows, ", ")));
  }
  std::set<std::string> names;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::string prefix = tables[t].name.empty() ? "" : tables[t].name + ".";
    for (const Column& from : tables[t].columns) {
      Column to;
      to.name = from.name.rfind(prefix, 0) == 0 ? from.name : prefix + from.name;
      to.type = from.type;
      to.levels = from.levels;
      to.values.reserve(joined.ids.size());
      for (const std::string& id : joined.ids) to.values.push_back(from.values[row[t].at(id)]);
      if (!names.insert(to.name).second) {
        throw DataError(
            "join", 0, to.name,
            "the name occurs in two tables; expected distinct names; name the tables or rename "
            "the column");
      }
      joined.columns.push_back(std::move(to));
    }
  }
  return joined;
}

}  // namespace polycause
