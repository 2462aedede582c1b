// Texts of variable length in HDF5 files. Third-party header inside, as in hdf5.h.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace polycause {

/// Data sets hold references to such texts, which lie in heaps all over the file. The library walks
/// heaps and follows references without checks: damaged ones crash it or never end. So references
/// are read as they are, by conversion to `reference_type`, and followed here.
class HdfTextHeap {
 public:
  static constexpr std::size_t kReference = 16;  ///< bytes: length, address of the heap, number

  /// `image`: content of the file where it is in memory, else null. Both must outlive this object.
  HdfTextHeap(const std::string& path, const std::string* image) : path_(path), image_(image) {}

  /// Bytes of a reference in memory.
  static hid_t reference_type();

  /// One text per reference of `bytes`, "" where it points nowhere; nothing when one is damaged.
  /// `file` is open.
  std::optional<std::vector<std::string>> texts(hid_t file, const std::string& bytes);

 private:
  struct Heap {
    std::string bytes;
    std::unordered_map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> objects;  // at, size
  };
  const Heap* heap(std::uint64_t at);
  bool read(std::uint64_t at, std::size_t size, std::string& out) const;

  const std::string& path_;
  const std::string* image_;
  std::unordered_map<std::uint64_t, Heap> heaps_;  // some of them, by address
};

}  // namespace polycause
