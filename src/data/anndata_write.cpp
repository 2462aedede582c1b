#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "data/bytes.h"
#include "data/hdf5.h"
#include "polycause/anndata.h"
#include "polycause/error.h"
#include "polycause/version.h"

namespace polycause {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kUserBlock = 512;  // where MuData files say what they are

/// A file in memory; groups and arrays carry AnnData's marks. Nothing depends on the time.
class Writer {
 public:
  explicit Writer(std::size_t user_block) : user_block_(user_block) {
    const HdfId access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.get(), std::size_t{1} << 20U, false);
    const HdfId create(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
    H5Pset_obj_track_times(create.get(), false);
    if (user_block > 0) H5Pset_userblock(create.get(), user_block);
    // The name is not used: nothing reaches the disk.
    file_ = HdfId(H5Fcreate("latents", H5F_ACC_TRUNC, create.get(), access.get()), H5Fclose);
    check(file_.get(), "the file");
    text_ = HdfId(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(text_.get(), H5T_VARIABLE);
    H5Tset_cset(text_.get(), H5T_CSET_UTF8);
    flag_ = HdfId(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
    const std::int8_t no = 0;
    const std::int8_t yes = 1;
    H5Tenum_insert(flag_.get(), "FALSE", &no);
    H5Tenum_insert(flag_.get(), "TRUE", &yes);
  }

  void group(const std::string& name, const std::string& type, const std::string& version) {
    if (!name.empty()) {
      const HdfId create(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
      H5Pset_obj_track_times(create.get(), false);
      const HdfId made(
          H5Gcreate2(file_.get(), name.c_str(), H5P_DEFAULT, create.get(), H5P_DEFAULT), H5Gclose);
      check(made.get(), name);
    }
    mark(name, type, version);
  }

  void numbers(const std::string& name, const std::vector<double>& values, std::size_t columns) {
    array(name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data(), values.size(), columns);
  }
  void indices(const std::string& name, const std::vector<std::uint32_t>& values) {
    array(name, H5T_STD_U32LE, H5T_NATIVE_UINT32, values.data(), values.size(), 0);
  }
  void codes(const std::string& name, const std::vector<std::int32_t>& values) {
    array(name, H5T_STD_I32LE, H5T_NATIVE_INT32, values.data(), values.size(), 0);
  }
  void flags(const std::string& name, const std::vector<std::int8_t>& values) {
    array(name, flag_.get(), flag_.get(), values.data(), values.size(), 1);
  }
  void texts(const std::string& name, const std::vector<std::string>& values) {
    const std::vector<const char*> pointers = pointers_to(values);
    array(name, text_.get(), text_.get(), pointers.data(), values.size(), 0, "string-array");
  }

  void attribute(const std::string& object, const std::string& name, const std::string& value) {
    const char* pointer = value.c_str();
    const HdfId space(H5Screate(H5S_SCALAR), H5Sclose);
    write_attribute(object, name, text_.get(), text_.get(), space.get(), &pointer);
  }
  void attribute(const std::string& object, const std::string& name,
                 const std::vector<std::string>& values) {
    std::vector<const char*> pointers = pointers_to(values);
    pointers.push_back(nullptr);  // the library wants an address even for no values
    const hsize_t size = values.size();
    const HdfId space(H5Screate_simple(1, &size, nullptr), H5Sclose);
    write_attribute(object, name, text_.get(), text_.get(), space.get(), pointers.data());
  }
  void attribute(const std::string& object, const std::string& name, std::int64_t value) {
    const HdfId space(H5Screate(H5S_SCALAR), H5Sclose);
    write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, space.get(), &value);
  }
  void unordered(const std::string& object) {
    const HdfId space(H5Screate(H5S_SCALAR), H5Sclose);
    const std::int8_t no = 0;
    write_attribute(object, "ordered", flag_.get(), flag_.get(), space.get(), &no);
  }

  /// The bytes of the file, a user block of zeros first where there is one.
  std::string bytes() {
    check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "the file");
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    check(size, "the file");
    std::string image(static_cast<std::size_t>(size), '\0');
    check(H5Fget_file_image(file_.get(), image.data(), image.size()), "the file");
    const std::string signature("\x89HDF\r\n\x1a\n", 8);
    if (user_block_ > 0 && image.compare(0, 8, signature) == 0) {
      image.insert(0, user_block_, '\0');
    }
    return image;
  }

 private:
  static std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    return pointers;
  }

