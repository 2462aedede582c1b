// Data frames of AnnData files: an index and typed columns, in every encoding since AnnData 0.7.
#pragma once

#include <string>
#include <vector>

#include "data/hdf5.h"
#include "data/raw_table.h"

namespace polycause {

class HdfFrame {
 public:
  /// `group` such as "obs". Throws DataError when it is no data frame.
  HdfFrame(const HdfFile& file, std::string group);

  const std::vector<std::string>& columns() const { return columns_; }  ///< in their order
  const std::string& index_name() const { return index_; }
  std::vector<std::string> index() const;

  /// Texts of a column, numbers as texts, "" where missing.
  std::vector<std::string> texts(const std::string& column) const;
  /// A column of `rows` cells: categories stay texts even when all are numbers. `lines` for
  /// messages.
  RawColumn column(const std::string& name, const std::vector<std::size_t>& lines,
                   const ReadOptions& options) const;

 private:
  std::string object(const std::string& column) const { return group_ + "/" + column; }
  std::string categories_of(const std::string& object) const;
  std::vector<bool> mask_of(const std::string& object, std::size_t rows) const;

  const HdfFile& file_;
  std::string group_;
  std::string index_;
  std::vector<std::string> columns_;
};

}  // namespace polycause
