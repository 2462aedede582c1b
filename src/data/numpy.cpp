#include "data/numpy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/npy_cells.h"
#include "data/text_column.h"
#include "data/zip.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLargest = std::size_t{16} << 30U;
constexpr std::size_t kLongestHeader = 1U << 16U;

/// An array with its bytes, checked to hold rows() * columns() elements.
struct Array {
  std::string name;
  std::string bytes;
  NpyHeader header;

  std::size_t rows() const { return header.shape[0]; }
  std::size_t columns() const { return header.shape.size() == 1 ? 1 : header.shape[1]; }
  NpyCells cells() const { return {bytes, header}; }
};

std::string shape_text(const NpyHeader& header) {
  return fmt::format("({})", fmt::join(header.shape, ", "));
}

Array make_array(const std::string& where, std::string name, std::string bytes) {
  Array array;
  array.name = std::move(name);
  array.header = parse_npy_header(where, bytes);
  array.bytes = std::move(bytes);
  const std::size_t present = array.bytes.size() - array.header.data;
  std::size_t expected = array.header.item;
  bool possible = true;
  for (const std::size_t length : array.header.shape) {
    if (length == 0) {
      throw DataError(
          where, 0, "",
          "the array is empty, shape " + shape_text(array.header) + "; expected rows and columns");
    }
    possible = possible && expected <= std::numeric_limits<std::size_t>::max() / length;
    expected *= length;
  }
  if (!possible || expected != present) {
    throw DataError(
        where, 0, "",
        fmt::format("holds {} bytes of elements; expected {} for shape {}; the file is cut off or "
                    "damaged, save it again",
                    present, expected, shape_text(array.header)));
  }
  return array;
}

std::vector<std::string> ids_of(const std::string& where, const Array& array) {
  const NpyCells cells = array.cells();
  std::vector<std::string> ids;
  ids.reserve(array.rows());
  for (std::size_t i = 0; i < array.rows(); ++i) {
    const std::size_t at = cells.index(i, 0);
    if (cells.is_text()) {
      std::string text;
      if (!cells.text(at, text)) {
        throw DataError(where, i + 1, array.name,
                        "holds an id that is no Unicode text; expected texts or numbers");
      }
      ids.emplace_back(trimmed(text));
    } else {
      ids.push_back(cells.whole_text(at));
    }
  }
  return ids;
}

void add_column(const std::string& where, const Array& array, std::size_t j,
                const std::string& name, const ReadOptions& options, RawTable& table) {
  if (options.wanted && !options.wanted(name)) return;
  RawColumn column;
  column.name = name;
  column.values.reserve(array.rows());
  const NpyCells cells = array.cells();
  if (cells.is_text()) {
    TextColumn texts(column);
    std::string text;
    for (std::size_t i = 0; i < array.rows(); ++i) {
      if (!cells.text(cells.index(i, j), text)) {
        throw DataError(where, i + 1, name,
                        "holds characters that are not Unicode; expected text; save it again");
      }
      texts.add(trimmed(text));
    }
    settle_text_column(where, table.lines, options, column);
  } else {
    const CellReader reader(options.missing, options.decimal);
    for (std::size_t i = 0; i < array.rows(); ++i) {
      const double value = cells.number(cells.index(i, j));
      const bool missing = reader.is_missing(value);
      if (missing && std::isfinite(value)) column.count_code(number_text(value));
      column.values.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : value);
    }
  }
  table.columns.push_back(std::move(column));
}

void number_rows(RawTable& table, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) {
    table.ids.push_back(std::to_string(i));
    table.lines.push_back(i + 1);
  }
}

/// A member of an archive and the header of the array in it.
struct Member {
  ZipMember zip;
  std::string name;  ///< without ".npy"
  NpyHeader header;
};

class NpzReader {
 public:
  NpzReader(const std::string& path, const ReadOptions& options) : options_(options), file_(path) {
    const std::size_t colon = plain_name(path).find(".npz:");
    if (colon != std::string::npos) {
      file_ = path.substr(0, colon + 4);
      wanted_ = path.substr(colon + 5);
    }
    bytes_ = read_bytes(file_, kLargest);
    for (ZipMember& member : list_zip(file_, bytes_)) {
      const std::string extension = ".npy";
      std::string name = member.name;
      if (name.size() > extension.size() && name.compare(name.size() - 4, 4, extension) == 0) {
        name.resize(name.size() - extension.size());
      }
      listing_ += (listing_.empty() ? "" : ", ") + shown(name);
      members_.push_back({std::move(member), std::move(name), {}});
    }
  }

