// A long table (id, time, channels) of any length and order, participant by participant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/cache_file.h"
#include "data/raw_table.h"
#include "data/recording.h"
#include "data/sample_table.h"

namespace polycause {

/// Reads the table once and keeps its rows in a cache file, sorted by participant within portions
/// that fit into memory.
class LongSeries {
 public:
  LongSeries(const StudySpec& study, const BlockSpec& spec, const std::string& path,
             const std::string& cache, const ChannelFilter& keep);

  const RawTable& list() const { return list_; }
  std::size_t skipped() const { return skipped_; }  ///< rows without an id or a time
  const std::vector<std::string>& texts() const { return texts_; }

  /// In the order of the file.
  Recording read(std::size_t participant) const;

 private:
  struct Run {
    std::uint64_t offset;
    std::size_t count;
  };
  void add(const SampleTable::Row& row, bool is_clock, std::size_t line);
  void flush();

  std::string path_;
  CacheFile cache_;
  RawTable list_;
  std::unordered_map<std::string, std::size_t> participant_of_;
  std::vector<ClockRoll> clocks_;
  std::vector<std::vector<Run>> runs_;
  std::vector<std::string> names_;
  std::vector<bool> is_text_;
  std::vector<std::string> texts_;
  std::size_t skipped_ = 0;
  std::vector<std::size_t> who_;  ///< the portion in memory
  std::vector<double> times_;
  std::vector<float> values_;  ///< (rows, names)
};

}  // namespace polycause
