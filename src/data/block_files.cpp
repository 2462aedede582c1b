#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/pattern.h"
#include "data/block_source.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/source_table.h"
#include "data/visits.h"
#include "polycause/error.h"

namespace polycause {
namespace {

/// What the first * of a pattern stands for, as few characters as possible; "" when it does not
/// fit. No * stands for a /, since both hold as many.
std::string id_in(const std::string& name, const std::string& pattern) {
  if (std::count(name.begin(), name.end(), '/') != std::count(pattern.begin(), pattern.end(), '/'))
    return "";
  const std::size_t star = pattern.find('*');
  if (name.compare(0, star, pattern, 0, star) != 0) return "";
  const std::string_view rest = std::string_view(pattern).substr(star + 1);
  for (std::size_t end = star + 1; end <= name.size() && name[end - 1] != '/'; ++end) {
    if (fits_pattern(rest, std::string_view(name).substr(end)))
      return name.substr(star, end - star);
  }
  return "";
}

/// "17.csv.gz" -> "17"; by patterns what their first * stands for, "" when the name fits none.
std::string id_of_file(const std::string& name, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    const std::string id = id_in(name, pattern);
    if (!id.empty()) return id;
  }
  if (!patterns.empty()) return "";
  std::filesystem::path plain = name;
  if (plain_name(name).size() != name.size()) plain = plain.stem();
  return plain.stem().string();
}

}  // namespace

std::string BlockContext::path() const { return join_path(study.root, source.paths.front()); }

std::string BlockContext::cache() const {
  return study.cache.empty() ? "" : join_path(study.root, study.cache);
}

void BlockContext::tick(const std::string& step, std::size_t done, std::size_t total) const {
  if (observer == nullptr) return;
  if (observer->cancelled()) throw Interrupted("stopped while reading");
  observer->progress({step, static_cast<double>(done) / static_cast<double>(total), -1});
}

std::unique_ptr<BlockSource> open_blocks(const BlockContext& context) {
  return context.source.kind == "image" ? open_images(context) : open_series(context);
}

namespace {

/// Files of a directory, and of those below it down to `depth`, as named from there; other things
/// are counted.
std::vector<std::string> names_in(const std::string& directory, std::size_t depth,
                                  std::size_t& others) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code code;
  fs::recursive_directory_iterator entry(directory, code);
  for (const fs::recursive_directory_iterator end; !code && entry != end; entry.increment(code)) {
    const auto level = static_cast<std::size_t>(entry.depth());
    std::error_code ignored;
    const bool hidden = entry->path().filename().string().front() == '.';
    const bool folder = entry->is_directory(ignored);
    if (folder && (hidden || level >= depth)) entry.disable_recursion_pending();
    if (hidden || (folder && level < depth)) continue;
    if (entry->is_regular_file(ignored)) {
      names.push_back(entry->path().lexically_relative(directory).generic_string());
    } else {
      ++others;
    }
  }
  if (code) {
    throw DataError(directory, 0, "",
                    "cannot read the directory (" + code.message() + "); check its permissions");
  }
  return names;
}

}  // namespace

FileList list_directory(const std::string& directory, const std::vector<std::string>& patterns,
                        bool repeats, const std::function<bool(const std::string&)>& fits) {
  FileList found;
  found.list.path = directory;
  std::size_t depth = 0;
  for (const std::string& pattern : patterns) {
    depth =
        std::max(depth, static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '/')));
  }
  std::vector<std::pair<std::string, std::string>> files;  // id, path
  for (const std::string& name : names_in(directory, depth, found.ignored)) {
    const std::string id = id_of_file(name, patterns);
    if (patterns.empty() ? fits(name) : !id.empty()) {
      files.emplace_back(id, join_path(directory, name));
    } else {
      ++found.ignored;
    }
  }
  std::sort(files.begin(), files.end());
  for (auto& [id, path] : files) {
    if (!is_utf8(id)) {
      throw DataError(directory, 0, "",
                      "the file name " + shown(id) + " is no UTF-8; expected such ids; rename it");
    }
    const bool again = !found.list.ids.empty() && found.list.ids.back() == id;
    if (again && repeats && !patterns.empty()) {
      found.files.back().push_back(path);
      continue;
    }
    if (again) {
      throw DataError(
          directory, 0, "",
          fmt::format("{} and {} are both files of participant {}; expected one; remove "
                      "or move the other",
                      found.files.back().front(), path, shown(id)));
    }
    found.list.ids.push_back(id);
    found.list.lines.push_back(found.list.ids.size());
    found.files.push_back({path});
  }
  return found;
}

