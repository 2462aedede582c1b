#include "data/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data/bytes.h"
#include "data/cells.h"
#include "data/raw_table.h"
#include "data/sample_table.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Puts `more` behind `channel` on the same raster; where they overlap, the later file counts.
void continue_channel(Channel& channel, Channel&& more, const std::string& path) {
  if (more.values.empty()) return;
  if (channel.values.empty()) {
    channel = std::move(more);
    return;
  }
  if (!(channel.rate > 0) || std::fabs(channel.rate - more.rate) > 1e-6 * channel.rate) {
    throw DataError(path, 0, channel.name,
                    fmt::format("has {} samples per second, another file of the same participant "
                                "{}; expected one rate above 0; give them different ids",
                                more.rate, channel.rate));
  }
  if (more.start < channel.start) std::swap(channel, more);
  const double place = std::round((more.start - channel.start) * channel.rate);
  const double length = place + static_cast<double>(more.values.size());
  if (length > static_cast<double>(kMostSamples)) {
    throw DataError(path, 0, channel.name,
                    fmt::format("would have {:.0f} samples with the gap between two files of the "
                                "same participant; expected at most {}; check the dates",
                                length, kMostSamples));
  }
  const auto begin = static_cast<std::size_t>(place);
  channel.values.resize(std::max(channel.values.size(), begin + more.values.size()), kNaN);
  for (std::size_t i = 0; i < more.values.size(); ++i) {
    if (!std::isnan(more.values[i])) channel.values[begin + i] = more.values[i];
  }
  if (more.outside > 0) channel.outside_value = more.outside_value;
  channel.outside += more.outside;
}

}  // namespace

bool named_like_recording(const std::string& name) {
  static const std::vector<std::string> kEnds = {".csv",     ".tsv", ".tab",     ".txt",
                                                 ".parquet", ".pq",  ".feather", ".npy",
                                                 ".npz",     ".edf", ".bdf",     ".rec"};
  const std::string plain = plain_name(name);
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](const std::string& end) { return has_ending(plain, end); });
}

Recording read_recording(const StudySpec& study, const BlockSpec& spec, const std::string& path,
                         const ChannelFilter& keep) {
  std::string head(8, '\0');
  {
    ByteStream stream(path);
    head.resize(stream.read(head.data(), head.size()));
  }
  if (head == "0       " || head ==
                                "\xff"
                                "BIOSEMI") {
    return read_edf(path, keep);
  }
  if (head.compare(0, 6, "\x93NUMPY") == 0 || head.compare(0, 4, "PK\x03\x04") == 0) {
    return read_recording_array(spec, path, keep);
  }
  const std::string name = plain_name(path);
  if (has_ending(name, ".edf") || has_ending(name, ".bdf") || has_ending(name, ".rec")) {
    throw DataError(path, 0, "",
                    "the content is no EDF or BDF; expected such a file by its name; copy it again "
                    "or rename it");
  }
  return read_recording_table(study, spec, path, keep);
}

Recording read_recording_table(const StudySpec& study, const BlockSpec& spec,
                               const std::string& path, const ChannelFilter& keep) {
  SampleTable table(study, spec, path, false, keep);
  Recording recording;
  recording.path = path;
  for (const std::string& name : table.names()) {
    recording.channels.emplace_back();
    recording.channels.back().name = name;
  }
  ClockRoll roll;
  SampleTable::Row row;
  while (table.next(row)) {
    if (table.has_time()) {
      if (std::isnan(row.time)) continue;  // a sample without a time says nothing
      recording.times.push_back(table.is_clock() ? roll.apply(row.time) : row.time);
    }
    for (std::size_t c = 0; c < row.values.size(); ++c) {
      recording.channels[c].values.push_back(row.values[c]);
    }
  }
  const std::vector<bool> texts = table.texts();
  std::size_t kept = 0;
  for (std::size_t c = 0; c < texts.size(); ++c) {
    if (texts[c]) recording.texts.push_back(recording.channels[c].name);
    if (texts[c]) continue;
    if (kept != c) recording.channels[kept] = std::move(recording.channels[c]);
    ++kept;
  }
  recording.channels.resize(kept);
  return recording;
}

void expect_channel_names(const BlockSpec& spec, std::size_t channels, const std::string& path) {
  const std::vector<std::string>& names = spec.channel_names;
  if (names.empty() || names.size() == channels) return;
  throw DataError(path, 0, "",
                  fmt::format("holds {} channels; expected {}, one for each of channel_names; "
                              "correct channel_names",
                              channels, names.size()));
}

Recording read_recording_array(const BlockSpec& spec, const std::string& path,
                               const ChannelFilter& keep) {
  const std::vector<std::string>& names = spec.channel_names;
  ReadOptions options;
  options.numbered = true;
  if (names.empty()) options.wanted = keep;
  const RawTable table = read_raw_table(path, options);
  expect_channel_names(spec, table.columns.size(), path);
  Recording recording;
  recording.path = path;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const RawColumn& column = table.columns[c];
    Channel channel;
    channel.name = names.empty() ? column.name : names[c];
    if (column.text || (!names.empty() && !keep(channel.name))) continue;
    for (const double value : column.values) channel.values.push_back(static_cast<float>(value));
    recording.channels.push_back(std::move(channel));
  }
  return recording;
}

void append_recording(Recording& recording, Recording&& more) {
  if (recording.channels.empty()) {
    recording = std::move(more);
    return;
  }
  for (const Recording* part : {&recording, &more}) {
    for (const Channel& channel : part->channels) {
      if (channel.rate > 0) continue;
      throw DataError(
          more.path, 0, "",
          "is a further file of its participant, and only files with a fixed rate (EDF, "
          "BDF) can be joined; expected one file; write them as one table");
    }
  }
  for (Channel& channel : more.channels) {
    const auto same =
        std::find_if(recording.channels.begin(), recording.channels.end(),
                     [&](const Channel& other) { return other.name == channel.name; });
    if (same == recording.channels.end()) {
      recording.channels.push_back(std::move(channel));
    } else {
      continue_channel(*same, std::move(channel), more.path);
    }
  }
}

}  // namespace polycause
