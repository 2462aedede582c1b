#include <fmt/format.h>

#include <algorithm>

#include "methods/model_impl.h"
#include "polycause/error.h"

namespace polycause {

Model::Model() : impl_(std::make_unique<Impl>()) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::vector<Modality>& Model::modalities() const { return impl_->modalities; }

Cells cells_of(const TableEncoding& encoding, const Table& table,
               const std::vector<bool>& present) {
  EncodedTable encoded = encoding.apply(table);
  Cells cells;
  cells.participants = encoded.n;
  cells.width = static_cast<int>(encoded.width);
  cells.x = std::move(encoded.x);
  bool missing = false;
  const std::size_t columns = encoding.columns();
  for (std::size_t i = 0; i < encoded.n; ++i) {
    if (!present.empty() && !present[i]) continue;
    for (std::size_t j = 0; j < columns; ++j)
      missing = missing || encoded.mask[i * columns + j] == 0;
  }
  if (!missing) return cells;
  cells.present.resize(encoded.n * encoded.width);
  for (std::size_t i = 0; i < encoded.n; ++i) {
    for (std::size_t j = 0; j < encoded.width; ++j) {
      cells.present[i * encoded.width + j] = encoded.mask[i * columns + encoding.source()[j]];
    }
  }
  return cells;
}

std::vector<std::uint8_t> presence_of(const Study& study) {
  const std::size_t modalities = study.modalities.size();
  std::vector<std::uint8_t> present(study.participants() * modalities, 1);
  bool absent = false;
  for (std::size_t m = 0; m < modalities; ++m) {
    for (std::size_t i = 0; i < study.participants(); ++i) {
      if (study.modalities[m].has(i)) continue;
      present[i * modalities + m] = 0;
      absent = true;
    }
  }
  if (!absent) present.clear();
  return present;
}

std::vector<int> latents_of(const Model::Impl& model) {
  std::vector<int> latents;
  for (const Modality& m : model.modalities) latents.push_back(static_cast<int>(m.latents));
  return latents;
}

std::vector<std::string> names_of(const std::vector<Modality>& modalities) {
  std::vector<std::string> names;
  for (const Modality& m : modalities) {
    for (std::size_t k = 1; k <= m.latents; ++k) names.push_back(fmt::format("{}.z{}", m.name, k));
  }
  return names;
}

CrossPrediction::OneSource one_source(const std::vector<Modality>& modalities) {
  const auto measured = [&](std::size_t m) {
    const std::vector<std::size_t>& members = modalities[m].members;
    return members.empty() ? std::vector<std::size_t>{m} : members;
  };
  CrossPrediction::OneSource one(modalities.size(), std::vector<bool>(modalities.size(), false));
  for (std::size_t a = 0; a < modalities.size(); ++a) {
    for (std::size_t b = 0; b < modalities.size(); ++b) {
      for (const std::size_t m : measured(a)) {
        const std::vector<std::size_t> others = measured(b);
        if (std::find(others.begin(), others.end(), m) != others.end()) one[a][b] = true;
      }
    }
  }
  return one;
}

namespace {

std::size_t privates_of(const Model::Impl& model) {
  std::size_t total = 0;
  for (const Modality& m : model.modalities) total += m.private_dims;
  return total;
}

}  // namespace

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
  const std::size_t privates = privates_of(model);
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

Table predicted_of(const Model::Impl& model, const std::vector<float>& z,
                   const std::vector<std::uint8_t>& present, const std::vector<std::string>& ids) {
  Decomposition predicted;
  predicted.z = model.prediction.predict(z, present);
  predicted.eps.assign(predicted.z.size(), 0.0f);
  predicted.eta.assign(ids.size() * privates_of(model), 0.0f);
  return encoding_of(model, predicted, ids).latents;
}

namespace {

void check_shape(const Modality& modality, const BlockShape& fitted) {
  if (!modality.blocks) {
    throw DataError(fmt::format(
        "encode: modality '{}' is a table; expected {} blocks as in the fit; use the same kind",
        modality.name, fitted.kind));
  }
  const BlockShape& now = modality.blocks->shape();
  if (now.channels == fitted.channels && now.height == fitted.height && now.width == fitted.width)
    return;
  throw DataError(fmt::format(
      "encode: modality '{}' has blocks of {} x {} x {} (channels, height, width); expected {} x "
      "{} x {} as in the fit; set its size (pictures) or rate and samples (series)",
      modality.name, now.channels, now.height, now.width, fitted.channels, fitted.height,
      fitted.width));
}

}  // namespace

Encoding encode(const Model& model, const Study& study) {
  const Model::Impl& impl = model.impl();
  bool same = study.modalities.size() == impl.modalities.size();
  for (std::size_t m = 0; same && m < impl.modalities.size(); ++m)
    same = study.modalities[m].name == impl.modalities[m].name;
  if (!same) {
    throw DataError(
        "encode: the study's modalities are not the model's; expected the same names in the same "
        "order; read it with load_study_like");
  }
  Observed data;
  data.participants = study.participants();
  data.present = presence_of(study);
  for (std::size_t m = 0; m < impl.modalities.size(); ++m) {
    const Modality& modality = study.modalities[m];
    data.blocks.push_back(modality.blocks);
    if (impl.modalities[m].blocks) {
      check_shape(modality, impl.modalities[m].blocks->shape());
      data.cells.emplace_back();
    } else {
      data.cells.push_back(cells_of(impl.encodings[m], modality.table, modality.present));
    }
  }
  return impl.fitted->encoding(impl, data, study.ids);
}

Encoding FittedModel::encoding(const Model::Impl& model, const Observed& data,
                               const std::vector<std::string>& ids) const {
  const Decomposition parts = decompose(data);
  Encoding out = encoding_of(model, parts, ids);
  out.predicted = predicted_of(model, parts.z, data.present, ids);
  return out;
}

}  // namespace polycause