  RawTable read() {
    const std::vector<const Member*> chosen = choose();
    RawTable table;
    table.path = file_;
    const std::size_t rows = chosen.front()->header.shape[0];
    number_rows(table, rows);
    if (const Member* id = find(options_.id);
        id != nullptr && !options_.numbered && !options_.id.empty()) {
      const Array array = load(*id);
      if (array.rows() != rows || array.columns() != 1) {
        throw DataError(where(*id), 0, "",
                        fmt::format("the ids have shape {}; expected ({}), one for every row",
                                    shape_text(array.header), rows));
      }
      table.ids = ids_of(where(*id), array);
    }
    std::vector<std::string> names;
    for (const Member* member : chosen) add_member(*member, names, table);
    refuse_duplicate_names(file_, names);
    return table;
  }

 private:
  std::string where(const Member& member) const { return file_ + ":" + member.name; }

  const Member* find(const std::string& name) {
    for (Member& member : members_) {
      if (member.name == name) return &member;
    }
    return nullptr;
  }

  Array load(const Member& member) const {
    return make_array(where(member), member.name, unpack(file_, bytes_, member.zip));
  }

  std::vector<const Member*> choose() {
    if (!wanted_.empty()) {
      for (Member& member : members_) {
        if (member.name != wanted_) continue;
        member.header =
            parse_npy_header(where(member), unpack(file_, bytes_, member.zip, kLongestHeader));
        return {&member};
      }
      throw DataError(file_, 0, "",
                      "there is no array " + shown(wanted_) + "; expected one of " + listing_ +
                          "; correct the name after the colon");
    }
    std::vector<const Member*> found;
    bool columns = true;
    for (Member& member : members_) {
      if (member.name == options_.id || member.name == "columns") continue;
      member.header =
          parse_npy_header(where(member), unpack(file_, bytes_, member.zip, kLongestHeader));
      found.push_back(&member);
      columns = columns && member.header.shape.size() == 1 &&
                member.header.shape == found[0]->header.shape;
    }
    if (found.empty())
      throw DataError(file_, 0, "", "holds no array; expected at least one; save it again");
    if (found.size() > 1 && !columns) {
      std::string shapes;
      for (const Member* member : found) {
        shapes +=
            (shapes.empty() ? "" : ", ") + shown(member->name) + " " + shape_text(member->header);
      }
      throw DataError(file_, 0, "",
                      "holds several arrays (" + shapes +
                          "); expected the name of one; write it as \"" + file_ + ":" +
                          found[0]->name + "\"");
    }
    return found;
  }

  void add_member(const Member& member, std::vector<std::string>& names, RawTable& table) {
    const Array array = load(member);
    std::vector<std::string> titles;
    const Member* columns = find("columns");
    if (array.header.shape.size() == 1) {
      titles = {member.name};
    } else if (columns != nullptr && columns != &member) {
      titles = ids_of(where(*columns), load(*columns));
      if (titles.size() != array.columns()) {
        throw DataError(where(*columns), 0, "",
                        fmt::format("holds {} names; expected {}, one for every column of {}",
                                    titles.size(), array.columns(), member.name));
      }
    } else {
      for (std::size_t j = 0; j < array.columns(); ++j)
        titles.push_back("c" + std::to_string(j + 1));
    }
    names.insert(names.end(), titles.begin(), titles.end());
    for (std::size_t j = 0; j < array.columns(); ++j) {
      add_column(where(member), array, j, titles[j], options_, table);
    }
  }

  const ReadOptions& options_;
  std::string file_;
  std::string wanted_;
  std::string bytes_;
  std::string listing_;
  std::vector<Member> members_;
};

}  // namespace

RawTable read_npy(const std::string& path, const ReadOptions& options) {
  const Array array = make_array(path, "", read_bytes(path, kLargest));
  RawTable table;
  table.path = path;
  number_rows(table, array.rows());
  for (std::size_t j = 0; j < array.columns(); ++j) {
    add_column(path, array, j, "c" + std::to_string(j + 1), options, table);
  }
  return table;
}

RawTable read_npz(const std::string& path, const ReadOptions& options) {
  return NpzReader(path, options).read();
}

}  // namespace polycause
