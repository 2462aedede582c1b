#include "methods/staged_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "methods/staged.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;

DensityShape shape_from(const ModelFile& file, const Json& json) {
  DensityShape shape;
  for (const Json& k : json.at("latents")) shape.latents.push_back(file.size_from(k, 0));
  for (const Json& k : json.at("private")) shape.privates.push_back(file.size_from(k, 0));
  file.expect(!shape.latents.empty() && shape.latents.size() == shape.privates.size(),
              "latents and private parts of different numbers of modalities");
  shape.layers_per_width = file.size_from(json.at("layers_per_width"), 0);
  shape.hidden = file.size_from(json.at("hidden"), 1);
  std::vector<int> modality_of;
  double widest = 1;
  for (std::size_t m = 0; m < shape.latents.size(); ++m) {
    const auto width = static_cast<double>(shape.latents[m]) + shape.privates[m];
    widest = std::max(widest, width);
    modality_of.insert(modality_of.end(), static_cast<std::size_t>(shape.latents[m]),
                       static_cast<int>(m));
  }
  file.expect(file.fits({widest, static_cast<double>(shape.layers_per_width),
                         static_cast<double>(shape.hidden), static_cast<double>(shape.hidden)}) &&
                  file.fits({widest, widest}),
              "heads larger than the tensors");
  const std::string prior = json.at("prior");
  file.expect(prior == "additive" || prior == "general", "the prior '" + prior + "'");
  shape.prior = prior == "additive" ? PriorKind::kAdditive : PriorKind::kGeneral;
  shape.gated = json.at("gated");
  shape.conditions = file.size_from(json.at("conditions"), 0);
  for (const Json& p : json.at("pairs")) {
    const auto source = p.at(0).get<std::size_t>();
    const auto target = p.at(1).get<std::size_t>();
    file.expect(source < modality_of.size() && target < modality_of.size() && source != target,
                "a pair of latents that cannot be, " + p.dump());
    shape.pairs.push_back({static_cast<int>(source), static_cast<int>(target)});
  }
  return shape;
}

Autoencoder autoencoder_from(const ModelFile& file, const Json& json, const std::string& modality,
                             std::size_t width, std::size_t code) {
  const int hidden = file.size_from(json.at("hidden"), 1);
  const auto whitening = json.at("whitening").get<std::vector<double>>();
  file.expect(json.at("width") == width && json.at("code") == code &&
                  file.fits({hidden * 1.0, hidden * 1.0}) && whitening.size() == code + code * code,
              "other sizes of the autoencoder of '" + modality + "'");
  Autoencoder autoencoder(static_cast<int>(width), json.at("masked"), static_cast<int>(code),
                          hidden);
  autoencoder.parameters() =
      file.tensor("autoencoder." + modality, autoencoder.parameters().size());
  autoencoder.set_whitening(whitening);
  return autoencoder;
}

std::shared_ptr<const BlockNetwork> network_from(const ModelFile& file, const Modality& modality,
                                                 int outputs) {
  const std::string name = "network." + modality.name;
  const std::vector<float>& values = file.tensor(name);
  const Networks& module = networks();
  try {
    return module.restore(modality.blocks->shape(), modality.network, outputs, values);
  } catch (const std::exception&) {
    file.misfit(name, fmt::format("network '{}'", modality.network));
  }
}

/// Latents per unit without the copies of shared ones.
std::vector<int> own_latents(std::vector<int> latents, const std::vector<SharedUnit>& shared) {
  for (const SharedUnit& block : shared) {
    for (const std::size_t member : block.members) latents[member] -= latents[block.unit];
  }
  return latents;
}

