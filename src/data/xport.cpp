#include "data/xport.h"

#include <readstat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "base/text.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/text_column.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLargest = std::size_t{16} << 30U;
constexpr std::size_t kNotKept = static_cast<std::size_t>(-1);

/// Bytes in memory that ReadStat reads as a file.
struct Memory {
  const std::string* bytes = nullptr;
  std::size_t at = 0;
};

int open_memory(const char*, void* context) {
  static_cast<Memory*>(context)->at = 0;
  return 0;
}

int close_memory(void*) { return 0; }

readstat_off_t seek_memory(readstat_off_t offset, readstat_io_flags_t whence, void* context) {
  auto* memory = static_cast<Memory*>(context);
  const auto size = static_cast<readstat_off_t>(memory->bytes->size());
  readstat_off_t base = 0;
  if (whence == READSTAT_SEEK_CUR) base = static_cast<readstat_off_t>(memory->at);
  if (whence == READSTAT_SEEK_END) base = size;
  const readstat_off_t target = base + offset;
  if (target < 0 || target > size) return -1;
  memory->at = static_cast<std::size_t>(target);
  return target;
}

ssize_t read_memory(void* buffer, std::size_t count, void* context) {
  auto* memory = static_cast<Memory*>(context);
  const std::size_t available = std::min(count, memory->bytes->size() - memory->at);
  std::memcpy(buffer, memory->bytes->data() + memory->at, available);
  memory->at += available;
  return static_cast<ssize_t>(available);
}

readstat_error_t update_memory(long, readstat_progress_handler, void*, void*) {
  return READSTAT_OK;
}

std::string as_utf8(const char* text) {
  const std::string_view view = trimmed(text == nullptr ? "" : text);
  if (is_utf8(view)) return std::string(view);
  std::string out;
  for (const char c : view) append_utf8(out, static_cast<unsigned char>(c));  // Latin-1
  return out;
}

/// What the handlers fill. Exceptions must not pass through ReadStat, so they are kept in
/// `failure`.
struct Collected {
  std::vector<std::string> names;
  std::vector<bool> is_text;
  std::vector<std::size_t> kept;  ///< position in table.columns, kNotKept for others
  std::size_t id = kNoId;
  bool started = false;
  const ReadOptions* options = nullptr;
  std::unique_ptr<CellReader> cells;
  RawTable table;
  std::vector<TextColumn> texts;  ///< one per kept column
  std::string error;
  std::exception_ptr failure;

  void start() {
    started = true;
    refuse_duplicate_names(table.path, names);
    id = find_id(table.path, names, *options);
    kept.assign(names.size(), kNotKept);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i == id || (options->wanted && !options->wanted(names[i]))) continue;
      kept[i] = table.columns.size();
      RawColumn column;
      column.name = names[i];
      table.columns.push_back(std::move(column));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (kept[i] == kNotKept) continue;
      RawColumn& column = table.columns[kept[i]];
      texts.emplace_back(column);
      column.text = is_text[i];
    }
  }

  void add(std::size_t row, std::size_t variable, readstat_value_t value) {
    if (!started) start();
    if (variable == 0) {
      table.lines.push_back(row + 1);
      table.ids.push_back(id == kNoId ? std::to_string(row) : "");
    }
    const bool missing = readstat_value_is_system_missing(value) != 0 ||
                         readstat_value_is_tagged_missing(value) != 0;
    const bool text = is_text[variable];
    const std::string words = text ? as_utf8(readstat_string_value(value)) : "";
    double number = kNaN;
    if (!text && !missing) number = readstat_double_value(value);
    const bool coded = cells->is_missing(number) && std::isfinite(number);
    if (coded && variable != id && kept[variable] != kNotKept)
      table.columns[kept[variable]].count_code(number_text(number));
    if (coded) number = kNaN;
    if (variable == id) {
      if (text) {
        table.ids.back() = cells->is_missing(words) ? "" : words;
      } else if (!std::isnan(number)) {
        table.ids.back() = number_text(number);
      }
    } else if (kept[variable] != kNotKept) {
      if (text && !words.empty()) {
        texts[kept[variable]].add(words);
      } else {
        table.columns[kept[variable]].values.push_back(number);
      }
    }
  }
};

