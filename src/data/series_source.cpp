#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "base/pattern.h"
#include "base/settings.h"
#include "base/text.h"
#include "data/array_stream.h"
#include "data/block_source.h"
#include "data/cells.h"
#include "data/long_series.h"
#include "data/recording.h"
#include "data/rows.h"
#include "data/series_store.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Shared by all places where recordings lie: choice of channels, missing codes, raster.
class SeriesSource : public BlockSource {
 public:
  explicit SeriesSource(const BlockContext& context)
      : context_(context),
        cells_(context.study.missing, context.study.decimal == "," ? ',' : '.'),
        store_(context_) {
    if (context_.fitted != nullptr) {
      columns_ = context_.fitted->channel_names;
    } else {
      columns_ = context_.source.columns;
      exclude_ = context_.source.exclude;
    }
  }

  /// Every recording becomes as many rows as it has windows. Called before any other function.
  void cut_windows() {
    RawTable windows;
    windows.path = list_.path;
    std::size_t left_out = 0;
    std::size_t nameless = 0;
    for (std::size_t row = 0; row < list_.ids.size(); ++row) {
      context_.tick("reading " + context_.source.name, row, list_.ids.size());
      const std::string& id = list_.ids[row];
      if (id.empty()) {
        ++nameless;
        continue;
      }
      for (const Window& window : store_.add_windows(windows.ids.size(), masked(row), left_out)) {
        windows.ids.push_back(id + "@" + window.label);
        windows.lines.push_back(list_.lines[row]);
        windows.participants.push_back(id);
        begins_.push_back(window.begin);
      }
    }
    const std::string& group = context_.study.group;
    if (group.empty() || group == context_.study.id) windows.groups = windows.participants;
    if (nameless > 0) windows.dropped.emplace_back("empty id", nameless);
    if (left_out > 0) windows.dropped.emplace_back("window with too few samples", left_out);
    if (windows.ids.empty() && !list_.ids.empty()) {
      const std::string complaint = store_.complaint();
      throw DataError(context_.path(), 0, "",
                      fmt::format("'{}' has no window of {} with at least {:.3g} of its samples{}; "
                                  "expected some; shorten window, or lower filled",
                                  context_.source.name, context_.source.block.window,
                                  context_.source.block.filled,
                                  complaint.empty() ? "" : " (" + complaint + ")"));
    }
    list_ = std::move(windows);
    require_all_channels();
  }

  std::vector<bool> prepare(const std::vector<std::size_t>& rows) override {
    if (!begins_.empty()) return std::vector<bool>(rows.size(), true);  // kept already
    std::vector<std::pair<std::size_t, std::size_t>> order;             // row of the list, place
    for (std::size_t k = 0; k < rows.size(); ++k) order.emplace_back(rows[k], k);
    std::sort(order.begin(), order.end());
    std::vector<bool> held(rows.size(), false);
    for (std::size_t k = 0; k < order.size(); ++k) {
      context_.tick("reading " + context_.source.name, k, order.size());
      held[order[k].second] = store_.add(order[k].first, masked(order[k].first));
    }
    if (!rows.empty()) require_all_channels();
    return held;
  }

  const std::vector<double>& begins() const override { return begins_; }
  FilledBlocks fill(const std::vector<std::size_t>& rows) override { return store_.fill(rows); }
  std::string complaint() const override { return store_.complaint(); }

 protected:
  virtual Recording read(std::size_t row) = 0;

  ChannelFilter filter() {
    return [this](const std::string& name) {
      seen_.insert(name);
      return !fits_any(exclude_, name) && (columns_.empty() || fits_any(columns_, name));
    };
  }

  const BlockContext context_;
  const CellReader cells_;
  SeriesStore store_;

