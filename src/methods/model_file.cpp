// Model::save and Model::load: model.json and model.safetensors.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "methods/model_impl.h"
#include "model/safetensors.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kModelFormat = 2;
constexpr std::int64_t kLargest = 1 << 24;  // of any one size

Json standards_json(const std::vector<Standard>& list) {
  Json out = Json::array();
  for (const Standard& s : list) out.push_back({s.mean, s.sd, s.sign});
  return out;
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
  if (modality.kind == "tabular") return json;
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
  if (m.kind != "tabular") {
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

/// The two files of a model while they are read: every size is checked before anything of that size
/// is made.
class ModelFile {
 public:
  ModelFile(std::string path, std::string tensor_path)
      : path_(std::move(path)),
        tensor_path_(std::move(tensor_path)),
        tensors_(read_safetensors(tensor_path_)) {
    for (const auto& [name, tensor] : tensors_) numbers_ += tensor.values.size();
  }

  void expect(bool holds, const std::string& what) const {
    if (holds) return;
    throw DataError(path_, 0, "",
                    "found " + what +
                        "; expected the model that model.safetensors belongs to; write it again "
                        "with 'fit'");
  }

  TableEncoding encoding_from(const Json& json) const {
    try {
      return TableEncoding::from_json(json.dump());
    } catch (const DataError& error) {
      throw DataError(path_, 0, "", error.what());
    }
  }

  DensityShape shape_from(const Json& json) const {
    DensityShape shape;
    for (const Json& k : json.at("latents")) shape.latents.push_back(size_from(k, 1));
    for (const Json& k : json.at("private")) shape.privates.push_back(size_from(k, 0));
    expect(!shape.latents.empty() && shape.latents.size() == shape.privates.size(),
           "latents and private parts of different numbers of modalities");
    shape.layers_per_width = size_from(json.at("layers_per_width"), 0);
    shape.hidden = size_from(json.at("hidden"), 1);
    std::vector<int> modality_of;
    double widest = 1;
    for (std::size_t m = 0; m < shape.latents.size(); ++m) {
      const auto width = static_cast<double>(shape.latents[m]) + shape.privates[m];
      widest = std::max(widest, width);
      modality_of.insert(modality_of.end(), static_cast<std::size_t>(shape.latents[m]),
                         static_cast<int>(m));
    }
    expect(fits({widest, static_cast<double>(shape.layers_per_width),
                 static_cast<double>(shape.hidden), static_cast<double>(shape.hidden)}) &&
               fits({widest, widest}),
           "heads larger than the tensors");
    const std::string prior = json.at("prior");
    expect(prior == "additive" || prior == "general", "the prior '" + prior + "'");
    shape.prior = prior == "additive" ? PriorKind::kAdditive : PriorKind::kGeneral;
    shape.gated = json.at("gated");
    shape.conditions = size_from(json.at("conditions"), 0);
    for (const Json& p : json.at("pairs")) {
      const auto source = p.at(0).get<std::size_t>();
      const auto target = p.at(1).get<std::size_t>();
      expect(source < modality_of.size() && target < modality_of.size() &&
                 modality_of[source] != modality_of[target],
             "a pair of latents that cannot be, " + p.dump());
      shape.pairs.push_back({static_cast<int>(source), static_cast<int>(target)});
    }
    return shape;
  }

  Autoencoder autoencoder_from(const Json& json, const std::string& modality, std::size_t width,
                               std::size_t code) const {
    const int hidden = size_from(json.at("hidden"), 1);
    const auto whitening = json.at("whitening").get<std::vector<double>>();
    expect(json.at("width") == width && json.at("code") == code &&
               fits({hidden * 1.0, hidden * 1.0}) && whitening.size() == code + code * code,
           "other sizes of the autoencoder of '" + modality + "'");
    Autoencoder autoencoder(static_cast<int>(width), json.at("masked"), static_cast<int>(code),
                            hidden);
    autoencoder.parameters() = take("autoencoder." + modality, autoencoder.parameters().size());
    autoencoder.set_whitening(whitening);
    return autoencoder;
  }

  std::shared_ptr<const BlockNetwork> network_from(const Modality& modality) const {
    const auto found = tensors_.find("network." + modality.name);
    if (found == tensors_.end()) {
      throw DataError(tensor_path_, 0, "",
                      fmt::format("tensor 'network.{}' is absent; the two model files must come "
                                  "from one fit",
                                  modality.name));
    }
    const Networks& module = networks();
    expect(fits({static_cast<double>(modality.latents)}), "too many latents");
    try {
      return module.restore(modality.blocks->shape(), modality.network,
                            static_cast<int>(modality.latents), found->second.values);
    } catch (const std::exception&) {
      throw DataError(tensor_path_, 0, "",
                      fmt::format("tensor 'network.{}' does not fit network '{}'; the two model "
                                  "files must come from one fit",
                                  modality.name, modality.network));
    }
  }

  Density density_of(const DensityShape& shape) const {
    Density density(shape);
    for (const Density::Tensor& t : density.tensors()) {
      const std::vector<float>& values = take("density." + t.name, t.rows * t.columns);
      std::copy(values.begin(), values.end(),
                density.parameters().begin() + static_cast<std::ptrdiff_t>(t.offset));
    }
    return density;
  }

  CrossPrediction prediction_of(const std::vector<int>& latents) const {
    return CrossPrediction(latents, take("prediction", CrossPrediction::size_of(latents)));
  }

  std::vector<Standard> standards_from(const Json& json, int latents) const {
    std::vector<Standard> out;
    for (const Json& s : json) out.push_back({s.at(0), s.at(1), s.at(2)});
    bool positive = out.size() == static_cast<std::size_t>(latents);
    for (const Standard& s : out) positive = positive && s.sd > 0;
    expect(positive, "other scales than one per latent");
    return out;
  }

 private:
  /// A size between `low` and what the tensors could hold.
  int size_from(const Json& json, std::int64_t low) const {
    const auto size = json.get<std::int64_t>();
    expect(size >= low && fits({static_cast<double>(size)}) && size <= kLargest,
           fmt::format("a size of {}", size));
    return static_cast<int>(size);
  }
  bool fits(std::initializer_list<double> sizes) const {
    double product = 1;
    for (const double s : sizes) product *= s;
    return product <= static_cast<double>(numbers_);
  }
  const std::vector<float>& take(const std::string& name, std::size_t size) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || found->second.values.size() != size) {
      throw DataError(tensor_path_, 0, "",
                      fmt::format("tensor '{}' is absent or has another size; expected {} numbers; "
                                  "the two model files must come from one fit",
                                  name, size));
    }
    return found->second.values;
  }

  std::string path_;
  std::string tensor_path_;
  std::map<std::string, NamedTensor> tensors_;
  std::size_t numbers_ = 0;
};

}  // namespace

