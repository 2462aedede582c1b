#include "data/hdf5_heap.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace polycause {
namespace {

constexpr std::size_t kHeapHead = 16;    // "GCOL", version, 3 bytes, size of the whole
constexpr std::size_t kObjectHead = 16;  // number, references to it, 4 bytes, size
constexpr std::uint64_t kLargestHeap = std::uint64_t{1} << 32U;
constexpr std::size_t kHeapsKept = 256;

std::uint64_t number(const char* bytes, int width) {
  std::uint64_t value = 0;
  for (int k = 0; k < width; ++k)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[k])) << (8 * k);
  return value;
}

/// Leaves a reference as it is in the file.
herr_t convert(hid_t from, hid_t to, H5T_cdata_t* what, size_t, size_t, size_t, void*, void*,
               hid_t) {
  if (what->command != H5T_CONV_INIT) return 0;
  what->need_bkg = H5T_BKG_NO;
  const bool fits = H5Tis_variable_str(from) > 0 && H5Tget_size(from) == HdfTextHeap::kReference &&
                    H5Tget_size(to) == HdfTextHeap::kReference;
  return fits ? 0 : -1;
}

}  // namespace

hid_t HdfTextHeap::reference_type() {
  static const hid_t type = [] {
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const hid_t reference = H5Tcreate(H5T_OPAQUE, kReference);
    H5Tset_tag(reference, "reference to a text");
    H5Tregister(H5T_PERS_SOFT, "text references", text, reference, convert);
    H5Tclose(text);
    return reference;
  }();
  return type;
}

bool HdfTextHeap::read(std::uint64_t at, std::size_t size, std::string& out) const {
  if (image_ != nullptr) {
    if (at > image_->size() || size > image_->size() - at) return false;
    out = image_->substr(at, size);
    return true;
  }
  std::ifstream stream(path_, std::ios::binary | std::ios::ate);
  const auto length = static_cast<std::uint64_t>(std::max<std::streamoff>(stream.tellg(), 0));
  if (!stream || at > length || size > length - at) return false;
  out.resize(size);
  stream.seekg(static_cast<std::streamoff>(at));
  stream.read(out.data(), static_cast<std::streamsize>(size));
  return static_cast<bool>(stream);
}

const HdfTextHeap::Heap* HdfTextHeap::heap(std::uint64_t at) {
  if (const auto known = heaps_.find(at); known != heaps_.end()) return &known->second;
  Heap heap;
  std::string head;
  if (!read(at, kHeapHead, head) || head.compare(0, 5, "GCOL\1") != 0) return nullptr;
  const std::uint64_t size = number(head.data() + 8, 8);
  if (size < kHeapHead || size > kLargestHeap || !read(at, size, heap.bytes)) return nullptr;
  for (std::uint64_t place = kHeapHead; place + kObjectHead <= size;) {
    const std::uint64_t id = number(heap.bytes.data() + place, 2);
    const std::uint64_t length = number(heap.bytes.data() + place + 8, 8);
    if (length > size) return nullptr;
    // Number 0 is what is free, its head included.
    const std::uint64_t step = id == 0 ? length : kObjectHead + (length + 7) / 8 * 8;
    if (step < kObjectHead || step > size - place) return nullptr;
    if (id != 0) heap.objects[id] = {place + kObjectHead, length};
    place += step;
  }
  if (heaps_.size() >= kHeapsKept) heaps_.clear();
  return &heaps_.emplace(at, std::move(heap)).first->second;
}

std::optional<std::vector<std::string>> HdfTextHeap::texts(hid_t file, const std::string& bytes) {
  hsize_t base = 0;  // addresses count from behind the user's block
  const hid_t made = H5Fget_create_plist(file);
  H5Pget_userblock(made, &base);
  H5Pclose(made);
  std::vector<std::string> texts;
  texts.reserve(bytes.size() / kReference);
  for (std::size_t k = 0; k + kReference <= bytes.size(); k += kReference) {
    const std::uint64_t length = number(bytes.data() + k, 4);
    const std::uint64_t at = number(bytes.data() + k + 4, 8);
    texts.emplace_back();
    if (length == 0 || at == 0) continue;
    const Heap* found = at + base < at ? nullptr : heap(at + base);
    if (found == nullptr) return std::nullopt;
    const auto object = found->objects.find(number(bytes.data() + k + 12, 4));
    if (object == found->objects.end() || length > object->second.second) return std::nullopt;
    const char* text = found->bytes.data() + object->second.first;
    texts.back().assign(text, strnlen(text, length));
  }
  return texts;
}

}  // namespace polycause
