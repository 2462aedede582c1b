#include "data/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "data/cells.h"
#include "data/text_column.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Elements as texts: of texts, whole numbers (all digits), numbers or flags.
std::vector<std::string> as_texts(const HdfFile& file, const std::string& dataset) {
  const HdfKind kind = file.kind(dataset);
  if (kind == HdfKind::kText) return file.texts(dataset);
  std::vector<std::string> texts;
  if (kind == HdfKind::kWhole) {
    for (const std::int64_t value : file.wholes(dataset)) texts.push_back(fmt::format("{}", value));
    return texts;
  }
  for (const double value : file.numbers(dataset)) {
    texts.push_back(std::isnan(value)        ? ""
                    : kind == HdfKind::kFlag ? (value != 0 ? "true" : "false")
                                             : number_text(value));
  }
  return texts;
}

}  // namespace

HdfFrame::HdfFrame(const HdfFile& file, std::string group) : file_(file), group_(std::move(group)) {
  if (!file.exists(group_)) file.fail(group_, "is not there; expected a data frame");
  if (file.kind(group_) != HdfKind::kGroup) {
    file.fail(group_,
              "is stored as AnnData did before version 0.7; expected a data frame; read the file "
              "with anndata 0.7 to 0.9 and write it again");
  }
  const std::vector<std::string> index = file.texts(group_, "_index");
  if (index.size() != 1) {
    file.fail(group_, "has no index; expected the attribute '_index' of a data frame");
  }
  index_ = index[0];
  columns_ = file.texts(group_, "column-order");
}

std::vector<std::string> HdfFrame::index() const { return texts(index_); }

std::string HdfFrame::categories_of(const std::string& object) const {
  if (file_.kind(object) != HdfKind::kGroup) return file_.reference(object, "categories");
  return file_.exists(object + "/categories") ? object + "/categories" : "";
}

std::vector<bool> HdfFrame::mask_of(const std::string& object, std::size_t rows) const {
  std::vector<bool> mask(rows, false);
  if (!file_.exists(object + "/mask")) return mask;
  const std::vector<double> flags = file_.numbers(object + "/mask");
  if (flags.size() != rows) file_.fail(object, "has a mask of another length; the file is damaged");
  for (std::size_t i = 0; i < rows; ++i) mask[i] = flags[i] != 0;
  return mask;
}

std::vector<std::string> HdfFrame::texts(const std::string& column) const {
  const std::string name = object(column);
  if (!file_.exists(name)) file_.fail(name, "is not there; the file is damaged, save it again");
  const std::string categories = categories_of(name);
  if (!categories.empty()) {
    const bool group = file_.kind(name) == HdfKind::kGroup;
    const std::vector<std::string> levels = as_texts(file_, categories);
    std::vector<std::string> texts;
    for (const std::int64_t code : file_.wholes(group ? name + "/codes" : name)) {
      if (code >= static_cast<std::int64_t>(levels.size())) {
        file_.fail(name, "holds a code without a category; the file is damaged, save it again");
      }
      texts.push_back(code < 0 ? "" : levels[static_cast<std::size_t>(code)]);
    }
    return texts;
  }
  if (file_.kind(name) != HdfKind::kGroup) return as_texts(file_, name);
  if (!file_.exists(name + "/values")) {
    file_.fail(name, "is of a kind that is not read; expected numbers, texts, flags or categories");
  }
  std::vector<std::string> texts = as_texts(file_, name + "/values");
  const std::vector<bool> mask = mask_of(name, texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (mask[i]) texts[i].clear();
  }
  return texts;
}

RawColumn HdfFrame::column(const std::string& name, const std::vector<std::size_t>& lines,
                           const ReadOptions& options) const {
  const std::string where = object(name);
  if (!file_.exists(where)) file_.fail(where, "is not there; the file is damaged, save it again");
  const bool categories = !categories_of(where).empty();
  const std::string values = file_.kind(where) == HdfKind::kGroup && file_.exists(where + "/values")
                                 ? where + "/values"
                                 : where;
  const HdfKind kind = file_.kind(values);
  const CellReader reader(options.missing, options.decimal);
  RawColumn column;
  column.name = name;
  if (categories || kind == HdfKind::kText || kind == HdfKind::kGroup) {
    TextColumn cells(column);
    for (const std::string& text : texts(name)) {
      if (reader.is_missing(trimmed(text))) {
        column.values.push_back(kNaN);
      } else {
        cells.add(trimmed(text));
      }
    }
  } else {
    column.values = file_.numbers(values);
    if (file_.shape(values).size() != 1) {
      file_.fail(where, "has several values per row; expected one");
    }
    const std::vector<bool> mask = mask_of(where, column.values.size());
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (!mask[i] && !reader.is_missing(column.values[i])) continue;
      if (!mask[i] && std::isfinite(column.values[i]))
        column.count_code(number_text(column.values[i]));
      column.values[i] = kNaN;
    }
  }
  if (column.values.size() != lines.size()) {
    file_.fail(where, fmt::format("holds {} values; expected {}, one for every row; the file is "
                                  "damaged, save it again",
                                  column.values.size(), lines.size()));
  }
  const auto set = options.types.find(name);
  const bool numeric_type = set != options.types.end() && set->second != ColumnType::kCategorical;
  if (column.text && (!categories || numeric_type)) {
    settle_text_column(file_.path(), lines, options, column);
  }
  return column;
}

}  // namespace polycause
