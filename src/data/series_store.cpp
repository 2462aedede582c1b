#include "data/series_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data/clock.h"
#include "data/descriptors.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr double kSameRate = 1e-3;  ///< relative

}  // namespace

SeriesStore::SeriesStore(const BlockContext& context) : context_(context), cache_(context.cache()) {
  const BlockSpec& spec = context.source.block;
  if (!spec.from.empty()) {
    window_ = clock_window(spec.from, spec.to);
  }
  if (cuts_windows(spec)) rule_ = window_rule(spec);
  rate_ = spec.rate;
  samples_ = spec.samples;
  if (context.fitted != nullptr) {
    rate_ = context.fitted->rate;
    samples_ = context.fitted->width;
    settled_ = true;
    first_ = "the model";
  }
  resample_ = rate_ > 0;
}

/// Without a rate in the study, all channels of all recordings must have the same.
void SeriesStore::settle_rate(Recording& recording) {
  for (Channel& channel : recording.channels) {
    if (channel.values.size() < 2) continue;
    if (!settled_) {
      rate_ = channel.rate;
      first_ = recording.path + ", channel " + channel.name;
      settled_ = true;
    } else if (std::fabs(channel.rate - rate_) > kSameRate * rate_) {
      throw DataError(
          recording.path, 0, channel.name,
          fmt::format("has {:.6g} samples per second (0 = order only), {} has {:.6g}; "
                      "expected one rate; set rate = N in the modality '{}' to resample",
                      channel.rate, first_, rate_, context_.source.name));
    }
    channel.rate = rate_;
  }
}

std::size_t SeriesStore::find_channel(const Channel& channel) {
  const auto place = std::find(names_.begin(), names_.end(), channel.name);
  const auto index = static_cast<std::size_t>(place - names_.begin());
  if (place == names_.end()) {
    names_.push_back(channel.name);
    units_.push_back(channel.unit);
  } else if (!channel.unit.empty() && !units_[index].empty() && units_[index] != channel.unit) {
    throw DataError(context_.path(), 0, channel.name,
                    fmt::format("has the unit {} in one file and {} in another; expected one; "
                                "convert the files, or leave it out with exclude",
                                units_[index], channel.unit));
  }
  return index;
}

/// Samples of the raster that holds the recording; 0 = nothing there.
std::size_t SeriesStore::raster_length(const Recording& recording, double& begin) const {
  std::size_t longest = 0;
  bool timed = !recording.times.empty();
  for (const Channel& channel : recording.channels) {
    longest = std::max(longest, channel.values.size());
    timed = timed || channel.rate > 0;
  }
  begin = 0;
  if (longest == 0) return 0;
  if (!timed || rate_ <= 0) {
    if (window_.length == 0 || timed) return longest;
    throw DataError(recording.path, 0, "",
                    "its samples carry no times, and the study asks for a window of the day; "
                    "expected times; remove from and to");
  }
  double length = 0;
  if (!find_span(recording, window_, begin, length)) return 0;
  const double count = window_.length > 0 ? std::max(1.0, std::round(length * rate_))
                                          : std::floor(length * rate_ + 1e-3) + 1;
  if (count > static_cast<double>(kMostSamples)) {
    throw DataError(
        recording.path, 0, "",
        fmt::format("spans {:.6g} s, which is {:.3g} samples; expected at most {}; check "
                    "the times, or lower rate",
                    length, count, kMostSamples));
  }
  return static_cast<std::size_t>(count);
}

/// What holds for whole recordings: order of the samples, one rate.
void SeriesStore::settle(Recording& recording) {
  note_texts(recording.texts);
  if (!recording.times.empty()) {
    const std::size_t merged = sort_times(recording);
    if (merged > 0 && merged_ == 0) first_merged_ = recording.path;
    merged_ += merged;
    if (!resample_) regularise(recording);
  }
  if (!resample_) settle_rate(recording);
}

bool SeriesStore::add(std::size_t row, Recording recording) {
  settle(recording);
  double begin = 0;
  const std::size_t count = raster_length(recording, begin);
  return keep(row, recording, begin, count) > 0;
}

