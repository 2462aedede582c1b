// Model::save and Model::load: model.json and model.safetensors.
#include "methods/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/files.h"
#include "methods/method.h"
#include "model/safetensors.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kModelFormat = 3;
constexpr std::int64_t kLargest = 1 << 24;  // of any one size

Json standards_json(const std::vector<Standard>& list) {
  Json out = Json::array();
  for (const Standard& s : list) out.push_back({s.mean, s.sd, s.sign});
  return out;
}

Json expert_json(const ExpertSpec& spec) {
  Json parameters = Json::array();
  for (const auto& [name, start] : spec.parameters) parameters.push_back({name, start});
  return {{"decoder", spec.decoder},
          {"formula", spec.formula},
          {"parameters", parameters},
          {"at", spec.at}};
}

ExpertSpec expert_from(const Json& json) {
  ExpertSpec spec;
  spec.decoder = json.at("decoder");
  spec.formula = json.at("formula");
  for (const Json& p : json.at("parameters")) spec.parameters.emplace_back(p.at(0), p.at(1));
  spec.at = json.at("at").get<std::vector<double>>();
  return spec;
}

Json modality_json(const Modality& modality) {
  Json columns = Json::array();
  for (const Column& c : modality.table.columns) {
    columns.push_back({{"name", c.name}, {"type", to_string(c.type)}, {"levels", c.levels}});
  }
  Json json = {{"name", modality.name},
               {"kind", modality.kind},
               {"latents", modality.latents},
               {"private", modality.private_dims},
               {"rank_normal", modality.rank_normal},
               {"columns", columns}};
  if (modality.kind == "shared") json["members"] = modality.members;
  if (modality.expert.decoder != "network") json["expert"] = expert_json(modality.expert);
  if (!modality.blocks) return json;
  const BlockShape& shape = modality.blocks->shape();
  json["network"] = modality.network;
  json["shape"] = {{"channels", shape.channels},
                   {"height", shape.height},
                   {"width", shape.width},
                   {"rate", shape.rate},
                   {"names", shape.channel_names}};
  return json;
}

Modality modality_from(const Json& json) {
  Modality m;
  m.name = json.at("name");
  m.kind = json.at("kind");
  m.latents = json.at("latents");
  m.private_dims = json.at("private");
  m.rank_normal = json.at("rank_normal").get<std::vector<bool>>();
  m.table.name = m.name;
  if (json.contains("expert")) m.expert = expert_from(json.at("expert"));
  if (m.kind == "shared") m.members = json.at("members").get<std::vector<std::size_t>>();
  if (m.kind != "tabular" && m.kind != "shared") {
    m.network = json.at("network");
    const Json& shape = json.at("shape");
    // Without participants: it only says what shape new blocks must have.
    m.blocks =
        std::make_shared<Blocks>(BlockShape{m.kind, shape.at("channels"), shape.at("height"),
                                            shape.at("width"), shape.at("rate"), shape.at("names")},
                                 0, BlockStorage::kFloat);
  }
  for (const Json& c : json.at("columns")) {
    Column column;
    column.name = c.at("name");
    column.type = column_type_from(c.at("type"));
    column.levels = c.at("levels").get<std::vector<std::string>>();
    m.table.columns.push_back(column);
  }
  return m;
}

}  // namespace

ModelFile::ModelFile(std::string path, std::string tensor_path)
    : path_(std::move(path)),
      tensor_path_(std::move(tensor_path)),
      tensors_(read_safetensors(tensor_path_)) {
  for (const auto& [name, tensor] : tensors_) numbers_ += tensor.values.size();
}

void ModelFile::expect(bool holds, const std::string& what) const {
  if (holds) return;
  throw DataError(path_, 0, "",
                  "found " + what +
                      "; expected the model that model.safetensors belongs to; write it again "
                      "with 'fit'");
}

TableEncoding ModelFile::encoding_from(const Json& json) const {
  try {
    return TableEncoding::from_json(json.dump());
  } catch (const DataError& error) {
    throw DataError(path_, 0, "", error.what());
  }
}

std::vector<Standard> ModelFile::standards_from(const Json& json, int latents) const {
  std::vector<Standard> out;
  for (const Json& s : json) out.push_back({s.at(0), s.at(1), s.at(2)});
  bool positive = out.size() == static_cast<std::size_t>(latents);
  for (const Standard& s : out) positive = positive && s.sd > 0;
  expect(positive, "other scales than one per latent");
  return out;
}

int ModelFile::size_from(const Json& json, std::int64_t low) const {
  const auto size = json.get<std::int64_t>();
  expect(size >= low && fits({static_cast<double>(size)}) && size <= kLargest,
         fmt::format("a size of {}", size));
  return static_cast<int>(size);
}