FileList list_table(const BlockContext& context, bool repeats) {
  const StudySpec& study = context.study;
  const std::string path = context.path();
  const std::string& wanted = context.source.block.path_column;
  const std::vector<std::string> keys = key_columns(study);
  const auto is_key = [&](const std::string& name) {
    return std::find(keys.begin(), keys.end(), name) != keys.end();
  };
  ReadOptions options;
  options.id = study.id;
  options.missing = study.missing;
  options.decimal = study.decimal == "," ? ',' : '.';
  options.types[wanted] = ColumnType::kCategorical;
  for (const std::string& key : keys) options.types[key] = ColumnType::kCategorical;
  options.wanted = [&](const std::string& name) { return name == wanted || is_key(name); };
  options.repeats = repeats || !study.visit_columns.empty();
  RawTable table = read_raw_table(path, options);
  const auto named = [&](const std::string& name) {
    return std::find_if(table.columns.begin(), table.columns.end(),
                        [&](const RawColumn& column) { return column.name == name; });
  };
  if (named(wanted) == table.columns.end() || is_key(wanted)) {
    throw DataError(path, 1, "",
                    fmt::format("there is no column '{1}'; expected columns '{0}' and '{1}', one "
                                "file per row; add it, or set path_column",
                                study.id, wanted));
  }
  const bool visits =
      std::any_of(study.visit_columns.begin(), study.visit_columns.end(),
                  [&](const std::string& name) { return named(name) != table.columns.end(); });
  if (visits || !repeats) settle_rows(study, table);
  const RawColumn& column = *named(wanted);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  FileList found;
  found.list.path = path;
  found.list.dropped = table.dropped;
  std::unordered_map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < table.ids.size(); ++i) {
    const std::string& id = table.ids[i];
    const double code = column.values[i];
    if (id.empty() || code != code) {  // counted as a row without an id or a file
      ++found.ignored;
      continue;
    }
    const std::string file =
        column.text ? column.levels[static_cast<std::size_t>(code)] : number_text(code);
    const auto [place, fresh] = row_of.try_emplace(id, found.files.size());
    if (fresh) {
      found.list.ids.push_back(id);
      found.list.lines.push_back(table.lines[i]);
      if (!table.groups.empty()) found.list.groups.push_back(table.groups[i]);
      if (!table.participants.empty()) found.list.participants.push_back(table.participants[i]);
      found.files.emplace_back();
    }
    found.files[place->second].push_back(join_path(folder, file));
  }
  return found;
}

void require_listed(const BlockSpec& spec, const RawTable& list, std::size_t row,
                    const std::string& file) {
  if (list.lines.empty() || std::filesystem::exists(file)) return;  // a directory lists what it has
  throw DataError(list.path, list.lines[row], spec.path_column,
                  fmt::format("there is no file {}; expected a path relative to the table; correct "
                              "it or remove the row",
                              shown(file)));
}

RawTable list_array(const StudySpec& study, const SourceSpec& source, const std::string& path,
                    std::size_t rows, const std::vector<std::string>& own_ids) {
  RawTable list;
  list.path = path;
  std::string where = path;
  if (!source.ids.empty()) {
    where = join_path(study.root, source.ids);
    list.ids = read_ids(where);
  } else if (!own_ids.empty()) {
    list.ids = own_ids;
  } else {
    for (std::size_t i = 0; i < rows; ++i) list.ids.push_back(std::to_string(i));
  }
  if (list.ids.size() != rows) {
    throw DataError(where, 0, "",
                    fmt::format("holds {} ids; expected {}, one for every participant of {}",
                                list.ids.size(), rows, path));
  }
  for (std::size_t i = 0; i < rows; ++i) list.lines.push_back(i + 1);
  refuse_duplicate_ids(list, "ids");
  return list;
}

}  // namespace polycause
