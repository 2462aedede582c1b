#include "data/long_series.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kPortion = std::size_t{1} << 26U;  ///< bytes

}  // namespace

LongSeries::LongSeries(const StudySpec& study, const BlockSpec& spec, const std::string& path,
                       const std::string& cache, const ChannelFilter& keep)
    : path_(path), cache_(cache) {
  SampleTable table(study, spec, path, true, keep);
  names_ = table.names();
  list_.path = path;
  SampleTable::Row row;
  const std::size_t bytes_per_row = 16 + 4 * names_.size();
  while (table.next(row)) {
    if (row.id.empty() || std::isnan(row.time)) {
      ++skipped_;
      continue;
    }
    add(row, table.is_clock(), table.line());
    if (who_.size() * bytes_per_row >= kPortion) flush();
  }
  flush();
  is_text_ = table.texts();
  for (std::size_t c = 0; c < names_.size(); ++c) {
    if (is_text_[c]) texts_.push_back(names_[c]);
  }
  strip_float_ids(list_.ids);
  participant_of_.clear();
  if (list_.ids.empty()) {
    throw DataError(path, 0, "", "holds no row with an id and a time; expected one row per sample");
  }
}

void LongSeries::add(const SampleTable::Row& row, bool is_clock, std::size_t line) {
  const auto [place, fresh] = participant_of_.try_emplace(std::string(row.id), runs_.size());
  if (fresh) {
    if (!is_utf8(row.id)) {
      throw DataError(path_, line, "", "the id is not UTF-8; expected UTF-8; convert the file");
    }
    list_.ids.emplace_back(row.id);
    list_.lines.push_back(line);
    runs_.emplace_back();
    clocks_.emplace_back();
  }
  const std::size_t who = place->second;
  who_.push_back(who);
  times_.push_back(is_clock ? clocks_[who].apply(row.time) : row.time);
  values_.insert(values_.end(), row.values.begin(), row.values.end());
}

void LongSeries::flush() {
  const std::size_t channels = names_.size();
  std::vector<std::size_t> order(who_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return who_[a] < who_[b]; });
  std::vector<double> times;
  std::vector<float> values;
  for (std::size_t begin = 0; begin < order.size();) {
    const std::size_t who = who_[order[begin]];
    times.clear();
    values.clear();
    std::size_t end = begin;
    for (; end < order.size() && who_[order[end]] == who; ++end) {
      times.push_back(times_[order[end]]);
      const float* const from = values_.data() + order[end] * channels;
      values.insert(values.end(), from, from + channels);
    }
    const std::uint64_t offset = cache_.append(times.data(), times.size() * sizeof(double));
    cache_.append(values.data(), values.size() * sizeof(float));
    runs_[who].push_back({offset, times.size()});
    begin = end;
  }
  who_.clear();
  times_.clear();
  values_.clear();
}

Recording LongSeries::read(std::size_t participant) const {
  const std::size_t channels = names_.size();
  Recording recording;
  recording.path = path_ + ", participant " + shown(list_.ids[participant]);
  recording.channels.resize(channels);
  std::vector<float> values;
  for (const Run& run : runs_[participant]) {
    const std::size_t before = recording.times.size();
    recording.times.resize(before + run.count);
    cache_.read(run.offset, recording.times.data() + before, run.count * sizeof(double));
    values.resize(run.count * channels);
    cache_.read(run.offset + run.count * sizeof(double), values.data(),
                values.size() * sizeof(float));
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < run.count; ++i) {
        recording.channels[c].values.push_back(values[i * channels + c]);
      }
    }
  }
  std::size_t kept = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    recording.channels[c].name = names_[c];
    if (is_text_[c]) continue;
    if (kept != c) recording.channels[kept] = std::move(recording.channels[c]);
    ++kept;
  }
  recording.channels.resize(kept);
  return recording;
}

}  // namespace polycause
