#include "data/anndata.h"
#include "polycause/anndata.h"
#include "polycause/error.h"

namespace polycause {
namespace {

constexpr const char* kWhatToDo =
    " by this build; expected HDF5; install libhdf5-dev and build again, or use CSV files";

}  // namespace

bool has_anndata() { return false; }

RawTable read_anndata(const std::string& path, const ReadOptions&) {
  throw DataError(path, 0, "", std::string("AnnData files cannot be read") + kWhatToDo);
}

void write_anndata(const std::string& path, const Table&, const std::vector<Table>&) {
  throw Error(path + ": AnnData files cannot be written" + kWhatToDo);
}

}  // namespace polycause
