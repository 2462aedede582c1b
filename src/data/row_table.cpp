#include "data/row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "data/cells.h"
#include "data/rows.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const char kNotUtf8[] =
    "the text is not UTF-8; expected UTF-8; convert the file, for example with iconv -f cp1252 -t "
    "utf8 (Windows and Excel), or -f latin1";

/// Cells of one column on their way into a RawColumn.
struct Collector {
  std::size_t field = 0;  ///< position in the record
  RawColumn column;
  CellCounts counts;
  std::unordered_map<std::string, std::size_t> codes;
  std::shared_ptr<const CellReader> cells;  ///< of the column, where it has codes of its own

  void add_text(const std::string& path, std::size_t line, std::string_view text) {
    if (counts.texts++ == 0) {
      counts.first_line = line;
      counts.first_text = text;
    }
    const auto [place, fresh] = codes.try_emplace(std::string(text), column.levels.size());
    if (fresh) {
      if (!is_utf8(text)) throw DataError(path, line, column.name, kNotUtf8);
      column.levels.emplace_back(text);
    }
    column.values.push_back(static_cast<double>(place->second));
  }
};

class RowTableReader {
 public:
  RowTableReader(const std::string& path, const ReadOptions& options)
      : path_(path),
        options_(options),
        decimal_(decimal_of_rows(path, options.decimal)),
        cells_(options.missing, decimal_) {}

  RawTable read() {
    RawTable table = pass({});
    std::set<std::string> mixed;
    for (Collector& collector : collectors_) {
      const bool text = settle_column(path_, collector.column.name, collector.counts, options_);
      collector.column.text = text;
      if (text && collector.counts.numbers > 0) mixed.insert(collector.column.name);
      if (text && collector.counts.texts > 0 && decimal_commas(collector.column.levels)) {
        throw DataError(path_, collector.counts.first_line, collector.column.name,
                        "holds " + shown(collector.counts.first_text) +
                            "; expected numbers with a decimal point; set decimal = \",\" (of "
                            "[study], of this table, or --decimal of discover)");
      }
    }
    keep(table, {});
    if (!mixed.empty()) {  // the texts of its numbers are only in the file
      pass(mixed);
      for (Collector& collector : collectors_) collector.column.text = true;
      keep(table, mixed);
    }
    return table;
  }

 private:
  /// Fills collectors_. With `as_text`: these columns alone, every cell a text.
  RawTable pass(const std::set<std::string>& as_text) {
    RawTable table;
    table.path = path_;
    const std::unique_ptr<RowStream> rows = open_rows(path_, options_.decimal);
    std::vector<RowField> fields;
    if (!rows->next(fields)) {
      throw DataError(path_, 0, "",
                      "the file is empty; expected a header line and one row per participant");
    }
    const std::size_t width = fields.size();
    const std::size_t id = read_header(fields, as_text);
    std::vector<std::size_t> needed;
    if (id != kNoId) needed.push_back(id);
    for (const Collector& collector : collectors_) needed.push_back(collector.field);
    rows->need(needed);
    while (rows->next(fields)) {
      if (fields.size() != width) fail_ragged(*rows, fields.size(), width);
      const std::size_t line = rows->line();
      if (as_text.empty()) {
        if (table.lines.size() == 1000) reserve(table, rows->expected_rows(1000));
        table.lines.push_back(line);
        table.ids.push_back(id == kNoId ? std::to_string(table.ids.size())
                                        : id_text(fields[id], line));
      }
      for (Collector& collector : collectors_) {
        add_cell(collector, fields[collector.field], line, !as_text.empty());
      }
    }
    if (table.lines.empty() && as_text.empty()) {
      throw DataError(path_, 0, "",
                      "holds a header line only; expected one row per participant below it");
    }
    return table;
  }

