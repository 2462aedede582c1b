#include "data/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace polycause {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 22U;  // numbers read at a time

/// "csr", "csc", or "" for a dense matrix.
std::string sparse_kind(const HdfFile& file, const std::string& object) {
  if (file.kind(object) != HdfKind::kGroup) return "";
  for (const char* attribute : {"encoding-type", "h5sparse_format"}) {
    const std::vector<std::string> type = file.texts(object, attribute);
    if (type.size() == 1 && type[0].compare(0, 3, "csr") == 0) return "csr";
    if (type.size() == 1 && type[0].compare(0, 3, "csc") == 0) return "csc";
  }
  file.fail(object, "is of a kind that is not read; expected a dense, CSR or CSC matrix");
}

/// Entries of a sparse matrix: major is the row (CSR) or the column (CSC).
class Sparse {
 public:
  Sparse(const HdfFile& file, const std::string& object, std::size_t major, std::size_t minor)
      : file_(file), object_(object), minor_(minor), begin_(file.wholes(object + "/indptr")) {
    entries_ = file.shape(object + "/data").at(0);
    const std::vector<std::size_t> indices = file.shape(object + "/indices");
    bool valid = begin_.size() == major + 1 && begin_.front() == 0 &&
                 begin_.back() == static_cast<std::int64_t>(entries_) && indices.size() == 1 &&
                 indices[0] == entries_;
    valid = valid && std::is_sorted(begin_.begin(), begin_.end());
    if (!valid) fail();
  }

  /// visit(major, minor, value) for all entries of the majors that are wanted.
  template <class Wanted, class Visit>
  void each(const Wanted& wanted, const Visit& visit) const {
    std::size_t major = 0;
    for (std::size_t first = 0; first < entries_; first += kBlock) {
      const std::size_t last = std::min(first + kBlock, entries_);
      while (end(major) <= first) ++major;
      bool any = false;
      for (std::size_t m = major; m + 1 < begin_.size() && begin(m) < last; ++m) any |= wanted(m);
      if (!any) continue;
      const std::vector<double> values = file_.numbers(object_ + "/data", first, last - first);
      const std::vector<double> minors = file_.numbers(object_ + "/indices", first, last - first);
      for (std::size_t k = first, m = major; k < last; ++k) {
        while (end(m) <= k) ++m;
        const double at = minors[k - first];
        if (!(at >= 0 && at < static_cast<double>(minor_))) fail();
        if (wanted(m)) visit(m, static_cast<std::size_t>(at), values[k - first]);
      }
    }
  }

 private:
  std::size_t begin(std::size_t m) const { return static_cast<std::size_t>(begin_[m]); }
  std::size_t end(std::size_t m) const { return static_cast<std::size_t>(begin_[m + 1]); }
  [[noreturn]] void fail() const {
    file_.fail(object_, "its entries do not fit its shape; the file is damaged, save it again");
  }

  const HdfFile& file_;
  const std::string& object_;
  std::size_t minor_;
  std::size_t entries_ = 0;
  std::vector<std::int64_t> begin_;
};

void read_dense(const HdfFile& file, const std::string& object, const MatrixShape& shape,
                const std::vector<std::size_t>& place,
                const std::vector<std::vector<double>*>& out) {
  const std::vector<std::size_t> chunk = file.chunk(object);
  const std::size_t whole = chunk.empty() ? 1 : std::max<std::size_t>(chunk[0], 1);
  // Whole rows of chunks, so that none is unpacked twice.
  const std::size_t fit =
      std::max<std::size_t>(kBlock / std::max<std::size_t>(shape.columns, 1), 1);
  const std::size_t step = std::max(fit / whole * whole, whole);
  for (std::size_t first = 0; first < shape.rows; first += step) {
    const std::size_t count = std::min(step, shape.rows - first);
    const std::vector<double> block = file.numbers(object, first, count);
    for (std::size_t j = 0; j < shape.columns; ++j) {
      if (place[j] == kNotKept) continue;
      std::vector<double>& column = *out[place[j]];
      for (std::size_t i = 0; i < count; ++i) column[first + i] = block[i * shape.columns + j];
    }
  }
}

}  // namespace

MatrixShape matrix_shape(const HdfFile& file, const std::string& object) {
  if (!sparse_kind(file, object).empty()) {
    for (const char* attribute : {"shape", "h5sparse_shape"}) {
      const std::vector<std::int64_t> shape = file.wholes(object, attribute);
      if (shape.size() == 2 && shape[0] >= 0 && shape[1] >= 0)
        return {static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1])};
    }
    file.fail(object, "has no shape; the file is damaged, save it again");
  }
  const std::vector<std::size_t> shape = file.shape(object);
  if (shape.size() == 1) return {shape[0], 1};
  if (shape.size() == 2) return {shape[0], shape[1]};
  file.fail(object, fmt::format("has {} dimensions; expected 2", shape.size()));
}

void read_matrix(const HdfFile& file, const std::string& object,
                 const std::vector<std::size_t>& place, std::vector<std::vector<double>*> out) {
  const MatrixShape shape = matrix_shape(file, object);
  for (std::vector<double>* column : out) column->assign(shape.rows, 0.0);
  const std::string kind = sparse_kind(file, object);
  if (kind.empty()) {
    read_dense(file, object, shape, place, out);
  } else if (kind == "csr") {
    Sparse(file, object, shape.rows, shape.columns)
        .each([](std::size_t) { return true; },
              [&](std::size_t row, std::size_t column, double value) {
                if (place[column] != kNotKept) (*out[place[column]])[row] += value;
              });
  } else {
    Sparse(file, object, shape.columns, shape.rows)
        .each([&](std::size_t column) { return place[column] != kNotKept; },
              [&](std::size_t column, std::size_t row, double value) {
                (*out[place[column]])[row] += value;
              });
  }
}

}  // namespace polycause