std::vector<SharedUnit> shared_from(const ModelFile& file, const Json& json, std::size_t units) {
  std::vector<SharedUnit> shared;
  for (const Json& one : json) {
    SharedUnit block{one.at("unit").get<std::size_t>(),
                     one.at("members").get<std::vector<std::size_t>>()};
    bool fits = block.unit + json.size() == units + shared.size() && block.members.size() > 1;
    for (const std::size_t member : block.members) fits = fits && member + json.size() < units;
    file.expect(fits, "shared latents of other modalities");
    shared.push_back(std::move(block));
  }
  return shared;
}

std::shared_ptr<const SharedContent> content_from(const ModelFile& file, const Json& json,
                                                  const std::string& name, const SharedUnit& block,
                                                  const DensityShape& shape) {
  std::vector<int> widths;
  for (const std::size_t member : block.members)
    widths.push_back(shape.latents[member] + shape.privates[member]);
  const int hidden = file.size_from(json.at("hidden"), 1);
  const auto k = static_cast<std::size_t>(shape.latents[block.unit]);
  const auto whitening = json.at("whitening").get<std::vector<double>>();
  file.expect(file.fits({hidden * 1.0, hidden * 1.0}) && whitening.size() == k + k * k,
              "other sizes of '" + name + "'");
  SharedContent content(widths, static_cast<int>(k), hidden);
  content.parameters() = file.tensor("shared." + name, content.parameters().size());
  content.set_whitening(whitening);
  return std::make_shared<const SharedContent>(std::move(content));
}

Density density_of(const ModelFile& file, const DensityShape& shape) {
  Density density(shape);
  for (const Density::Tensor& t : density.tensors()) {
    const std::vector<float>& values = file.tensor("density." + t.name, t.rows * t.columns);
    std::copy(values.begin(), values.end(),
              density.parameters().begin() + static_cast<std::ptrdiff_t>(t.offset));
  }
  return density;
}

}  // namespace

StagedModel::StagedModel(const std::vector<Modality>& modalities, std::vector<Coder> coders,
                         Density density, std::vector<std::size_t> modality_of_unit,
                         std::vector<SharedUnit> shared)
    : coders_(std::move(coders)),
      density_(std::move(density)),
      modality_of_unit_(std::move(modality_of_unit)),
      shared_(std::move(shared)),
      layout_(own_latents(density_.shape().latents, shared_), shared_) {
  for (const Modality& modality : modalities) names_.push_back(modality.name);
}

Decomposition StagedModel::decompose(const Observed& data) const {
  Codes codes;
  codes.participants = data.participants;
  codes.present = unit_presence(data.present, modality_of_unit_);
  for (std::size_t m = 0; m < coders_.size(); ++m) {
    if (coders_[m].network) {
      const BlockNetwork& network = *coders_[m].network;
      append_units(network_outputs(network, *data.blocks[m]), network.parts(), codes);
      continue;
    }
    if (coders_[m].shared) continue;  // they stand last, after their members
    Cells seen = data.cells[m];
    // A model fitted to complete tables has no mask input; cells missing now enter as the median.
    const Autoencoder& autoencoder = coders_[m].autoencoder;
    if (!autoencoder.masked()) seen.present.clear();
    append_units(autoencoder.encode(seen), {autoencoder.code()}, codes);
  }
  for (const SharedUnit& block : shared_)
    append_shared(*coders_[modality_of_unit_[block.unit]].shared, block, codes);
  const auto conditions = static_cast<std::size_t>(density_.shape().conditions);
  codes.conditions.count = conditions;
  codes.conditions.values.assign(conditions * codes.participants, 0.0f);
  Decomposition parts = density_.decompose(codes, {});
  if (conditions > 0) {  // z and eta do not depend on them, the noise does
    std::fill(parts.eps.begin(), parts.eps.end(), std::numeric_limits<float>::quiet_NaN());
  }
  return layout_.visible(parts);
}

std::vector<int> StagedModel::parents(int latent) const {
  const std::size_t place = layout_.reported()[static_cast<std::size_t>(latent)];
  std::vector<int> all = density_.parents(static_cast<int>(place));
  for (int& parent : all) parent = layout_.place(parent);  // copies are nobody's parents
  return all;
}