  template <class Code>
  static void check(Code code, const std::string& what) {
    if (code < 0) throw Error("the HDF5 library could not make " + what + " in memory");
  }

  void mark(const std::string& object, const std::string& type, const std::string& version) {
    attribute(object, "encoding-type", type);
    attribute(object, "encoding-version", version);
  }

  /// columns 0 = a vector.
  void array(const std::string& name, hid_t stored, hid_t memory, const void* values,
             std::size_t count, std::size_t columns, const std::string& type = "array") {
    const hsize_t lengths[2] = {columns == 0 ? count : count / columns, columns};
    const HdfId space(H5Screate_simple(columns == 0 ? 1 : 2, lengths, nullptr), H5Sclose);
    const HdfId create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(create.get(), false);
    const HdfId made(H5Dcreate2(file_.get(), name.c_str(), stored, space.get(), H5P_DEFAULT,
                                create.get(), H5P_DEFAULT),
                     H5Dclose);
    check(made.get(), name);
    if (count > 0) {
      check(H5Dwrite(made.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    }
    mark(name, type, "0.2.0");
  }

  void write_attribute(const std::string& object, const std::string& name, hid_t stored,
                       hid_t memory, hid_t space, const void* value) {
    const HdfId owner(H5Oopen(file_.get(), object.empty() ? "/" : object.c_str(), H5P_DEFAULT),
                      H5Oclose);
    const HdfId made(H5Acreate2(owner.get(), name.c_str(), stored, space, H5P_DEFAULT, H5P_DEFAULT),
                     H5Aclose);
    check(made.get(), name);
    check(H5Awrite(made.get(), memory, value), name);
  }

  HdfQuiet quiet_;
  std::size_t user_block_;
  HdfId file_;
  HdfId text_;
  HdfId flag_;
};

std::string modality_of(const std::string& latent) { return latent.substr(0, latent.rfind('.')); }

Column text_column(std::string name, const std::vector<std::string>& texts) {
  Column column;
  column.name = std::move(name);
  for (const std::string& text : texts) {
    const auto found = std::find(column.levels.begin(), column.levels.end(), text);
    column.values.push_back(static_cast<double>(found - column.levels.begin()));
    if (found == column.levels.end()) column.levels.push_back(text);
  }
  return column;
}

void write_frame(Writer& out, const std::string& group, const std::vector<std::string>& index,
                 const std::vector<Column>& columns) {
  out.group(group, "dataframe", "0.2.0");
  std::vector<std::string> order;
  for (const Column& column : columns) order.push_back(column.name);
  out.attribute(group, "column-order", order);
  out.attribute(group, "_index", std::string("_index"));
  out.texts(group + "/_index", index);
  for (const Column& column : columns) {
    const std::string name = group + "/" + column.name;
    if (column.levels.empty()) {
      out.numbers(name, column.values, 0);
      continue;
    }
    out.group(name, "categorical", "0.2.0");
    out.unordered(name);
    out.texts(name + "/categories", column.levels);
    std::vector<std::int32_t> codes;
    for (const double value : column.values)
      codes.push_back(std::isnan(value) ? -1 : static_cast<std::int32_t>(value));
    out.codes(name + "/codes", codes);
  }
}

void write_empty(Writer& out, const std::string& prefix, const std::vector<const char*>& names) {
  for (const char* name : names) out.group(prefix + name, "dict", "0.1.0");
}

/// One AnnData: the latents `chosen` of the participants `rows`.
void write_data(Writer& out, const std::string& prefix, const Table& latents,
                const std::vector<std::size_t>& chosen, const std::vector<std::size_t>& rows,
                const std::vector<Column>& obs) {
  out.group(prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1), "anndata", "0.1.0");
  std::vector<double> values;
  std::vector<std::string> ids;
  for (const std::size_t i : rows) {
    ids.push_back(latents.ids[i]);
    for (const std::size_t j : chosen) values.push_back(latents.columns[j].values[i]);
  }
  out.numbers(prefix + "X", values, chosen.size());
  write_frame(out, prefix + "obs", ids, obs);
  std::vector<std::string> names;
  std::vector<std::string> modalities;
  for (const std::size_t j : chosen) {
    names.push_back(latents.columns[j].name);
    modalities.push_back(modality_of(names.back()));
  }
  write_frame(out, prefix + "var", names, {text_column("modality", modalities)});
  write_empty(out, prefix, {"layers", "obsm", "obsp", "uns", "varm", "varp"});
}

/// Columns of the tables for the participants `ids`, called <table>.<column>.
std::vector<Column> columns_about(const std::vector<std::string>& ids,
                                  const std::vector<Table>& about) {
  std::vector<Column> columns;
  for (const Table& table : about) {
    std::unordered_map<std::string, std::size_t> row_of;
    for (std::size_t i = 0; i < table.rows(); ++i) row_of.emplace(table.ids[i], i);
    for (const Column& column : table.columns) {
      Column aligned;
      aligned.name = table.name.empty() ? column.name : table.name + "." + column.name;
      std::replace(aligned.name.begin(), aligned.name.end(), '/', '_');  // HDF5 separates by it
      aligned.levels = column.levels;
      for (const std::string& id : ids) {
        const auto found = row_of.find(id);
        aligned.values.push_back(found == row_of.end() ? kNaN : column.values[found->second]);
      }
      columns.push_back(std::move(aligned));
    }
  }
  return columns;
}

std::vector<std::size_t> all(std::size_t count) {
  std::vector<std::size_t> positions(count);
  for (std::size_t i = 0; i < count; ++i) positions[i] = i;
  return positions;
}

/// Where the elements `present` of `count` stand among themselves, from 1; 0 = absent.
void write_map(Writer& out, const std::string& axis, const std::string& modality, std::size_t count,
               const std::vector<std::size_t>& present) {
  std::vector<std::uint32_t> map(count, 0);
  std::vector<std::int8_t> there(count, 0);
  for (std::size_t k = 0; k < present.size(); ++k) {
    map[present[k]] = static_cast<std::uint32_t>(k + 1);
    there[present[k]] = 1;
  }
  out.indices(axis + "map/" + modality, map);
  out.flags(axis + "m/" + modality, there);
}

std::string h5mu(const Table& latents, const std::vector<Table>& about) {
  Writer out(kUserBlock);
  out.group("", "MuData", "0.1.0");
  out.attribute("", "encoder", std::string("polycause"));
  out.attribute("", "encoder-version", std::string(kVersion));
  out.attribute("", "axis", std::int64_t{0});
  write_empty(out, "", {"mod", "obsm", "obsmap", "obsp", "uns", "varm", "varmap", "varp"});
  std::vector<std::string> modalities;
  std::vector<std::string> names;
  for (const Column& latent : latents.columns) {
    names.push_back(latent.name);
    modalities.push_back(modality_of(latent.name));
  }
  const Column labels = text_column("modality", modalities);
  for (std::size_t m = 0; m < labels.levels.size(); ++m) {
    const std::string& modality = labels.levels[m];
    std::vector<std::size_t> chosen;
    for (std::size_t j = 0; j < names.size(); ++j) {
      if (modalities[j] == modality) chosen.push_back(j);
    }
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < latents.rows(); ++i) {
      const bool present = std::any_of(chosen.begin(), chosen.end(), [&](std::size_t j) {
        return !std::isnan(latents.columns[j].values[i]);
      });
      if (present) rows.push_back(i);
    }
    write_data(out, "mod/" + modality + "/", latents, chosen, rows, {});
    write_map(out, "obs", modality, latents.rows(), rows);
    write_map(out, "var", modality, names.size(), chosen);
  }
  out.attribute("mod", "mod-order", labels.levels);
  write_frame(out, "obs", latents.ids, columns_about(latents.ids, about));
  write_frame(out, "var", names, {labels});
  std::string bytes = out.bytes();
  const std::string head =
      fmt::format("MuData (format-version=0.1.0;creator=polycause;creator-version={})", kVersion);
  bytes.replace(0, head.size(), head);
  return bytes;
}

}  // namespace

void write_anndata(const std::string& path, const Table& latents, const std::vector<Table>& about) {
  if (!is_anndata_name(path)) {
    throw ConfigError(path + ": expected a name ending in .h5ad or .h5mu; rename the file");
  }
  if (plain_name(path).compare(path.size() - 4, 4, "h5mu") == 0) {
    write_file(path, h5mu(latents, about));
    return;
  }
  Writer out(0);
  write_data(out, "", latents, all(latents.columns.size()), all(latents.rows()),
             columns_about(latents.ids, about));
  write_file(path, out.bytes());
}

}  // namespace polycause