std::vector<Window> SeriesStore::add_windows(std::size_t row, Recording recording,
                                             std::size_t& left_out) {
  settle(recording);
  double coarsest = 0;  // distance of two samples
  for (Channel& channel : recording.channels) {
    // Samples in order only stand at the rate of the study. A single one says no rate: left out.
    const bool placed = channel.rate > 0 || !recording.times.empty();
    if (!placed && channel.values.size() > 1) channel.rate = rate_;
    if (!placed && channel.values.size() > 1 && rate_ <= 0) {
      throw DataError(recording.path, 0, channel.name,
                      "its samples carry no times, and the study cuts windows; expected times, or "
                      "rate = N in the modality; add one, or remove window");
    }
    if (channel.rate > 0) coarsest = std::max(coarsest, 1 / channel.rate);
  }
  if (recording.times.size() > 1) {
    coarsest = std::max(coarsest, (recording.times.back() - recording.times.front()) /
                                      static_cast<double>(recording.times.size() - 1));
  }
  std::vector<Window> kept;
  for (const Window& window : windows_of(recording, rule_)) {
    const double count = std::round(window.length * rate_);
    if (count < 2) {
      throw DataError(recording.path, 0, "",
                      fmt::format("a window of {:.6g} s holds fewer than two samples at {:.6g} per "
                                  "second; expected more; lengthen window, or set rate",
                                  window.length, rate_));
    }
    if (count > static_cast<double>(kMostSamples)) {
      throw DataError(recording.path, 0, "",
                      fmt::format("a window of {:.6g} s is {:.3g} samples; expected at most {}; "
                                  "shorten window, or lower rate",
                                  window.length, count, kMostSamples));
    }
    const Recording piece = piece_of(recording, window, 2 * std::max(coarsest, 1 / rate_));
    const std::size_t place = row + kept.size();
    const double share = keep(place, piece, window.begin, static_cast<std::size_t>(count));
    if (share <= 0 || share < context_.source.block.filled) {
      parts_[place].clear();
      ++left_out;
      continue;
    }
    kept.push_back(window);
    for (Channel& channel : recording.channels) channel.outside = 0;  // counted once
  }
  return kept;
}

/// On the raster from `begin` on. Returns the share of samples that the fullest channel has.
double SeriesStore::keep(std::size_t row, const Recording& recording, double begin,
                         std::size_t count) {
  if (parts_.size() <= row) parts_.resize(row + 1);
  if (samples_ > 0 && count > samples_) {
    ++cut_;
    count = samples_;
  }
  double fullest = 0;
  for (const Channel& channel : recording.channels) {
    Part part;
    part.channel = find_channel(channel);
    part.length = count;
    part.outside = channel.outside;
    part.outside_value = channel.outside_value;
    const std::vector<float> values = on_raster(recording, channel, begin, rate_, count);
    for (const float value : values) {
      if (std::isnan(value)) continue;
      part.low = part.valid == 0 ? value : std::min(part.low, value);
      part.high = part.valid == 0 ? value : std::max(part.high, value);
      ++part.valid;
    }
    if (count > 0)
      fullest = std::max(fullest, static_cast<double>(part.valid) / static_cast<double>(count));
    fullest_ = std::max(fullest_, fullest);
    part.offset = cache_.append(values.data(), values.size() * sizeof(float));
    parts_[row].push_back(part);
  }
  return fullest;
}

void SeriesStore::note_texts(const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (std::find(texts_.begin(), texts_.end(), column) == texts_.end()) texts_.push_back(column);
  }
}

std::vector<SeriesStore::Summary> SeriesStore::summarise(
    const std::vector<std::size_t>& rows) const {
  std::vector<Summary> all(names_.size());
  for (const std::size_t row : rows) {
    if (row == kNoRow) continue;
    for (const Part& part : parts_[row]) {
      Summary& one = all[part.channel];
      ++one.recordings;
      one.outside += part.outside;
      if (part.outside > 0) one.outside_value = part.outside_value;
      if (part.valid == 0) {
        ++one.empty;
        continue;
      }
      one.low = one.valid == 0 ? part.low : std::min(one.low, part.low);
      one.high = one.valid == 0 ? part.high : std::max(one.high, part.high);
      one.valid += part.valid;
      if (part.low == part.high && part.valid > 1) ++one.constant;
    }
  }
  return all;
}

std::string SeriesStore::titled(std::size_t channel) const {
  const std::string& unit = units_[channel];
  return names_[channel] + (unit.empty() ? "" : " [" + unit + "]");
}

