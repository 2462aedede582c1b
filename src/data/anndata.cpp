#include "data/anndata.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/settings.h"
#include "base/text.h"
#include "data/bytes.h"
#include "data/cells.h"
#include "data/frame.h"
#include "data/matrix.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool begins(const std::string& text, const std::string& with) {
  return text.compare(0, with.size(), with) == 0;
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

class Reader {
 public:
  Reader(const std::string& path, const ReadOptions& options) : file_(path), options_(options) {
    layer_ = options.layer.empty() ? "X" : options.layer;
    prefix_ = modality();
  }

  RawTable read() {
    const std::string object = prefix_ + layer_;
    const bool frame = layer_ == "obs" || is_frame(object);
    const bool known = layer_ == "X" || layer_ == "obs" || layer_ == "raw/X" ||
                       begins(layer_, "layers/") || begins(layer_, "obsm/");
    if (!known || !file_.exists(object)) {
      file_.fail(object, "is not there; expected one of " + listed(layers()) +
                             "; set layer to one of them");
    }
    table_.path = file_.path();
    add_rows();
    if (frame) {
      add_frame(object);
    } else {
      add_matrix(object);
    }
    const HdfFrame obs(file_, prefix_ + "obs");
    for (const std::string& name : options_.keys) {
      const bool there = std::any_of(table_.columns.begin(), table_.columns.end(),
                                     [&](const RawColumn& column) { return column.name == name; });
      const auto& columns = obs.columns();
      if (there || std::find(columns.begin(), columns.end(), name) == columns.end()) continue;
      table_.columns.push_back(obs.column(name, table_.lines, options_));
    }
    return std::move(table_);
  }

 private:
  /// "" or "mod/<name>/".
  std::string modality() const {
    if (!file_.exists("mod")) {
      if (options_.mod.empty()) return "";
      file_.fail("", "holds no modalities; expected an .h5mu file for mod = \"" + options_.mod +
                         "\"; remove mod");
    }
    const std::vector<std::string> names = file_.members("mod");
    if (!options_.mod.empty()) {
      if (std::find(names.begin(), names.end(), options_.mod) != names.end())
        return "mod/" + options_.mod + "/";
      file_.fail("", "holds no modality " + shown(options_.mod) + "; expected one of " +
                         listed(names) + "; correct mod");
    }
    if (layer_ == "obs" || begins(layer_, "obsm/")) return "";
    if (names.size() == 1) return "mod/" + names[0] + "/";
    file_.fail("", "holds the modalities " + listed(names) +
                       "; expected the name of one; set mod = \"" +
                       (names.empty() ? "" : names[0]) + "\"");
  }

  bool is_frame(const std::string& object) const {
    return file_.exists(object) && file_.kind(object) == HdfKind::kGroup &&
           file_.texts(object, "encoding-type") == std::vector<std::string>{"dataframe"};
  }

  std::vector<std::string> layers() const {
    std::vector<std::string> found;
    for (const char* name : {"X", "raw/X", "obs"}) {
      if (file_.exists(prefix_ + name)) found.emplace_back(name);
    }
    for (const std::string group : {"layers", "obsm"}) {
      if (!file_.exists(prefix_ + group)) continue;
      for (const std::string& name : file_.members(prefix_ + group))
        found.push_back(group + "/" + name);
    }
    return found;
  }

  void add_rows() {
    const HdfFrame obs(file_, prefix_ + "obs");
    const auto& columns = obs.columns();
    const bool own = !options_.numbered &&
                     std::find(columns.begin(), columns.end(), options_.id) != columns.end();
    id_ = own ? options_.id : obs.index_name();
    const CellReader reader(options_.missing, options_.decimal);
    for (const std::string& text : obs.texts(id_)) {
      const bool missing = reader.is_missing(trimmed(text));
      table_.lines.push_back(table_.lines.size() + 1);
      table_.ids.emplace_back(missing ? "" : trimmed(text));
    }
    if (!options_.numbered) return;
    for (std::size_t i = 0; i < table_.ids.size(); ++i) table_.ids[i] = std::to_string(i);
  }

  void add_frame(const std::string& object) {
    const HdfFrame frame(file_, object);
    for (const std::string& name : frame.columns()) {
      if (layer_ == "obs" && name == id_) continue;
      if (options_.wanted && !options_.wanted(name)) continue;
      table_.columns.push_back(frame.column(name, table_.lines, options_));
    }
  }

  void add_matrix(const std::string& object) {
    const MatrixShape shape = matrix_shape(file_, object);
    if (shape.rows != table_.ids.size()) {
      file_.fail(object, fmt::format("has {} rows; expected {}, one for every row of obs; the file "
                                     "is damaged, save it again",
                                     shape.rows, table_.ids.size()));
    }
    std::vector<std::string> names;
    if (begins(layer_, "obsm/")) {
      for (std::size_t j = 0; j < shape.columns; ++j) names.push_back("c" + std::to_string(j + 1));
    } else {
      names = HdfFrame(file_, prefix_ + (layer_ == "raw/X" ? "raw/var" : "var")).index();
    }
    if (names.size() != shape.columns) {
      file_.fail(object, fmt::format("has {} columns; expected {}, one for every row of var; the "
                                     "file is damaged, save it again",
                                     shape.columns, names.size()));
    }
    std::vector<std::size_t> place(names.size(), kNotKept);
    std::vector<std::string> kept;
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (options_.wanted && !options_.wanted(names[j])) continue;
      place[j] = kept.size();
      kept.push_back(names[j]);
    }
    refuse_duplicate_names(file_.path(), kept);
    std::vector<RawColumn> columns(kept.size());
    std::vector<std::vector<double>*> out;
    for (RawColumn& column : columns) out.push_back(&column.values);
    read_matrix(file_, object, place, out);
    const CellReader reader(options_.missing, options_.decimal);
    for (std::size_t j = 0; j < columns.size(); ++j) {
      columns[j].name = std::move(kept[j]);
      for (double& value : columns[j].values) {
        if (!reader.is_missing(value)) continue;
        if (std::isfinite(value)) columns[j].count_code(number_text(value));
        value = kNaN;
      }
    }
    table_.columns = std::move(columns);
  }

  const HdfFile file_;
  const ReadOptions& options_;
  std::string layer_;
  std::string prefix_;
  std::string id_;
  RawTable table_;
};

}  // namespace

bool has_anndata() { return true; }

RawTable read_anndata(const std::string& path, const ReadOptions& options) {
  return Reader(path, options).read();
}

}  // namespace polycause
