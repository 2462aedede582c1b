// Reading HDF5 through its C library. Third-party header inside: include it only in files that are
// built when HDF5 is there.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/hdf5_heap.h"

namespace polycause {

/// Owns an identifier of the library.
class HdfId {
 public:
  using Close = herr_t (*)(hid_t);
  HdfId() = default;
  HdfId(hid_t id, Close close) : id_(id), close_(close) {}
  HdfId(HdfId&& other) noexcept;
  HdfId& operator=(HdfId&& other) noexcept;
  ~HdfId();
  explicit operator bool() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// The library unpacks LZF from now on.
void register_lzf_filter();

/// While it lives the library prints nothing.
class HdfQuiet {
 public:
  HdfQuiet();
  ~HdfQuiet();
  HdfQuiet(const HdfQuiet&) = delete;
  HdfQuiet& operator=(const HdfQuiet&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* context_ = nullptr;
};

enum class HdfKind { kGroup, kNumber, kWhole, kFlag, kText, kOther };

/// A file open for reading. Names of objects are paths such as "obs/age". Whatever fails is a
/// DataError with the file and the object.
class HdfFile {
 public:
  /// A name ending in .gz is unpacked in memory.
  explicit HdfFile(const std::string& path);

  bool exists(const std::string& object) const;
  HdfKind kind(const std::string& object) const;
  std::vector<std::string> members(const std::string& group) const;  ///< sorted by name
  std::vector<std::size_t> shape(const std::string& dataset) const;
  /// Lengths of a chunk; empty when the data are not stored in chunks.
  std::vector<std::size_t> chunk(const std::string& dataset) const;

  bool has_attribute(const std::string& object, const std::string& name) const;
  /// Texts of an attribute, one or several; empty when it is absent or holds no texts.
  std::vector<std::string> texts(const std::string& object, const std::string& attribute) const;
  std::vector<std::int64_t> wholes(const std::string& object, const std::string& attribute) const;
  /// Path of the object that a reference in an attribute points to, "" when there is none.
  std::string reference(const std::string& object, const std::string& attribute) const;

  /// Elements [first, first + count) along the first axis, all of the others. Flags are 0 and 1.
  std::vector<double> numbers(const std::string& dataset, std::size_t first,
                              std::size_t count) const;
  std::vector<double> numbers(const std::string& dataset) const;
  std::vector<std::int64_t> wholes(const std::string& dataset) const;
  std::vector<std::string> texts(const std::string& dataset) const;

  const std::string& path() const { return path_; }
  [[noreturn]] void fail(const std::string& object, const std::string& what) const;

 private:
  HdfId open(const std::string& object) const;
  HdfId open_dataset(const std::string& object) const;
  void require_filters(const std::string& object, hid_t dataset) const;
  void read(const std::string& object, hid_t dataset, hid_t type, hid_t memory, hid_t file,
            void* out) const;

  /// Of a data set or an attribute, of variable or fixed length.
  std::vector<std::string> read_texts(
      const std::string& object, hid_t type, hid_t space,
      const std::function<void(hid_t memory_type, void* out)>& read) const;

  HdfQuiet quiet_;
  std::string path_;
  std::string image_;  // of a packed file
  HdfId file_;
  std::unique_ptr<HdfTextHeap> heap_;
};

}  // namespace polycause