void Model::save(const std::string& directory) const {
  make_directory(directory);
  const Density& density = impl_->density.at(0);
  const DensityShape& shape = density.shape();
  std::vector<NamedTensor> tensors;
  Json autoencoders = Json::array();
  for (std::size_t m = 0; m < impl_->coders.size(); ++m) {
    if (impl_->coders[m].network) {
      const std::vector<float> values = impl_->coders[m].network->values();
      tensors.push_back({"network." + impl_->modalities[m].name, {values.size()}, values});
      autoencoders.push_back(nullptr);
      continue;
    }
    const Autoencoder& a = impl_->coders[m].autoencoder;
    tensors.push_back({fmt::format("autoencoder.{}", impl_->modalities[m].name),
                       {a.parameters().size()},
                       a.parameters()});
    autoencoders.push_back({{"width", a.width()},
                            {"masked", a.masked()},
                            {"code", a.code()},
                            {"hidden", a.hidden()},
                            {"whitening", a.whitening()}});
  }
  for (const Density::Tensor& t : density.tensors()) {
    const auto begin = density.parameters().begin() + static_cast<std::ptrdiff_t>(t.offset);
    tensors.push_back({"density." + t.name,
                       {t.rows, t.columns},
                       {begin, begin + static_cast<std::ptrdiff_t>(t.rows * t.columns)}});
  }
  const std::vector<float>& prediction = impl_->prediction.values();
  tensors.push_back({"prediction", {prediction.size()}, prediction});
  Json pairs = Json::array();
  for (const LatentPair& p : shape.pairs) pairs.push_back({p.source, p.target});
  Json modalities = Json::array();
  Json encodings = Json::array();
  for (std::size_t m = 0; m < impl_->modalities.size(); ++m) {
    modalities.push_back(modality_json(impl_->modalities[m]));
    encodings.push_back(impl_->coders[m].network ? Json()
                                                 : Json::parse(impl_->encodings[m].to_json()));
  }
  const Json json = {{"format", kModelFormat},
                     {"method", "staged"},
                     {"modalities", modalities},
                     {"encodings", encodings},
                     {"autoencoders", autoencoders},
                     {"units", impl_->modality_of_unit},
                     {"density",
                      {{"latents", shape.latents},
                       {"private", shape.privates},
                       {"layers_per_width", shape.layers_per_width},
                       {"hidden", shape.hidden},
                       {"prior", shape.prior == PriorKind::kAdditive ? "additive" : "general"},
                       {"gated", shape.gated},
                       {"conditions", shape.conditions},
                       {"pairs", pairs}}},
                     {"conditions", impl_->conditions},
                     {"latents", standards_json(impl_->latents)},
                     {"exogenous", standards_json(impl_->exogenous)}};
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
    const DensityShape shape = file.shape_from(json.at("density"));
    for (const std::size_t size :
         {impl.modalities.size(), impl.encodings.size(), json.at("autoencoders").size()}) {
      file.expect(size == impl.modalities.size(), "sizes of different numbers of modalities");
    }
    impl.modality_of_unit = json.at("units").get<std::vector<std::size_t>>();
    const std::vector<std::size_t>& units = impl.modality_of_unit;
    file.expect(units.size() == shape.latents.size() && !units.empty() && units.front() == 0 &&
                    units.back() + 1 == impl.modalities.size(),
                "units of other modalities");
    std::vector<std::size_t> latents(impl.modalities.size(), 0);
    std::vector<std::size_t> privates(impl.modalities.size(), 0);
    for (std::size_t u = 0; u < units.size(); ++u) {
      file.expect(u == 0 || units[u] == units[u - 1] || units[u] == units[u - 1] + 1,
                  "units out of order");
      latents[units[u]] += static_cast<std::size_t>(shape.latents[u]);
      privates[units[u]] += static_cast<std::size_t>(shape.privates[u]);
    }
    for (std::size_t m = 0; m < impl.modalities.size(); ++m) {
      const Modality& modality = impl.modalities[m];
      const bool table = modality.kind == "tabular";
      file.expect(modality.latents == latents[m] && modality.private_dims == privates[m] &&
                      (!table || modality.table.columns.size() == impl.encodings[m].columns()),
                  "two different sizes of modality '" + modality.name + "'");
      Coder coder;
      if (table) {
        coder.autoencoder =
            file.autoencoder_from(json.at("autoencoders").at(m), modality.name,
                                  impl.encodings[m].width(), latents[m] + privates[m]);
      } else {
        coder.network = file.network_from(modality);
        coder.explained = coder.network->explained();
      }
      impl.coders.push_back(std::move(coder));
    }
    impl.density.push_back(file.density_of(shape));
    impl.prediction = file.prediction_of(latents_of(impl));
    impl.conditions = json.at("conditions").get<std::vector<std::string>>();
    file.expect(impl.conditions.empty() == (shape.conditions == 0), "conditions without names");
    impl.latents = file.standards_from(json.at("latents"), impl.density[0].latents());
    impl.exogenous = file.standards_from(json.at("exogenous"), impl.density[0].latents());
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
