#include "data/hdf5.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <utility>

#include "data/bytes.h"
#include "data/cells.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr std::size_t kLargestImage = std::size_t{16} << 30U;
constexpr std::size_t kLongestText = std::size_t{1} << 20U;
constexpr std::size_t kMostTexts = std::size_t{1} << 28U;

/// The innermost reason that the library gives.
std::string reason() {
  std::string text;
  const auto take = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    if (error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, take, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.empty() ? "unknown reason" : text;
}

HdfId read_access() {
  HdfId access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.get(), false, true);  // fails on some network file systems
#endif
  return access;
}

/// An attribute of an object, its type and extent; false when there is none.
class Attribute {
 public:
  Attribute(hid_t object, const std::string& name)
      : found_(H5Aexists(object, name.c_str()) > 0 ? H5Aopen(object, name.c_str(), H5P_DEFAULT)
                                                   : H5I_INVALID_HID,
               H5Aclose),
        type_(found_ ? H5Aget_type(found_.get()) : H5I_INVALID_HID, H5Tclose),
        space_(found_ ? H5Aget_space(found_.get()) : H5I_INVALID_HID, H5Sclose) {}
  explicit operator bool() const { return static_cast<bool>(found_); }
  hid_t type() const { return type_.get(); }
  hid_t space() const { return space_.get(); }
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::max<hssize_t>(H5Sget_simple_extent_npoints(space_.get()), 0));
  }
  bool read(hid_t memory, void* out) const { return H5Aread(found_.get(), memory, out) >= 0; }

 private:
  HdfId found_;
  HdfId type_;
  HdfId space_;
};

HdfKind kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return HdfKind::kWhole;
    case H5T_FLOAT:
      return HdfKind::kNumber;
    case H5T_STRING:
      return HdfKind::kText;
    case H5T_ENUM:
      return H5Tget_size(type) == 1 ? HdfKind::kFlag : HdfKind::kOther;
    default:
      return HdfKind::kOther;
  }
}

std::vector<std::size_t> extent(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> lengths(static_cast<std::size_t>(std::max(rank, 0)));
  H5Sget_simple_extent_dims(space, lengths.data(), nullptr);
  return {lengths.begin(), lengths.end()};
}

}  // namespace

HdfId::HdfId(HdfId&& other) noexcept
    : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}

