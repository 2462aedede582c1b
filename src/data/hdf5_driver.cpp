#include "data/hdf5_driver.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>

namespace polycause {
namespace {

constexpr std::size_t kHeapHead = 16;    // "GCOL", version, 3 bytes, size of the whole
constexpr std::size_t kObjectHead = 16;  // number, references, 4 bytes, size
constexpr std::uint64_t kLargestHeap = std::uint64_t{1} << 32U;

/// What is set beside an access list.
struct Source {
  const std::string* image;
};

struct CheckedFile : H5FD_t {
  const std::string* image = nullptr;
  std::ifstream stream;
  haddr_t length = 0;
  haddr_t end = 0;  // of what the library uses
  bool checked = false;

  /// Zeros beyond the end.
  bool bytes(haddr_t at, std::size_t size, char* out) {
    const auto there =
        static_cast<std::size_t>(at < length ? std::min<haddr_t>(size, length - at) : 0);
    std::memset(out + there, 0, size - there);
    if (there == 0) return true;
    if (image != nullptr) {
      std::memcpy(out, image->data() + at, there);
      return true;
    }
    stream.clear();
    stream.seekg(static_cast<std::streamoff>(at));
    stream.read(out, static_cast<std::streamsize>(there));
    return stream.gcount() == static_cast<std::streamsize>(there);
  }
};

std::uint64_t number(const char* bytes, int width) {
  std::uint64_t value = 0;
  for (int k = 0; k < width; ++k)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[k])) << (8 * k);
  return value;
}

CheckedFile& of(H5FD_t* file) { return *static_cast<CheckedFile*>(file); }
const CheckedFile& of(const H5FD_t* file) { return *static_cast<const CheckedFile*>(file); }

/// Whether lengths have 8 bytes, as nearly everywhere, by the superblock: it is at 0 or at 512,
/// 1024, 2048, ...
bool has_long_lengths(CheckedFile& file) {
  char head[16];
  for (haddr_t at = 0; at < file.length; at = at == 0 ? 512 : 2 * at) {
    if (!file.bytes(at, sizeof(head), head)) return false;
    if (std::memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0) return head[head[8] < 2 ? 14 : 10] == 8;
  }
  return false;
}

/// Whether every object of the heap at `at` ends where the next one begins, inside the heap.
bool is_sound_heap(CheckedFile& file, haddr_t at, const char* head) {
  const std::uint64_t size = number(head + 8, 8);
  if (size < kHeapHead || size > kLargestHeap || at > file.length || size > file.length - at)
    return false;
  std::string heap(size, '\0');
  if (!file.bytes(at, heap.size(), heap.data())) return false;
  for (std::uint64_t place = kHeapHead; place + kObjectHead <= size;) {
    const bool used = number(heap.data() + place, 2) != 0;
    std::uint64_t length = number(heap.data() + place + 8, 8);
    if (length > size) return false;
    if (used) length = kObjectHead + (length + 7) / 8 * 8;
    if (length < kObjectHead || length > size - place) return false;
    place += length;
  }
  return true;
}

H5FD_t* open_file(const char* name, unsigned flags, hid_t access, haddr_t) {
  if ((flags & H5F_ACC_RDWR) != 0) return nullptr;
  auto file = std::unique_ptr<CheckedFile>(new (std::nothrow) CheckedFile());
  if (!file) return nullptr;
  const auto* source = static_cast<const Source*>(H5Pget_driver_info(access));
  if (source != nullptr) file->image = source->image;
  if (file->image != nullptr) {
    file->length = file->image->size();
  } else {
    file->stream.open(name, std::ios::binary | std::ios::ate);
    if (!file->stream) return nullptr;
    file->length = static_cast<haddr_t>(file->stream.tellg());
  }
  file->checked = has_long_lengths(*file);
  return file.release();
}

herr_t close_file(H5FD_t* file) {
  delete &of(file);
  return 0;
}

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t end_in_use(const H5FD_t* file, H5FD_mem_t) { return of(file).end; }

herr_t set_end_in_use(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  of(file).end = end;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return of(file).length; }

herr_t read_file_bytes(H5FD_t* common, H5FD_mem_t, hid_t, haddr_t at, std::size_t size, void* out) {
  CheckedFile& file = of(common);
  auto* bytes = static_cast<char*>(out);
  if (!file.bytes(at, size, bytes)) return -1;
  const bool heap = size >= kHeapHead && std::memcmp(bytes, "GCOL\1", 5) == 0;
  return heap && file.checked && !is_sound_heap(file, at, bytes) ? -1 : 0;
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) { return -1; }

hid_t checked_driver() {
  static const hid_t id = [] {
    static H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = 513;  // of those for anyone's tests
#endif
    driver.name = "polycause_checked";
    driver.maxaddr = (haddr_t{1} << 62U) - 1;
    driver.fc_degree = H5F_CLOSE_WEAK;
    driver.fapl_size = sizeof(Source);
    driver.open = open_file;
    driver.close = close_file;
    driver.query = features;
    driver.get_eoa = end_in_use;
    driver.set_eoa = set_end_in_use;
    driver.get_eof = end_of_file;
    driver.read = read_file_bytes;
    driver.write = refuse_write;
    const H5FD_mem_t map[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), driver.fl_map);
    return H5FDregister(&driver);
  }();
  return id;
}

}  // namespace

void use_checked_reads(hid_t access, const std::string* image) {
  const Source source{image};
  H5Pset_driver(access, checked_driver(), &source);
}

}  // namespace polycause