/// Channels that vary, in the order of the files; those of the model when there is one.
std::vector<std::size_t> SeriesStore::choose_channels(const std::vector<Summary>& summaries,
                                                      std::size_t participants,
                                                      FilledBlocks& filled) const {
  std::vector<std::size_t> chosen;
  if (context_.fitted != nullptr) {
    for (const std::string& name : context_.fitted->channel_names) {
      const auto place = std::find(names_.begin(), names_.end(), name);
      chosen.push_back(place == names_.end() ? kNoRow
                                             : static_cast<std::size_t>(place - names_.begin()));
      const Summary none;
      const Summary& one = place == names_.end() ? none : summaries[chosen.back()];
      filled.channels.push_back({context_.source.name, name, ColumnType::kContinuous,
                                 participants - (one.recordings - one.empty), true, ""});
    }
    return chosen;
  }
  for (std::size_t c = 0; c < names_.size(); ++c) {
    const Summary& one = summaries[c];
    std::string dead;
    if (one.valid == 0) {
      dead = "no valid sample";
      if (one.outside > 0) {
        dead +=
            fmt::format(": {} samples such as {:.6g} lie outside of the range that the files state",
                        one.outside, one.outside_value);
      }
    } else if (one.low == one.high) {
      dead = fmt::format("constant, {:.6g}", one.low);
    }
    const std::string unit = units_[c].empty() ? "" : "unit " + units_[c];
    if (dead.empty()) chosen.push_back(c);
    filled.channels.push_back({context_.source.name, names_[c], ColumnType::kContinuous,
                               participants - (one.recordings - one.empty), dead.empty(),
                               dead.empty() ? unit : dead});
    const std::string where = context_.source.name + "." + titled(c);
    if (!dead.empty()) {
      filled.warnings.push_back(
          one.recordings == 0  // windows that were all left out
              ? fmt::format("{}: dropped ({})", where, dead)
              : fmt::format("{}: dropped ({}, in all {} recordings)", where, dead, one.recordings));
      continue;
    }
    if (one.constant + one.empty > 0) {
      filled.warnings.push_back(
          fmt::format("{}: constant in {} and without a valid sample in {} of "
                      "{} recordings",
                      where, one.constant, one.empty, one.recordings));
    }
    if (one.outside > 0) {
      filled.warnings.push_back(fmt::format(
          "{}: {} samples such as {:.6g} lie outside of the range that the files state; "
          "taken as missing",
          where, one.outside, one.outside_value));
    }
  }
  for (const std::string& column : texts_) {
    filled.channels.push_back(
        {context_.source.name, column, ColumnType::kCategorical, 0, false, "texts"});
    filled.warnings.push_back(context_.source.name + "." + column + ": dropped (texts)");
  }
  return chosen;
}

void SeriesStore::warn(FilledBlocks& filled) const {
  const std::string& name = context_.source.name;
  for (const std::string& warning : warnings_) filled.warnings.push_back(name + ": " + warning);
  if (cut_ > 0) {
    filled.warnings.push_back(
        fmt::format("{}: {} recordings are longer than {} samples; their ends "
                    "are cut off",
                    name, cut_, samples_));
  }
  if (merged_ > 0) {
    filled.warnings.push_back(
        fmt::format("{}: {} samples share their time with another of the same "
                    "participant; averaged (first in {})",
                    name, merged_, first_merged_));
  }
}

std::string SeriesStore::complaint() const {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < parts_.size(); ++row) {
    if (!parts_[row].empty()) rows.push_back(row);
  }
  // Only windows that were left out: the channels are not to blame if there was something in them.
  if (rows.empty() && fullest_ > 0) return fmt::format("the fullest has {:.2g}", fullest_);
  FilledBlocks filled;
  choose_channels(summarise(rows), rows.size(), filled);
  return fmt::format("{}", fmt::join(filled.warnings, "; "));
}

FilledBlocks SeriesStore::fill(const std::vector<std::size_t>& rows) const {
  const auto participants = static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](std::size_t row) { return row != kNoRow; }));
  FilledBlocks filled;
  const std::vector<std::size_t> chosen = choose_channels(summarise(rows), participants, filled);
  if (chosen.empty()) {
    throw DataError(
        context_.path(), 0, "",
        fmt::format("'{}' has no channel left: {}; expected at least one that varies; "
                    "remove the modality or choose other columns",
                    context_.source.name,
                    filled.warnings.empty() ? std::string("there is none")
                                            : fmt::format("{}", fmt::join(filled.warnings, "; "))));
  }
  BlockShape shape;
  shape.kind = "series";
  shape.channels = chosen.size();
  shape.rate = rate_;
  shape.width = samples_;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    shape.channel_names.push_back(context_.fitted != nullptr ? context_.fitted->channel_names[k]
                                                             : names_[chosen[k]]);
  }
  if (shape.width == 0) {
    for (const std::size_t row : rows) {
      if (row == kNoRow) continue;
      for (const Part& part : parts_[row]) shape.width = std::max(shape.width, part.length);
    }
  }
  auto blocks =
      std::make_shared<Blocks>(shape, rows.size(), BlockStorage::kFloat, context_.cache());
  Descriptors descriptors(shape, rows.size());
  std::vector<float> values;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == kNoRow) continue;
    if (i % 256 == 0) context_.tick("storing " + context_.source.name, i, rows.size());
    values.assign(shape.size(), kNaN);
    for (const Part& part : parts_[rows[i]]) {
      const auto place = std::find(chosen.begin(), chosen.end(), part.channel);
      if (place == chosen.end()) continue;
      float* const out = &values[static_cast<std::size_t>(place - chosen.begin()) * shape.width];
      cache_.read(part.offset, out, std::min(part.length, shape.width) * sizeof(float));
    }
    const bool empty =
        std::all_of(values.begin(), values.end(), [](float value) { return std::isnan(value); });
    if (empty) continue;  // only channels that were dropped: as good as absent
    blocks->write(i, values.data());
    descriptors.describe(i, values.data());
  }
  warn(filled);
  filled.blocks = std::move(blocks);
  filled.table = descriptors.take();
  return filled;
}

}  // namespace polycause
