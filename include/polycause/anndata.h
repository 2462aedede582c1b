// Latents for the tools of single-cell biology: AnnData (.h5ad) and MuData (.h5mu) files.
#pragma once

#include <string>
#include <vector>

#include "polycause/table.h"

namespace polycause {

/// Writes `latents` (columns called <modality>.z1, ...) and the tables `about` the same
/// participants. The end of the name decides:
///   .h5ad  X = latents (n, k); var names the latents, with their modality;
///   .h5mu  one modality each, without the participants whose latents are all missing there.
/// obs holds the columns of `about`, called <table>.<column>, where it has the participant; levels
/// become categories. The same tables give the same bytes. Throws ConfigError when the name ends in
/// neither, Error when the file cannot be written (then an older one stays).
void write_anndata(const std::string& path, const Table& latents, const std::vector<Table>& about);

/// True when the name ends in .h5ad or .h5mu.
bool is_anndata_name(const std::string& path);

}  // namespace polycause