int on_variable(int, readstat_variable_t* variable, const char*, void* context) {
  auto* collected = static_cast<Collected*>(context);
  try {
    collected->names.push_back(as_utf8(readstat_variable_get_name(variable)));
    collected->is_text.push_back(readstat_variable_get_type_class(variable) ==
                                 READSTAT_TYPE_CLASS_STRING);
    return READSTAT_HANDLER_OK;
  } catch (...) {
    collected->failure = std::current_exception();
    return READSTAT_HANDLER_ABORT;
  }
}

int on_value(int row, readstat_variable_t* variable, readstat_value_t value, void* context) {
  auto* collected = static_cast<Collected*>(context);
  try {
    collected->add(static_cast<std::size_t>(row),
                   static_cast<std::size_t>(readstat_variable_get_index(variable)), value);
    return READSTAT_HANDLER_OK;
  } catch (...) {
    collected->failure = std::current_exception();
    return READSTAT_HANDLER_ABORT;
  }
}

void on_error(const char* message, void* context) {
  auto* collected = static_cast<Collected*>(context);
  if (message != nullptr && collected->error.empty()) collected->error = message;
}

void check_content(const std::string& path, const std::string& bytes) {
  constexpr std::size_t kRecord = 80;
  const auto begins = [&](std::size_t at, const char* text) {
    return bytes.compare(at, std::strlen(text), text) == 0;
  };
  if (!begins(0, "HEADER RECORD*******LIB")) {
    const std::string known = known_content(bytes.substr(0, 64));
    throw DataError(path, 0, "",
                    (known.empty() ? std::string("the content is no SAS transport file")
                                   : "the content looks like " + known) +
                        "; expected a file that begins with \"HEADER RECORD*******LIB\"; correct "
                        "the name or export "
                        "it with PROC COPY and the XPORT engine");
  }
  std::size_t members = 0;
  for (std::size_t at = 0; at + kRecord <= bytes.size(); at += kRecord) {
    if (bytes[at] == 'H' && begins(at, "HEADER RECORD*******MEM")) ++members;
  }
  if (members > 1) {
    throw DataError(path, 0, "",
                    "holds " + std::to_string(members) +
                        " data sets; expected one; export each to a file of its own");
  }
}

}  // namespace

bool has_xport() { return true; }

RawTable read_xport(const std::string& path, const ReadOptions& options) {
  const std::string bytes = read_bytes(path, kLargest);
  check_content(path, bytes);
  Collected collected;
  collected.options = &options;
  collected.cells = std::make_unique<CellReader>(options.missing, options.decimal);
  collected.table.path = path;
  Memory memory{&bytes, 0};
  const std::unique_ptr<readstat_parser_t, void (*)(readstat_parser_t*)> parser(
      readstat_parser_init(), readstat_parser_free);
  if (!parser) throw std::bad_alloc();
  readstat_set_open_handler(parser.get(), open_memory);
  readstat_set_close_handler(parser.get(), close_memory);
  readstat_set_seek_handler(parser.get(), seek_memory);
  readstat_set_read_handler(parser.get(), read_memory);
  readstat_set_update_handler(parser.get(), update_memory);
  readstat_set_io_ctx(parser.get(), &memory);
  readstat_set_variable_handler(parser.get(), on_variable);
  readstat_set_value_handler(parser.get(), on_value);
  readstat_set_error_handler(parser.get(), on_error);
  const readstat_error_t code = readstat_parse_xport(parser.get(), path.c_str(), &collected);
  if (collected.failure) std::rethrow_exception(collected.failure);
  RawTable& table = collected.table;
  if (code != READSTAT_OK) {
    throw DataError(path, table.lines.size(), "",
                    std::string("is damaged (") + readstat_error_message(code) +
                        (collected.error.empty() ? "" : ": " + collected.error) +
                        "); expected a complete SAS transport file; copy or export it again");
  }
  if (!collected.started) {
    throw DataError(path, 0, "", "holds no rows; expected one row per participant");
  }
  for (RawColumn& column : table.columns) {
    if (column.values.size() != table.ids.size()) {
      throw DataError(path, table.lines.size(), column.name,
                      "is damaged: rows of different length");
    }
    if (column.text) settle_text_column(path, table.lines, options, column);
  }
  return std::move(table);
}

}  // namespace polycause
