// AnnData (.h5ad) and MuData (.h5mu) files, through HDF5.
#pragma once

#include <string>

#include "data/raw_table.h"

namespace polycause {

/// The matrix or data frame ReadOptions::layer of a file, of the modality ReadOptions::mod in an
/// .h5mu. Ids are the index of obs, or its column ReadOptions::id where there is one. Columns are
/// the index of var ("X", "layers/<name>", "raw/X"), the columns of a data frame ("obs",
/// "obsm/<name>"), or c1, c2, ... ("obsm/<name>" as an array). Of a sparse matrix only the wanted
/// columns are made dense. Columns of obs that ReadOptions::keys names are added. Throws DataError;
/// built without HDF5 it always does, and says what to install.
RawTable read_anndata(const std::string& path, const ReadOptions& options);

/// Whether this build reads and writes these files.
bool has_anndata();

}  // namespace polycause