bool ModelFile::fits(std::initializer_list<double> sizes) const {
  double product = 1;
  for (const double s : sizes) product *= s;
  return product <= static_cast<double>(numbers_);
}

const std::vector<float>& ModelFile::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second.values;
  throw DataError(
      tensor_path_, 0, "",
      fmt::format("tensor '{}' is absent; the two model files must come from one fit", name));
}

const std::vector<float>& ModelFile::tensor(const std::string& name, std::size_t size) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end() || found->second.values.size() != size) {
    throw DataError(tensor_path_, 0, "",
                    fmt::format("tensor '{}' is absent or has another size; expected {} numbers; "
                                "the two model files must come from one fit",
                                name, size));
  }
  return found->second.values;
}

void ModelFile::misfit(const std::string& tensor, const std::string& what) const {
  throw DataError(
      tensor_path_, 0, "",
      fmt::format("tensor '{}' does not fit {}; the two model files must come from one fit", tensor,
                  what));
}

void Model::save(const std::string& directory) const {
  make_directory(directory);
  Json modalities = Json::array();
  Json encodings = Json::array();
  for (std::size_t m = 0; m < impl_->modalities.size(); ++m) {
    modalities.push_back(modality_json(impl_->modalities[m]));
    encodings.push_back(impl_->modalities[m].kind == "tabular"
                            ? Json::parse(impl_->encodings[m].to_json())
                            : Json());
  }
  Json json = {{"format", kModelFormat},
               {"method", impl_->fitted->method()},
               {"modalities", modalities},
               {"encodings", encodings}};
  std::vector<NamedTensor> tensors;
  impl_->fitted->save(json, tensors);
  if (impl_->fitted->shared_latents() == 0) {
    const std::vector<float>& prediction = impl_->prediction.values();
    tensors.push_back({"prediction", {prediction.size()}, prediction});
  }
  json["conditions"] = impl_->conditions;
  json["latents"] = standards_json(impl_->latents);
  json["exogenous"] = standards_json(impl_->exogenous);
  write_file(join_path(directory, "model.safetensors"),
             safetensors_bytes(tensors, {{"format", "polycause"}}));
  write_file(join_path(directory, "model.json"), json.dump(1) + "\n");
}

Model Model::load(const std::string& directory) {
  const std::string path = join_path(directory, "model.json");
  const ModelFile file(path, join_path(directory, "model.safetensors"));
  Model model;
  Impl& impl = model.impl();
  try {
    const Json json = Json::parse(read_file(path));
    if (json.at("format") != kModelFormat) {
      throw DataError(path, 0, "",
                      fmt::format("model format {}; this program reads format {}",
                                  json.at("format").dump(), kModelFormat));
    }
    for (const Json& m : json.at("modalities")) impl.modalities.push_back(modality_from(m));
    for (const Json& e : json.at("encodings"))
      impl.encodings.push_back(e.is_null() ? TableEncoding() : file.encoding_from(e));
    file.expect(impl.modalities.size() == impl.encodings.size() && !impl.modalities.empty(),
                "sizes of different numbers of modalities");
    for (std::size_t m = 0; m < impl.modalities.size(); ++m) {
      const Modality& modality = impl.modalities[m];
      file.expect(file.fits({static_cast<double>(modality.latents)}) &&
                      (modality.kind != "tabular" ||
                       modality.table.columns.size() == impl.encodings[m].columns()) &&
                      std::all_of(modality.members.begin(), modality.members.end(),
                                  [&](std::size_t member) { return member < m; }),
                  "two different sizes of modality '" + modality.name + "'");
    }
    impl.fitted = load_fitted(json.at("method"), file, json, impl);
    if (const int shared = impl.fitted->shared_latents(); shared > 0) {
      impl.latents = file.standards_from(json.at("latents"), shared);
      return model;
    }
    const std::vector<int> latents = latents_of(impl);
    impl.prediction =
        CrossPrediction(latents, file.tensor("prediction", CrossPrediction::size_of(latents)),
                        one_source(impl.modalities));
    impl.conditions = json.at("conditions").get<std::vector<std::string>>();
    const int total = std::accumulate(latents.begin(), latents.end(), 0);
    impl.latents = file.standards_from(json.at("latents"), total);
    impl.exogenous = file.standards_from(json.at("exogenous"), total);
  } catch (const nlohmann::json::exception& e) {
    throw DataError(
        path, 0, "",
        fmt::format("not a model of this program ({}); write it again with 'fit'", e.what()));
  } catch (const ConfigError& e) {
    throw DataError(path, 0, "", e.what());
  }
  return model;
}

}  // namespace polycause
