// Arrays of pictures or recordings in one file (IDX, NPY, NPZ), one participant at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "data/bytes.h"
#include "data/numpy.h"

namespace polycause {

class ArrayStream {
 public:
  /// What the first bytes (decompressed) of a file say: it is an array and no text or picture.
  static bool holds_array(const std::string& path);

  /// "file.npz:array" chooses an array of an archive, `id` names the one that holds the ids. IDX
  /// and NPY are read as they are asked for; an archive is unpacked into memory. Throws DataError.
  ArrayStream(const std::string& path, const std::string& id);

  const std::string& path() const { return path_; }
  const std::vector<std::size_t>& shape() const { return header_.shape; }  ///< >= 2 dimensions
  std::size_t items() const { return items_; }  ///< numbers per participant
  /// 8 or 16 for unsigned integers of that size (pictures), else 32.
  int bits() const;
  const std::vector<std::string>& ids() const { return ids_; }  ///< of the archive; else empty

  /// The numbers of the next participant as they are in the file. Throws DataError when it ends too
  /// early, and after the last one when more follows.
  void next(float* out);

 private:
  void open_archive(const std::string& id);
  void open_idx();
  void take(char* out, std::size_t size);
  void check_shape();

  std::string path_;
  std::unique_ptr<ByteStream> stream_;
  std::string unpacked_;  ///< of an archive
  std::size_t at_ = 0;
  NpyHeader header_;
  std::size_t items_ = 0;
  std::size_t done_ = 0;
  std::vector<std::string> ids_;
  std::string slice_;
};

}  // namespace polycause