 private:
  static bool fits_any(const std::vector<std::string>& patterns, const std::string& name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return fits_pattern(pattern, name); });
  }

  /// A recording without the numbers that stand for missing.
  Recording masked(std::size_t row) {
    Recording recording = read(row);
    for (Channel& channel : recording.channels) {
      for (float& value : channel.values) {
        if (cells_.is_missing(static_cast<double>(value))) value = kNaN;
      }
    }
    return recording;
  }

  void require_all_channels() const {
    require_channels("columns", columns_);
    require_channels("exclude", exclude_);
  }

  void require_channels(const std::string& key, const std::vector<std::string>& patterns) const {
    for (const std::string& pattern : patterns) {
      if (std::any_of(seen_.begin(), seen_.end(),
                      [&](const std::string& name) { return fits_pattern(pattern, name); })) {
        continue;
      }
      const std::string near = nearest(pattern, {seen_.begin(), seen_.end()});
      throw DataError(context_.path(), 0, "",
                      fmt::format("'{}' names the channel '{}' in {}, which no recording has; "
                                  "expected one of {}{}",
                                  context_.source.name, pattern, key, fmt::join(seen_, ", "),
                                  near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }

  std::vector<std::string> columns_;
  std::vector<std::string> exclude_;
  std::set<std::string> seen_;
  std::vector<double> begins_;  // of windows
};

class SeriesFiles : public SeriesSource {
 public:
  SeriesFiles(const BlockContext& context, FileList found) : SeriesSource(context) {
    if (found.files.empty()) {
      throw DataError(
          context.path(), 0, "",
          "holds no recording; expected <id>.csv, .tsv, .parquet, .npy, .edf or .bdf; check the "
          "path");
    }
    list_ = std::move(found.list);
    files_ = std::move(found.files);
    ignored_ = found.ignored;
  }

 private:
  Recording read(std::size_t row) override {
    Recording all;
    for (const std::string& file : files_[row]) {
      require_listed(context_.source.block, list_, row, file);
      append_recording(all, read_recording(context_.study, context_.source.block, file, filter()));
    }
    return all;
  }

  std::vector<std::vector<std::string>> files_;
};

class SeriesTable : public SeriesSource {
 public:
  explicit SeriesTable(const BlockContext& context)
      : SeriesSource(context),
        table_(context.study, context.source.block, context.path(), context.cache(), filter()) {
    list_ = table_.list();
    store_.note_texts(table_.texts());
    if (table_.skipped() > 0) {
      store_.note(fmt::format("{} rows without an id or a time are left out", table_.skipped()));
    }
  }

 private:
  Recording read(std::size_t row) override { return table_.read(row); }

  LongSeries table_;
};

class SeriesArray : public SeriesSource {
 public:
  explicit SeriesArray(const BlockContext& context)
      : SeriesSource(context), array_(context.path(), context.study.id) {
    const std::vector<std::size_t>& shape = array_.shape();
    if (shape.size() > 3) {
      throw DataError(context.path(), 0, "",
                      fmt::format("the array has shape ({}); expected (n, samples) or (n, samples, "
                                  "channels)",
                                  fmt::join(shape, ", ")));
    }
    channels_ = shape.size() == 3 ? shape[2] : 1;
    expect_channel_names(context.source.block, channels_, context.path());
    list_ = list_array(context.study, context.source, context.path(), shape[0], array_.ids());
  }

 private:
  /// Rows are asked for in ascending order.
  Recording read(std::size_t row) override {
    std::vector<float> values(array_.items());
    for (; next_ <= row; ++next_) array_.next(values.data());
    Recording recording;
    recording.path = fmt::format("{}, participant {}", context_.path(), shown(list_.ids[row]));
    const ChannelFilter keep = filter();
    for (std::size_t c = 0; c < channels_; ++c) {
      const std::vector<std::string>& names = context_.source.block.channel_names;
      const std::string name = names.empty() ? "c" + std::to_string(c + 1) : names[c];
      if (!keep(name)) continue;
      Channel channel;
      channel.name = name;
      for (std::size_t i = c; i < values.size(); i += channels_) {
        channel.values.push_back(std::isfinite(values[i]) ? values[i] : kNaN);
      }
      recording.channels.push_back(std::move(channel));
    }
    return recording;
  }

  ArrayStream array_;
  std::size_t channels_ = 1;
  std::size_t next_ = 0;
};

/// A table of files has a column of paths and no times.
bool lists_files(const BlockContext& context) {
  const std::unique_ptr<RowStream> rows =
      open_rows(context.path(), context.study.decimal == "," ? ',' : '.');
  std::vector<RowField> fields;
  if (!rows->next(fields)) return false;
  bool path = false;
  for (const RowField& field : fields) {
    if (trimmed(field.text) == context.source.block.time) return false;
    path = path || trimmed(field.text) == context.source.block.path_column;
  }
  return path;
}

std::unique_ptr<SeriesSource> open_recordings(const BlockContext& context) {
  const std::string path = context.path();
  if (std::filesystem::is_directory(path)) {
    return std::make_unique<SeriesFiles>(
        context, list_directory(path, context.source.block.files, true, named_like_recording));
  }
  if (ArrayStream::holds_array(path)) return std::make_unique<SeriesArray>(context);
  if (lists_files(context)) {
    return std::make_unique<SeriesFiles>(context, list_table(context, true));
  }
  return std::make_unique<SeriesTable>(context);
}

}  // namespace

std::unique_ptr<BlockSource> open_series(const BlockContext& context) {
  std::unique_ptr<SeriesSource> source = open_recordings(context);
  if (cuts_windows(context.source.block)) source->cut_windows();
  return source;
}

}  // namespace polycause
