#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "methods/model_impl.h"
#include "model/safetensors.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kModelFormat = 1;

Json standards_json(const std::vector<Standard>& list) {
  Json out = Json::array();
  for (const Standard& s : list) out.push_back({s.mean, s.sd, s.sign});
  return out;
}

std::vector<Standard> standards_from(const Json& json) {
  std::vector<Standard> out;
  for (const Json& s : json) out.push_back({s.at(0), s.at(1), s.at(2)});
  return out;
}

Json modality_json(const Modality& modality) {
  Json columns = Json::array();
  for (const Column& c : modality.table.columns) {
    columns.push_back({{"name", c.name}, {"type", to_string(c.type)}, {"levels", c.levels}});
  }
  return {{"name", modality.name},
          {"kind", modality.kind},
          {"latents", modality.latents},
          {"private", modality.private_dims},
          {"rank_normal", modality.rank_normal},
          {"columns", columns}};
}

Modality modality_from(const Json& json) {
  Modality m;
  m.name = json.at("name");
  m.kind = json.at("kind");
  m.latents = json.at("latents");
  m.private_dims = json.at("private");
  m.rank_normal = json.at("rank_normal").get<std::vector<bool>>();
  m.table.name = m.name;
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

Model::Model() : impl_(std::make_unique<Impl>()) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::vector<Modality>& Model::modalities() const { return impl_->modalities; }

void Model::save(const std::string& directory) const {
  make_directory(directory);
  const Density& density = impl_->density.at(0);
  const DensityShape& shape = density.shape();
  std::vector<NamedTensor> tensors;
  Json autoencoders = Json::array();
  for (std::size_t m = 0; m < impl_->autoencoders.size(); ++m) {
    const Autoencoder& a = impl_->autoencoders[m];
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
  Json pairs = Json::array();
  for (const LatentPair& p : shape.pairs) pairs.push_back({p.source, p.target});
  Json modalities = Json::array();
  Json encodings = Json::array();
  for (std::size_t m = 0; m < impl_->modalities.size(); ++m) {
    modalities.push_back(modality_json(impl_->modalities[m]));
    encodings.push_back(Json::parse(impl_->encodings[m].to_json()));
  }
  const Json json = {{"format", kModelFormat},
                     {"method", "staged"},
                     {"modalities", modalities},
                     {"encodings", encodings},
                     {"autoencoders", autoencoders},
                     {"density",
                      {{"latents", shape.latents},
                       {"private", shape.privates},
                       {"layers_per_width", shape.layers_per_width},
                       {"hidden", shape.hidden},
                       {"prior", shape.prior == PriorKind::kAdditive ? "additive" : "general"},
                       {"gated", shape.gated},
                       {"pairs", pairs}}},
                     {"latents", standards_json(impl_->latents)},
                     {"exogenous", standards_json(impl_->exogenous)}};
  write_file(join_path(directory, "model.safetensors"),
             safetensors_bytes(tensors, {{"format", "polycause"}}));
  write_file(join_path(directory, "model.json"), json.dump(1) + "\n");
}

Model Model::load(const std::string& directory) {
  const std::string path = join_path(directory, "model.json");
  const std::string tensor_path = join_path(directory, "model.safetensors");
  const auto tensors = read_safetensors(tensor_path);
  const auto take = [&](const std::string& name, std::size_t size) -> const std::vector<float>& {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.values.size() != size) {
      throw DataError(tensor_path, 0, "",
                      fmt::format("tensor '{}' is absent or has another size; expected {} numbers; "
                                  "the two model files must come from one fit",
                                  name, size));
    }
    return found->second.values;
  };
  Model model;
  try {
    const Json json = Json::parse(read_file(path));
    if (json.at("format") != kModelFormat) {
      throw DataError(path, 0, "",
                      fmt::format("model format {}; this program reads format {}",
                                  json.at("format").dump(), kModelFormat));
    }
    Impl& impl = model.impl();
    for (const Json& m : json.at("modalities")) impl.modalities.push_back(modality_from(m));
    for (const Json& e : json.at("encodings"))
      impl.encodings.push_back(TableEncoding::from_json(e.dump()));
    for (std::size_t m = 0; m < impl.modalities.size(); ++m) {
      const Json& a = json.at("autoencoders").at(m);
      Autoencoder autoencoder(a.at("width"), a.at("masked"), a.at("code"), a.at("hidden"));
      autoencoder.parameters() =
          take("autoencoder." + impl.modalities[m].name, autoencoder.parameters().size());
      autoencoder.set_whitening(a.at("whitening").get<std::vector<double>>());
      impl.autoencoders.push_back(std::move(autoencoder));
    }
    const Json& d = json.at("density");
    DensityShape shape;
    shape.latents = d.at("latents").get<std::vector<int>>();
    shape.privates = d.at("private").get<std::vector<int>>();
    shape.layers_per_width = d.at("layers_per_width");
    shape.hidden = d.at("hidden");
    shape.prior = d.at("prior") == "additive" ? PriorKind::kAdditive : PriorKind::kGeneral;
    shape.gated = d.at("gated");
    for (const Json& p : d.at("pairs")) shape.pairs.push_back({p.at(0), p.at(1)});
    Density density(shape);
    for (const Density::Tensor& t : density.tensors()) {
      const std::vector<float>& values = take("density." + t.name, t.rows * t.columns);
      std::copy(values.begin(), values.end(),
                density.parameters().begin() + static_cast<std::ptrdiff_t>(t.offset));
    }
    impl.density.push_back(std::move(density));
    impl.latents = standards_from(json.at("latents"));
    impl.exogenous = standards_from(json.at("exogenous"));
  } catch (const nlohmann::json::exception& e) {
    throw DataError(
        path, 0, "",
        fmt::format("not a model of this program ({}); write it again with 'fit'", e.what()));
  }
  return model;
}

Cells cells_of(const TableEncoding& encoding, const Table& table) {
  EncodedTable encoded = encoding.apply(table);
  Cells cells;
  cells.participants = encoded.n;
  cells.width = static_cast<int>(encoded.width);
  cells.x = std::move(encoded.x);
  bool missing = false;
  for (const std::uint8_t m : encoded.mask) missing = missing || m == 0;
  if (!missing) return cells;
  const std::size_t columns = encoding.columns();
  cells.present.resize(encoded.n * encoded.width);
  for (std::size_t i = 0; i < encoded.n; ++i) {
    for (std::size_t j = 0; j < encoded.width; ++j) {
      cells.present[i * encoded.width + j] = encoded.mask[i * columns + encoding.source()[j]];
    }
  }
  return cells;
}

Encoding encoding_of(const Model::Impl& model, const Decomposition& parts,
                     const std::vector<std::string>& ids) {
  Encoding out;
  for (Table* t : {&out.latents, &out.private_parts, &out.exogenous}) t->ids = ids;
  const std::size_t n = ids.size();
  const auto fill = [&](Table& table, const std::string& name, const std::vector<float>& values,
                        std::size_t stride, std::size_t at, const Standard& s) {
    Column column;
    column.name = name;
    column.values.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      column.values[i] = s.sign * (static_cast<double>(values[i * stride + at]) - s.mean) / s.sd;
    }
    table.columns.push_back(std::move(column));
  };
  const std::size_t latents = model.latents.size();
  const auto privates = static_cast<std::size_t>(model.density[0].privates());
  std::size_t z = 0;
  std::size_t eta = 0;
  for (const Modality& m : model.modalities) {
    for (std::size_t k = 1; k <= m.latents; ++k, ++z) {
      fill(out.latents, fmt::format("{}.z{}", m.name, k), parts.z, latents, z, model.latents[z]);
      fill(out.exogenous, fmt::format("{}.eps{}", m.name, k), parts.eps, latents, z,
           model.exogenous[z]);
    }
    for (std::size_t k = 1; k <= m.private_dims; ++k, ++eta) {
      fill(out.private_parts, fmt::format("{}.eta{}", m.name, k), parts.eta, privates, eta, {});
    }
  }
  return out;
}

Encoding encode(const Model& model, const Study& study) {
  const Model::Impl& impl = model.impl();
  Codes codes;
  codes.participants = study.participants();
  for (std::size_t m = 0; m < impl.modalities.size(); ++m) {
    const Cells cells = cells_of(impl.encodings[m], study.modalities.at(m).table);
    Cells seen = cells;
    // A model fitted to complete tables has no mask input; cells missing now enter as the median.
    if (!impl.autoencoders[m].masked()) seen.present.clear();
    codes.width.push_back(impl.autoencoders[m].code());
    codes.u.push_back(impl.autoencoders[m].encode(seen));
  }
  return encoding_of(impl, impl.density.at(0).decompose(codes, {}), study.ids);
}

}  // namespace polycause