std::vector<float> StagedModel::conditional_mean(int latent, const std::vector<float>& z) const {
  const std::size_t place = layout_.reported()[static_cast<std::size_t>(latent)];
  return density_.conditional_mean(static_cast<int>(place), layout_.with_copies(z));
}

std::vector<float> StagedModel::expected(std::size_t modality,
                                         const std::vector<float>& values) const {
  if (coders_[modality].shared) return {};  // its members show it
  const auto latents = static_cast<std::size_t>(density_.latents());
  std::vector<float> z = layout_.with_copies(values);
  for (std::size_t j = 0; j < latents; ++j) {
    if (!layout_.is_copy(j)) continue;
    const std::vector<float> mean = density_.conditional_mean(static_cast<int>(j), z);
    for (std::size_t s = 0; s < mean.size(); ++s) z[s * latents + j] = mean[s];
  }
  const std::size_t n = z.size() / latents;
  std::vector<std::vector<float>> parts;  // per unit of the modality, (n, width of the unit)
  std::size_t width = 0;
  for (std::size_t unit = 0; unit < modality_of_unit_.size(); ++unit) {
    if (modality_of_unit_[unit] != modality) continue;
    const auto own = static_cast<std::size_t>(density_.shape().latents[unit]);
    const auto privates = static_cast<std::size_t>(density_.shape().privates[unit]);
    const auto first = static_cast<std::size_t>(density_.first_latent(unit));
    std::vector<float> own_z(n * own);
    for (std::size_t s = 0; s < n; ++s) {
      for (std::size_t k = 0; k < own; ++k) own_z[s * own + k] = z[s * latents + first + k];
    }
    parts.push_back(density_.invert(unit, own_z, std::vector<float>(n * privates, 0.0f)));
    width += own + privates;
  }
  std::vector<float> code;
  code.reserve(n * width);
  for (std::size_t s = 0; s < n; ++s) {
    for (const std::vector<float>& part : parts) {
      const std::size_t own = part.size() / n;
      const auto begin = part.begin() + static_cast<std::ptrdiff_t>(s * own);
      code.insert(code.end(), begin, begin + static_cast<std::ptrdiff_t>(own));
    }
  }
  const Coder& coder = coders_[modality];
  if (!coder.network) return coder.autoencoder.decode(code);
  std::vector<float> blocks(n * coder.network->block_size());
  coder.network->decode(code.data(), n, blocks.data());
  return blocks;
}

void StagedModel::save(Json& json, std::vector<NamedTensor>& tensors) const {
  Json autoencoders = Json::array();
  Json shared = Json::array();
  for (const SharedUnit& block : shared_) {
    const std::size_t m = modality_of_unit_[block.unit];
    const SharedContent& content = *coders_[m].shared;
    tensors.push_back({"shared." + names_[m], {content.parameters().size()}, content.parameters()});
    shared.push_back({{"unit", block.unit},
                      {"members", block.members},
                      {"hidden", content.hidden()},
                      {"whitening", content.whitening()}});
  }
  for (std::size_t m = 0; m < coders_.size(); ++m) {
    if (coders_[m].shared) {
      autoencoders.push_back(nullptr);
      continue;
    }
    if (coders_[m].network) {
      const std::vector<float> values = coders_[m].network->values();
      tensors.push_back({"network." + names_[m], {values.size()}, values});
      autoencoders.push_back(nullptr);
      continue;
    }
    const Autoencoder& a = coders_[m].autoencoder;
    tensors.push_back({"autoencoder." + names_[m], {a.parameters().size()}, a.parameters()});
    autoencoders.push_back({{"width", a.width()},
                            {"masked", a.masked()},
                            {"code", a.code()},
                            {"hidden", a.hidden()},
                            {"whitening", a.whitening()}});
  }
  for (const Density::Tensor& t : density_.tensors()) {
    const auto begin = density_.parameters().begin() + static_cast<std::ptrdiff_t>(t.offset);
    tensors.push_back({"density." + t.name,
                       {t.rows, t.columns},
                       {begin, begin + static_cast<std::ptrdiff_t>(t.rows * t.columns)}});
  }
  const DensityShape& shape = density_.shape();
  Json pairs = Json::array();
  for (const LatentPair& p : shape.pairs) pairs.push_back({p.source, p.target});
  json["autoencoders"] = autoencoders;
  json["units"] = modality_of_unit_;
  json["shared"] = shared;
  json["density"] = {{"latents", shape.latents},
                     {"private", shape.privates},
                     {"layers_per_width", shape.layers_per_width},
                     {"hidden", shape.hidden},
                     {"prior", shape.prior == PriorKind::kAdditive ? "additive" : "general"},
                     {"gated", shape.gated},
                     {"conditions", shape.conditions},
                     {"pairs", pairs}};
}