HdfId& HdfId::operator=(HdfId&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

HdfId::~HdfId() {
  if (id_ >= 0 && close_ != nullptr) close_(id_);
}

HdfQuiet::HdfQuiet() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &context_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

HdfQuiet::~HdfQuiet() { H5Eset_auto2(H5E_DEFAULT, function_, context_); }

HdfFile::HdfFile(const std::string& path) : path_(path) {
  register_lzf_filter();
  std::string head(8, '\0');
  {
    ByteStream stream(path);  // refuses directories and unreadable files with the usual words
    head.resize(stream.read(head.data(), head.size()));
  }
  const HdfId access = read_access();
  const bool packed = plain_name(path).size() < path.size();
  if (packed) {
    image_ = read_bytes(path, kLargestImage);  // copied by the library
    H5Pset_fapl_core(access.get(), std::size_t{1} << 20U, false);
    H5Pset_file_image(access.get(), image_.data(), image_.size());
  }
  // The library refuses an image under the name of a file; below a file there is none.
  const std::string name = packed ? path + "/image" : path;
  file_ = HdfId(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  heap_ = std::make_unique<HdfTextHeap>(path_, packed ? &image_ : nullptr);
  if (file_) return;
  const std::string why = reason();
  const std::string known = known_content(head);
  if (!known.empty() && known != "an HDF5 file") {
    throw DataError(
        path, 0, "",
        "the content looks like " + known + "; expected an HDF5 file; correct the name");
  }
  throw DataError(path, 0, "",
                  (known.empty() && head.compare(0, 6, "MuData") != 0
                       ? "the content is no HDF5 file ("
                       : "the HDF5 file is damaged or cut off (") +
                      why + "); expected a complete file; copy or save it again");
}

void HdfFile::fail(const std::string& object, const std::string& what) const {
  throw DataError(path_, 0, object, what);
}

bool HdfFile::exists(const std::string& object) const {
  for (std::size_t end = 0; end < object.size();) {
    end = std::min(object.find('/', end + 1), object.size());
    const std::string part = object.substr(0, end);
    if (H5Lexists(file_.get(), part.c_str(), H5P_DEFAULT) <= 0) return false;
    if (H5Oexists_by_name(file_.get(), part.c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return true;
}

HdfId HdfFile::open(const std::string& object) const {
  const char* name = object.empty() ? "/" : object.c_str();
  HdfId id(H5Oopen(file_.get(), name, H5P_DEFAULT), H5Oclose);
  if (!id) fail(object, "cannot be opened (" + reason() + "); the file is damaged, save it again");
  return id;
}

HdfId HdfFile::open_dataset(const std::string& object) const {
  HdfId id = open(object);
  if (H5Iget_type(id.get()) != H5I_DATASET) {
    fail(object, "is no data set; expected an array of values");
  }
  return id;
}

HdfKind HdfFile::kind(const std::string& object) const {
  const HdfId id = open(object);
  if (H5Iget_type(id.get()) == H5I_GROUP) return HdfKind::kGroup;
  if (H5Iget_type(id.get()) != H5I_DATASET) return HdfKind::kOther;
  const HdfId type(H5Dget_type(id.get()), H5Tclose);
  return kind_of(type.get());
}

std::vector<std::string> HdfFile::members(const std::string& group) const {
  const HdfId id = open(group);
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  H5Literate(id.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names);
  return names;
}

std::vector<std::size_t> HdfFile::shape(const std::string& dataset) const {
  const HdfId id = open_dataset(dataset);
  const HdfId space(H5Dget_space(id.get()), H5Sclose);
  return extent(space.get());
}

std::vector<std::size_t> HdfFile::chunk(const std::string& dataset) const {
  const HdfId id = open_dataset(dataset);
  const HdfId made(H5Dget_create_plist(id.get()), H5Pclose);
  if (H5Pget_layout(made.get()) != H5D_CHUNKED) return {};
  std::array<hsize_t, H5S_MAX_RANK> lengths{};
  const int rank = H5Pget_chunk(made.get(), H5S_MAX_RANK, lengths.data());
  return {lengths.begin(), lengths.begin() + std::max(rank, 0)};
}

bool HdfFile::has_attribute(const std::string& object, const std::string& name) const {
  return H5Aexists(open(object).get(), name.c_str()) > 0;
}

std::vector<std::string> HdfFile::read_texts(
    const std::string& object, hid_t type, hid_t space,
    const std::function<void(hid_t memory_type, void* out)>& read) const {
  const auto count =
      static_cast<std::size_t>(std::max<hssize_t>(H5Sget_simple_extent_npoints(space), 0));
  if (count == 0) return {};
  if (H5Tis_variable_str(type) > 0) {
    if (count > kMostTexts) fail(object, "is larger than any memory");
    std::string references(count * HdfTextHeap::kReference, '\0');
    read(HdfTextHeap::reference_type(), references.data());
    auto texts = heap_->texts(file_.get(), references);
    if (!texts) fail(object, "its texts cannot be found; the file is damaged, save it again");
    return *std::move(texts);
  }
  const HdfId memory(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_cset(memory.get(), H5Tget_cset(type));
  const std::size_t length = H5Tget_size(type) + 1;
  H5Tset_size(memory.get(), length);
  std::vector<char> buffer(count * length, '\0');
  read(memory.get(), buffer.data());
  std::vector<std::string> texts;
  texts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* text = buffer.data() + i * length;
    texts.emplace_back(text, strnlen(text, length));
  }
  return texts;
}

std::vector<std::string> HdfFile::texts(const std::string& object,
                                        const std::string& attribute) const {
  const HdfId id = open(object);
  const Attribute found(id.get(), attribute);
  if (!found || H5Tget_class(found.type()) != H5T_STRING) return {};
  return read_texts(object, found.type(), found.space(), [&](hid_t memory, void* out) {
    if (!found.read(memory, out))
      fail(object, "the attribute '" + attribute + "' cannot be read (" + reason() + ")");
  });
}

std::vector<std::int64_t> HdfFile::wholes(const std::string& object,
                                          const std::string& attribute) const {
  const HdfId id = open(object);
  const Attribute found(id.get(), attribute);
  if (!found || H5Tget_class(found.type()) != H5T_INTEGER) return {};
  std::vector<std::int64_t> values(found.count());
  if (!values.empty() && !found.read(H5T_NATIVE_INT64, values.data()))
    fail(object, "the attribute '" + attribute + "' cannot be read (" + reason() + ")");
  return values;
}

std::string HdfFile::reference(const std::string& object, const std::string& attribute) const {
  const HdfId id = open(object);
  const Attribute found(id.get(), attribute);
  if (!found || H5Tequal(found.type(), H5T_STD_REF_OBJ) <= 0 || found.count() != 1) return "";
  hobj_ref_t target = 0;
  if (!found.read(H5T_STD_REF_OBJ, &target)) return "";
  std::array<char, 4096> name{};
  const ssize_t length = H5Rget_name(id.get(), H5R_OBJECT, &target, name.data(), name.size());
  if (length <= 0 || static_cast<std::size_t>(length) >= name.size()) {
    fail(object, "the attribute '" + attribute + "' points to nothing; the file is damaged");
  }
  return name[0] == '/' ? name.data() + 1 : name.data();
}

void HdfFile::require_filters(const std::string& object, hid_t dataset) const {
  const HdfId made(H5Dget_create_plist(dataset), H5Pclose);
  for (int i = 0; i < H5Pget_nfilters(made.get()); ++i) {
    unsigned flags = 0;
    std::size_t count = 0;
    std::array<char, 64> name{};
    const H5Z_filter_t filter = H5Pget_filter2(made.get(), static_cast<unsigned>(i), &flags, &count,
                                               nullptr, name.size(), name.data(), nullptr);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    fail(object, fmt::format("is compressed with filter {} ({}); expected gzip, lzf or none; save "
                             "the file again with compression=\"gzip\"",
                             filter, name[0] == '\0' ? "no name" : name.data()));
  }
}

void HdfFile::read(const std::string& object, hid_t dataset, hid_t type, hid_t memory, hid_t file,
                   void* out) const {
  require_filters(object, dataset);
  if (H5Dread(dataset, type, memory, file, H5P_DEFAULT, out) < 0) {
    fail(object, "cannot be read (" + reason() + "); the file is damaged, save it again");
  }
}

std::vector<double> HdfFile::numbers(const std::string& dataset, std::size_t first,
                                     std::size_t count) const {
  const HdfId id = open_dataset(dataset);
  const HdfId type(H5Dget_type(id.get()), H5Tclose);
  const HdfId space(H5Dget_space(id.get()), H5Sclose);
  const HdfKind what = kind_of(type.get());
  if (what == HdfKind::kText || what == HdfKind::kOther) {
    fail(dataset, "holds no numbers; expected numbers");
  }
  const std::vector<std::size_t> lengths = extent(space.get());
  if (lengths.empty() || first > lengths[0] || count > lengths[0] - first) {
    fail(dataset, "is shorter than expected; the file is damaged, save it again");
  }
  std::vector<hsize_t> begin(lengths.size(), 0);
  std::vector<hsize_t> size(lengths.begin(), lengths.end());
  begin[0] = first;
  size[0] = count;
  std::size_t total = 1;
  for (const hsize_t length : size) {
    if (length != 0 && total > SIZE_MAX / 16 / length) fail(dataset, "is larger than any memory");
    total *= length;
  }
  std::vector<double> values(total);
  if (total == 0) return values;
  H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, begin.data(), nullptr, size.data(), nullptr);
  const HdfId memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr),
                     H5Sclose);
  if (what == HdfKind::kFlag) {
    std::vector<signed char> flags(total);
    read(dataset, id.get(), type.get(), memory.get(), space.get(), flags.data());
    std::copy(flags.begin(), flags.end(), values.begin());
  } else {
    read(dataset, id.get(), H5T_NATIVE_DOUBLE, memory.get(), space.get(), values.data());
  }
  return values;
}

std::vector<double> HdfFile::numbers(const std::string& dataset) const {
  const std::vector<std::size_t> lengths = shape(dataset);
  if (lengths.empty()) fail(dataset, "holds a single value; expected an array");
  return numbers(dataset, 0, lengths[0]);
}

std::vector<std::int64_t> HdfFile::wholes(const std::string& dataset) const {
  const HdfId id = open_dataset(dataset);
  const HdfId type(H5Dget_type(id.get()), H5Tclose);
  const HdfId space(H5Dget_space(id.get()), H5Sclose);
  if (kind_of(type.get()) != HdfKind::kWhole) fail(dataset, "holds no whole numbers");
  std::vector<std::int64_t> values(
      static_cast<std::size_t>(std::max<hssize_t>(H5Sget_simple_extent_npoints(space.get()), 0)));
  if (!values.empty()) read(dataset, id.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, values.data());
  return values;
}

std::vector<std::string> HdfFile::texts(const std::string& dataset) const {
  const HdfId id = open_dataset(dataset);
  const HdfId type(H5Dget_type(id.get()), H5Tclose);
  const HdfId space(H5Dget_space(id.get()), H5Sclose);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tget_size(type.get()) > kLongestText) {
    fail(dataset, "holds no texts; expected texts");
  }
  std::vector<std::string> values = read_texts(
      dataset, type.get(), space.get(),
      [&](hid_t memory, void* out) { read(dataset, id.get(), memory, H5S_ALL, H5S_ALL, out); });
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_utf8(values[i])) continue;
    throw DataError(path_, i + 1, dataset, "holds bytes that are no UTF-8 text; save it again");
  }
  return values;
}

}  // namespace polycause
