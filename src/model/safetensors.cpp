#include "model/safetensors.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "polycause/error.h"

namespace polycause {

std::string safetensors_bytes(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t at = 0;
  for (const NamedTensor& t : tensors) {
    const std::size_t bytes = t.values.size() * sizeof(float);
    header[t.name] = {{"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the format asks for aligned data
  const auto length = static_cast<std::uint64_t>(text.size());
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  out += text;
  for (const NamedTensor& t : tensors) {
    out.append(reinterpret_cast<const char*>(t.values.data()), t.values.size() * sizeof(float));
  }
  return out;
}

std::map<std::string, NamedTensor> read_safetensors(const std::string& path) {
  const std::string bytes = read_file(path);
  const auto fail = [&](const std::string& what) -> DataError {
    return DataError(path, 0, "",
                     what + "; expected a safetensors file; write the model again with 'fit'");
  };
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length)
    throw fail("found only " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length) throw fail("the header is longer than the file");
  const std::size_t data = sizeof length + length;
  std::map<std::string, NamedTensor> tensors;
  try {
    const nlohmann::json header = nlohmann::json::parse(bytes.substr(sizeof length, length));
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      NamedTensor t;
      t.name = name;
      if (entry.at("dtype") != "F32") throw fail("tensor '" + name + "' is not F32");
      t.shape = entry.at("shape").get<std::vector<std::size_t>>();
      const auto begin = entry.at("data_offsets").at(0).get<std::size_t>();
      const auto end = entry.at("data_offsets").at(1).get<std::size_t>();
      std::size_t count = 1;
      for (const std::size_t s : t.shape) {
        if (s != 0 && count > bytes.size() / s)
          throw fail("tensor '" + name + "' has an impossible shape");
        count *= s;
      }
      if (begin > end || end > bytes.size() - data || end - begin != count * sizeof(float)) {
        throw fail("tensor '" + name + "' lies outside the file");
      }
      t.values.resize(count);
      std::memcpy(t.values.data(), bytes.data() + data + begin, count * sizeof(float));
      tensors.emplace(name, std::move(t));
    }
  } catch (const nlohmann::json::exception&) {
    throw fail("the header is not what the format asks for");
  }
  return tensors;
}

}  // namespace polycause