std::unique_ptr<FittedModel> load_staged(const ModelFile& file, const Json& json,
                                         const Model::Impl& model) {
  const std::size_t modalities = model.modalities.size();
  const DensityShape shape = shape_from(file, json.at("density"));
  file.expect(json.at("autoencoders").size() == modalities,
              "sizes of different numbers of modalities");
  const auto units = json.at("units").get<std::vector<std::size_t>>();
  file.expect(units.size() == shape.latents.size() && !units.empty() && units.front() == 0 &&
                  units.back() + 1 == modalities,
              "units of other modalities");
  const std::vector<SharedUnit> shared = shared_from(file, json.at("shared"), units.size());
  const std::vector<int> own = own_latents(shape.latents, shared);
  file.expect(std::all_of(own.begin(), own.end(), [](int k) { return k >= 0; }),
              "more shared latents than latents");
  std::vector<std::size_t> latents(modalities, 0);
  std::vector<std::size_t> outputs(modalities, 0);  // with what is shared
  std::vector<std::size_t> privates(modalities, 0);
  for (std::size_t u = 0; u < units.size(); ++u) {
    file.expect(u == 0 || units[u] == units[u - 1] || units[u] == units[u - 1] + 1,
                "units out of order");
    latents[units[u]] += static_cast<std::size_t>(own[u]);
    outputs[units[u]] += static_cast<std::size_t>(shape.latents[u]);
    privates[units[u]] += static_cast<std::size_t>(shape.privates[u]);
  }
  std::vector<Coder> coders;
  for (std::size_t m = 0; m < modalities; ++m) {
    const Modality& modality = model.modalities[m];
    file.expect(modality.latents == latents[m] && modality.private_dims == privates[m],
                "two different sizes of modality '" + modality.name + "'");
    Coder coder;
    const auto block = std::find_if(shared.begin(), shared.end(),
                                    [&](const SharedUnit& one) { return units[one.unit] == m; });
    file.expect((block != shared.end()) == (modality.kind == "shared"),
                "another kind of modality '" + modality.name + "'");
    if (block != shared.end()) {
      const auto place = static_cast<std::size_t>(block - shared.begin());
      coder.shared = content_from(file, json.at("shared").at(place), modality.name, *block, shape);
    } else if (modality.blocks) {
      coder.network = network_from(file, modality, static_cast<int>(outputs[m]));
      coder.explained = coder.network->explained();
    } else {
      coder.autoencoder = autoencoder_from(file, json.at("autoencoders").at(m), modality.name,
                                           model.encodings[m].width(), outputs[m] + privates[m]);
    }
    coders.push_back(std::move(coder));
  }
  file.expect(json.at("conditions").empty() == (shape.conditions == 0), "conditions without names");
  return std::make_unique<StagedModel>(model.modalities, std::move(coders), density_of(file, shape),
                                       units, shared);
}

}  // namespace polycause
