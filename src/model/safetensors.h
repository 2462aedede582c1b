// Tensors in a file: the safetensors format (8-byte length, JSON header, raw little-endian data).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace polycause {

struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> values;  ///< F32
};

/// The file's bytes; names must differ.
std::string safetensors_bytes(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata);

/// Reads F32 tensors by name. Throws DataError naming `path` when the file is malformed.
std::map<std::string, NamedTensor> read_safetensors(const std::string& path);

}  // namespace polycause
