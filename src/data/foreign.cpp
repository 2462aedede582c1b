#include "data/foreign.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "data/arrow_rows.h"
#include "data/bytes.h"
#include "data/rows.h"

namespace polycause {
namespace {

struct Format {
  const char* endings;  ///< each between blanks
  const char* what;
  const char* expected;
  const char* run;  ///< FILE and OUT stand for the names; "" = nothing to run
};

constexpr const char* kTable = "a table such as CSV";

constexpr std::array<Format, 15> kFormats = {{
    {" .parquet .pq ", "a Parquet file", kTable,
     "python3 -c \"import pandas; d = pandas.read_parquet('FILE'); d.to_csv('OUT.csv', "
     "index=d.index.names != [None])\" or duckdb -c \"COPY 'FILE' TO 'OUT.csv' (HEADER)\""},
    {" .feather .arrow ", "an Arrow file", kTable,
     "python3 -c \"import pandas; pandas.read_feather('FILE').to_csv('OUT.csv', index=False)\""},
    {" .zarr .zarr.zip ", "a Zarr store", "an .h5ad or .h5mu file",
     "python3 -c \"import anndata; anndata.read_zarr('FILE').write_h5ad('OUT.h5ad')\" or, for "
     "MuData, python3 -c \"import mudata; mudata.read_zarr('FILE').write('OUT.h5mu')\""},
    {" .loom ", "a Loom file", "an .h5ad file",
     "python3 -c \"import anndata; anndata.read_loom('FILE').write_h5ad('OUT.h5ad')\""},
    {" .xlsx .xlsm .xls .ods ", "a spreadsheet", kTable,
     "python3 -c \"import pandas; pandas.read_excel('FILE').to_csv('OUT.csv', index=False)\""},
    {" .rda .rdata ", "an R data file", kTable,
     "Rscript -e \"write.csv(get(load('FILE')), 'OUT.csv', row.names = FALSE)\""},
    {" .rds ", "an R data file", kTable,
     "Rscript -e \"write.csv(readRDS('FILE'), 'OUT.csv', row.names = FALSE)\""},
    {" .sav .zsav ", "an SPSS file", kTable,
     "python3 -c \"import pandas; pandas.read_spss('FILE').to_csv('OUT.csv', index=False)\""},
    {" .dta ", "a Stata file", kTable,
     "python3 -c \"import pandas; pandas.read_stata('FILE').to_csv('OUT.csv', index=False)\""},
    {" .sas7bdat ", "a SAS data set", kTable,
     "python3 -c \"import pandas; pandas.read_sas('FILE').to_csv('OUT.csv', index=False)\""},
    {" .hea ", "a WFDB record", "one CSV file per participant",
     "python3 -c \"import numpy, pandas, wfdb; r = wfdb.rdrecord('OUT'); "
     "pandas.DataFrame(r.p_signal, numpy.arange(r.sig_len) / r.fs, r.sig_name).to_csv('OUT.csv', "
     "index_label='time')\""},
    {" .mat ", "a MATLAB or WFDB file", "an .npz or CSV file",
     "python3 -c \"import numpy, scipy.io; numpy.savez('OUT.npz', **{k: v for k, v in "
     "scipy.io.loadmat('FILE').items() if k[0] != '_'})\""},
    {" .edf .bdf ", "a recording", "a table; recordings are modalities of kind = \"series\"", ""},
    {" .png .jpg .jpeg .tif .tiff .dcm ", "a picture",
     "a table; pictures are modalities of kind = \"image\"", ""},
    {" .h5 .hdf5 ", "an HDF5 file", "an .h5ad, .h5mu or CSV file; a 10x file is read by scanpy",
     "python3 -c \"import scanpy; scanpy.read_10x_h5('FILE').write_h5ad('OUT.h5ad')\""},
}};

/// By the name; null when it says nothing.
const Format* by_name(const std::string& name) {
  for (const Format& format : kFormats) {
    const std::string endings = format.endings;
    for (std::size_t begin = 1; begin < endings.size();) {
      const std::size_t end = endings.find(' ', begin);
      const std::string ending = endings.substr(begin, end - begin);
      if (name.size() > ending.size() &&
          name.compare(name.size() - ending.size(), ending.size(), ending) == 0) {
        return &format;
      }
      begin = end + 1;
    }
  }
  return nullptr;
}

std::string first_bytes(const std::string& path) {
  std::string head(64, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  return head;
}

const Format* by_content(const std::string& head) {
  constexpr std::array<std::array<const char*, 2>, 5> kMagics = {{{"PAR1", "x.parquet"},
                                                                  {"ARROW1", "x.arrow"},
                                                                  {"$FL2", "x.sav"},
                                                                  {"RDX", "x.rda"},
                                                                  {"MATLAB", "x.mat"}}};
  for (const auto& [magic, name] : kMagics) {
    if (head.compare(0, std::char_traits<char>::length(magic), magic) != 0) continue;
    if (has_arrow() && is_arrow_name(name)) return nullptr;  // read, under its own name
    return by_name(name);
  }
  return nullptr;
}

std::string replaced(std::string text, const std::string& word, const std::string& with) {
  for (std::size_t at = text.find(word); at != std::string::npos;
       at = text.find(word, at + with.size())) {
    text.replace(at, word.size(), with);
  }
  return text;
}

}  // namespace

std::string foreign_format(const std::string& path) {
  std::string name = plain_name(path);
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  std::error_code code;
  const bool zarr = std::filesystem::exists(path + "/.zgroup", code) ||
                    std::filesystem::exists(path + "/zarr.json", code);
  const bool record =
      std::filesystem::path(name).extension() == ".dat" &&
      std::filesystem::exists(std::filesystem::path(path).replace_extension(".hea"), code);
  const Format* format = by_name(zarr ? "x.zarr" : record ? "x.hea" : name);
  const std::string head = first_bytes(path);
  if (format == nullptr) format = by_content(head);
  if (format == nullptr) {
    const std::string known = known_content(head);
    return known.empty() ? "" : "looks like " + known + ", under a name that does not say so";
  }
  const std::string file = std::filesystem::path(path).filename().string();
  std::string text =
      std::string("is ") + format->what + ", which is not read here; expected " + format->expected;
  if (format->run[0] != '\0') {
    text += "; convert it: ";
    text += replaced(replaced(format->run, "FILE", file), "OUT", file.substr(0, file.find('.')));
  }
  return text;
}

}  // namespace polycause
