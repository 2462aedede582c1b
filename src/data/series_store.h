// Recordings on their common raster, kept in a cache file until it is known who takes part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/block_source.h"
#include "data/cache_file.h"
#include "data/recording.h"
#include "data/resample.h"
#include "data/windows.h"

namespace polycause {

class SeriesStore {
 public:
  /// `context` must outlive the store.
  explicit SeriesStore(const BlockContext& context);

  /// Brings a recording onto the raster and keeps it. False when it holds no value (in the window).
  /// Throws DataError when it does not fit those before.
  bool add(std::size_t row, Recording recording);

  /// Keeps every window of a recording that is filled enough, as rows from `row` on; returns those.
  /// `left_out` counts the others.
  std::vector<Window> add_windows(std::size_t row, Recording recording, std::size_t& left_out);

  /// Blocks, descriptors and account of the participants; rows (n,) as given to add, or kNoRow.
  FilledBlocks fill(const std::vector<std::size_t>& rows) const;

  /// What is wrong with the channels of all recordings kept, "" when nothing is.
  std::string complaint() const;

  void note(const std::string& warning) { warnings_.push_back(warning); }
  void note_texts(const std::vector<std::string>& columns);

 private:
  struct Part {  ///< one channel of one recording
    std::size_t channel = 0;
    std::uint64_t offset = 0;
    std::size_t length = 0;
    std::size_t valid = 0;
    float low = 0, high = 0;
    std::size_t outside = 0;
    float outside_value = 0;
  };
  struct Summary {  ///< of a channel over the participants
    std::size_t recordings = 0, empty = 0, constant = 0;
    std::size_t valid = 0, outside = 0;
    float low = 0, high = 0, outside_value = 0;
  };
  void settle(Recording& recording);
  void settle_rate(Recording& recording);
  double keep(std::size_t row, const Recording& recording, double begin, std::size_t count);
  std::size_t find_channel(const Channel& channel);
  std::size_t raster_length(const Recording& recording, double& begin) const;
  std::vector<Summary> summarise(const std::vector<std::size_t>& rows) const;
  std::vector<std::size_t> choose_channels(const std::vector<Summary>& summaries,
                                           std::size_t participants, FilledBlocks& filled) const;
  std::string titled(std::size_t channel) const;
  void warn(FilledBlocks& filled) const;

  const BlockContext& context_;
  ClockWindow window_;
  WindowRule rule_;
  double rate_ = 0;
  bool resample_ = false;  ///< to the rate that study or model ask for
  bool settled_ = false;   ///< rate_ is that of the first recording, or of the model
  std::string first_;      ///< the recording it comes from
  std::size_t samples_ = 0;
  CacheFile cache_;
  std::vector<std::string> names_;
  std::vector<std::string> units_;
  std::vector<std::vector<Part>> parts_;  ///< by row
  std::vector<std::string> texts_;
  std::vector<std::string> warnings_;
  std::size_t cut_ = 0;
  double fullest_ = 0;  ///< largest share of samples in any row, kept or left out
  std::size_t merged_ = 0;
  std::string first_merged_;
};

}  // namespace polycause