  std::size_t read_header(const std::vector<RowField>& fields,
                          const std::set<std::string>& as_text) {
    std::vector<std::string> names;
    bool numbers_only = true;
    for (const RowField& field : fields) {
      names.emplace_back(trimmed(field.text));
      if (!is_utf8(names.back())) throw DataError(path_, 1, "", kNotUtf8);
      double ignored = 0;
      if (cells_.read(names.back(), ignored) != Cell::kNumber) numbers_only = false;
    }
    if (numbers_only && !is_arrow_name(path_)) {
      throw DataError(path_, 1, "",
                      "the first line holds numbers only (" + shown(names[0]) +
                          ", ...); expected the names of the columns; add a header line");
    }
    const std::size_t id = find_id(path_, names, options_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty() && i != id) names[i] = "column" + std::to_string(i + 1);
    }
    refuse_duplicate_names(path_, names);
    collectors_.clear();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i == id || (options_.wanted && !options_.wanted(names[i]))) continue;
      if (!as_text.empty() && as_text.count(names[i]) == 0) continue;
      Collector collector;
      collector.field = i;
      collector.column.name = names[i];
      const std::vector<std::string> missing = missing_in(options_, names[i]);
      if (missing.size() > options_.missing.size())
        collector.cells = std::make_shared<const CellReader>(missing, decimal_);
      collectors_.push_back(std::move(collector));
    }
    return id;
  }

  std::string id_text(const RowField& field, std::size_t line) const {
    const std::string_view text = trimmed(field.text);
    if (cells_.is_missing(text)) return "";
    if (!is_utf8(text)) throw DataError(path_, line, options_.id, kNotUtf8);
    return std::string(text);
  }

  void add_cell(Collector& collector, const RowField& field, std::size_t line, bool as_text) const {
    const std::string_view text = trimmed(field.text);
    double number = kNaN;
    const Cell cell = (collector.cells ? *collector.cells : cells_).read(text, number);
    if (cell == Cell::kMissing && !text.empty()) collector.column.count_code(text);
    if (cell == Cell::kText || (as_text && cell == Cell::kNumber)) {
      collector.add_text(path_, line, text);
      return;
    }
    if (cell == Cell::kNumber) ++collector.counts.numbers;
    collector.column.values.push_back(cell == Cell::kNumber ? number : kNaN);
  }

  /// Makes room for all rows at once.
  void reserve(RawTable& table, std::size_t room) {
    table.ids.reserve(room);
    table.lines.reserve(room);
    for (Collector& collector : collectors_) collector.column.values.reserve(room);
  }

  /// Moves what was collected into the table: appends, or replaces the columns named.
  void keep(RawTable& table, const std::set<std::string>& replace) {
    for (Collector& collector : collectors_) {
      if (replace.empty()) {
        table.columns.push_back(std::move(collector.column));
        continue;
      }
      for (RawColumn& column : table.columns) {
        if (column.name != collector.column.name) continue;
        column = std::move(collector.column);
        column.note = "numbers and texts mixed; taken as texts";
      }
    }
    collectors_.clear();
  }

  [[noreturn]] void fail_ragged(const RowStream& rows, std::size_t found, std::size_t width) const {
    std::string advice = "correct the row, or quote a text that contains the separator";
    if (found == width + 1) {
      advice += "; a table written by R with row names needs write.csv, or col.names = NA";
    }
    const char separator = rows.delimiter();
    const std::string name = separator == '\t' ? "tab" : std::string("'") + separator + "'";
    throw DataError(
        path_, rows.line(), "",
        fmt::format("the row has {} fields; expected {} as in the header (separator {}); {}", found,
                    width, name, advice));
  }

  /// True when texts such as "1,5" make up nine tenths of the distinct ones.
  bool decimal_commas(const std::vector<std::string>& levels) const {
    if (decimal_ == ',') return false;
    const CellReader reader({}, ',');
    std::size_t count = 0;
    for (const std::string& level : levels) {
      double number = 0;
      if (level.find(',') != std::string::npos && reader.read(level, number) == Cell::kNumber)
        ++count;
    }
    return count * 10 >= levels.size() * 9;
  }

  const std::string path_;
  const ReadOptions& options_;
  const char decimal_;
  const CellReader cells_;
  std::vector<Collector> collectors_;
};

}  // namespace

RawTable read_row_table(const std::string& path, const ReadOptions& options) {
  return RowTableReader(path, options).read();
}

}  // namespace polycause
