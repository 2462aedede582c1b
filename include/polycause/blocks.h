// Pictures and recordings: one block of numbers per participant, read in batches from a private
// cache file, so that memory does not grow with the number of participants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace polycause {

/// What study.toml says about a modality of pictures or series beside its files.
struct BlockSpec {
  /// Directory: patterns such as "*_left.png", whose * stands for the id; empty = all files. A
  /// series may have several, whose files together are one recording.
  std::vector<std::string> files;
  std::string path_column = "path";  ///< table of ids and files: column with the files
  std::size_t height = 0;            ///< image: pixels after resizing, 0 = as they are
  std::size_t width = 0;             ///< image
  std::string colour = "auto";       ///< image: auto | grey | rgb
  std::string time = "time";         ///< series: column with the time
  std::string time_unit = "s";       ///< series: of times that are numbers, ms | s | min | h
  double rate = 0;                   ///< series: samples per second, 0 = as recorded
  std::size_t samples = 0;  ///< series: length, cut or padded with missing; 0 = the longest
  std::string from;         ///< series: clock window, "22:00"; "" = everything
  std::string to;           ///< series: its end, of the next day when not after `from`
  /// Series: "" = one row per recording; "4h" and such = a row for every piece of that length;
  /// "day" = for every day, or every occurrence of from .. to. Rows are called "<id>@<begin>".
  std::string window;
  double filled = 0.5;  ///< series: least share of a window's samples that must be there
  std::vector<std::string> channel_names;  ///< series: of arrays, which know none
};

struct BlockShape {
  std::string kind = "image";  ///< image | series
  std::size_t channels = 1;    ///< images: 1 grey or 3 red, green, blue
  std::size_t height = 1;      ///< images: rows of pixels; series: 1
  std::size_t width = 1;       ///< images: pixels per row; series: samples
  double rate = 0;             ///< series: samples per second, 0 = order only
  std::vector<std::string> channel_names;

  std::size_t size() const { return channels * height * width; }
};

/// How numbers lie in the cache: images of 8 bits need a quarter of the space of floats; a modality
/// that nobody has needs none.
enum class BlockStorage { kByte, kFloat, kNone };

/// Immutable once filled; reading is safe from several threads.
class Blocks {
 public:
  /// Room for `participants` blocks in a file that nobody else can open and that disappears with
  /// this object (or the process). `directory` "" = the system's temporary directory. Throws Error
  /// when the file cannot be made.
  Blocks(const BlockShape& shape, std::size_t participants, BlockStorage storage,
         const std::string& directory = "");
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  const BlockShape& shape() const;
  std::size_t participants() const;
  std::uint64_t bytes() const;  ///< of the cache file
  /// False for a participant without this modality.
  bool present(std::size_t row) const;

  /// values (channels, height, width): images 0..1, series in the units of the file, NaN = missing
  /// sample. Marks the participant as present.
  void write(std::size_t row, const float* values);

  /// (count, channels, height, width) of the participants `rows`; NaN where missing, everywhere for
  /// an absent participant.
  void read(const std::uint32_t* rows, std::size_t count, float* out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace polycause
