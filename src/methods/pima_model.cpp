#include "methods/pima_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "networks/networks.h"
#include "polycause/error.h"

namespace polycause {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kTensor = "pima";
constexpr std::size_t kBatch = 512;
constexpr std::size_t kBlockBatch = 64;  // of pictures and series, whose padding costs time

/// Participants who are encoded together.
struct Batch {
  std::vector<std::uint32_t> rows;
  std::vector<std::vector<float>> values;  // per modality

  void add(std::uint32_t row, const std::vector<std::vector<float>>& own) {
    values.resize(own.size());
    rows.push_back(row);
    for (std::size_t m = 0; m < own.size(); ++m)
      values[m].insert(values[m].end(), own[m].begin(), own[m].end());
  }
};

/// Encodes and empties a batch, filled up to `size` with its last participant: products of another
/// size are summed in another order, and a code would depend on who else is encoded. For the same
/// reason everybody in it has the same modalities, as networks see only those who have theirs.
void encode_batch(const PimaModel& network, Batch& batch, std::size_t size, PimaCode& all) {
  const std::size_t count = batch.rows.size();
  std::vector<const float*> pointers;
  for (std::vector<float>& values : batch.values) {
    const std::size_t width = values.size() / count;
    const std::vector<float> last(values.end() - static_cast<std::ptrdiff_t>(width), values.end());
    for (std::size_t i = count; i < size; ++i)
      values.insert(values.end(), last.begin(), last.end());
    pointers.push_back(values.data());
  }
  const PimaCode some = network.encode(pointers, size);
  const auto place = [&](const std::vector<float>& from, std::vector<float>& to) {
    const std::size_t width = from.size() / size;
    for (std::size_t i = 0; i < count; ++i)
      std::copy_n(from.data() + i * width, width, to.data() + batch.rows[i] * width);
  };
  place(some.mean, all.mean);
  place(some.variance, all.variance);
  place(some.gamma, all.gamma);
  batch = {};
}

/// One number per row of `values` that is missing where its cell is, in the units of the table.
std::shared_ptr<const std::vector<float>> cells_with_gaps(const Cells& cells,
                                                          const TableEncoding* law) {
  auto values = std::make_shared<std::vector<float>>(cells.x);
  if (law != nullptr) {  // a law speaks of the table's own numbers
    const Table table = law->decode(cells.x, std::vector<std::string>(cells.participants));
    const std::size_t width = table.columns.size();
    for (std::size_t i = 0; i < cells.participants; ++i) {
      for (std::size_t j = 0; j < width; ++j)
        (*values)[i * width + j] = static_cast<float>(table.columns[j].values[i]);
    }
  }
  for (std::size_t k = 0; k < cells.present.size(); ++k) {
    if (cells.present[k] == 0) (*values)[k] = std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}

/// Where the points of a curve are.
std::vector<double> points_of(const Modality& modality, std::size_t width) {
  std::vector<double> at = modality.expert.at;
  if (!at.empty() && at.size() != width) {
    throw ConfigError(fmt::format(
        "modality '{}': at has {} numbers; expected {}, one for every column or sample in use",
        modality.name, at.size(), width));
  }
  const double rate = modality.blocks ? modality.blocks->shape().rate : 0;
  for (std::size_t k = at.size(); k < width; ++k) {
    const auto index = static_cast<double>(k);
    at.push_back(rate > 0 ? index / rate
                          : index / static_cast<double>(std::max<std::size_t>(1, width - 1)));
  }
  return at;
}

}  // namespace

PimaShapes pima_shapes(const Model::Impl& model) {
  PimaShapes shapes;
  for (std::size_t m = 0; m < model.modalities.size(); ++m) {
    const Modality& modality = model.modalities[m];
    PimaInput input;
    input.name = modality.name;
    if (modality.blocks) {
      input.shape = modality.blocks->shape();
      input.network = modality.network;
    } else {
      input.shape.kind = "table";
      input.shape.width = model.encodings[m].width();
    }
    shapes.experts.emplace_back();
    if (modality.expert.decoder != "network") {
      const auto numbers = [](const Column& c) { return c.type == ColumnType::kContinuous; };
      const std::vector<Column>& columns = modality.table.columns;
      if (input.shape.channels != 1 ||
          (!modality.blocks && !std::all_of(columns.begin(), columns.end(), numbers))) {
        throw ConfigError(fmt::format(
            "modality '{}': decoder = \"{}\" needs one curve per participant; expected a series of "
            "one channel or a table of continuous columns; choose columns, or decoder = "
            "\"network\"",
            modality.name, modality.expert.decoder));
      }
      shapes.experts.back() = make_expert(modality.expert, points_of(modality, input.shape.width));
      input.expert = shapes.experts.back().get();
    }
    shapes.inputs.push_back(std::move(input));
  }
  return shapes;
}

std::vector<PimaInput> with_readers(const PimaShapes& shapes, const Model::Impl& model,
                                    const Observed& data) {
  std::vector<PimaInput> inputs = shapes.inputs;
  const std::size_t modalities = inputs.size();
  for (std::size_t m = 0; m < modalities; ++m) {
    if (data.blocks[m]) {
      inputs[m].read = [blocks = data.blocks[m]](const std::uint32_t* rows, std::size_t count,
                                                 float* out) { blocks->read(rows, count, out); };
      continue;
    }
    const auto values =
        cells_with_gaps(data.cells[m], inputs[m].expert != nullptr ? &model.encodings[m] : nullptr);
    const std::size_t width = inputs[m].shape.width;
    inputs[m].read = [values, width, m, modalities, &data](const std::uint32_t* rows,
                                                           std::size_t count, float* out) {
      for (std::size_t i = 0; i < count; ++i, out += width) {
        if (data.present.empty() || data.present[rows[i] * modalities + m] != 0) {
          std::copy_n(values->begin() + static_cast<std::ptrdiff_t>(rows[i] * width), width, out);
        } else {
          std::fill_n(out, width, std::numeric_limits<float>::quiet_NaN());
        }
      }
    };
  }
  return inputs;
}

PimaCode encoded(const PimaModel& network, const std::vector<PimaInput>& inputs,
                 std::size_t participants) {
  const auto latents = static_cast<std::size_t>(network.latents());
  PimaCode all;
  all.mean.resize(participants * latents);
  all.variance.resize(all.mean.size());
  all.gamma.resize(participants * network.network().joint.size());
  const bool tables = std::all_of(inputs.begin(), inputs.end(), [](const PimaInput& input) {
    return input.shape.kind == "table";
  });
  const std::size_t batch = tables ? kBatch : kBlockBatch;
  std::map<std::vector<bool>, Batch> waiting;  // by the modalities that are there
  std::vector<std::vector<float>> values(inputs.size());
  for (std::uint32_t row = 0; row < participants; ++row) {
    std::vector<bool> there;
    for (std::size_t m = 0; m < inputs.size(); ++m) {
      values[m].resize(inputs[m].shape.size());
      inputs[m].read(&row, 1, values[m].data());
      there.push_back(std::any_of(values[m].begin(), values[m].end(),
                                  [](float value) { return !std::isnan(value); }));
    }
    Batch& own = waiting[there];
    own.add(row, values);
    if (own.rows.size() == batch) encode_batch(network, own, batch, all);
  }
  for (auto& [there, rest] : waiting) {
    if (!rest.rows.empty()) encode_batch(network, rest, batch, all);
  }
  return all;
}

PimaFitted::PimaFitted(PimaShapes shapes, PimaOptions options, std::unique_ptr<PimaModel> network)
    : shapes_(std::move(shapes)), options_(std::move(options)), network_(std::move(network)) {
  options_.metric = nullptr;
  options_.advance = nullptr;
}

std::vector<float> PimaFitted::expected(std::size_t modality, const std::vector<float>& z) const {
  const auto width = static_cast<std::size_t>(network_->latents());
  const std::size_t count = z.size() / width;
  const std::vector<double>& joint = network_->network().joint;
  const std::size_t clusters = joint.size();
  std::vector<float> gamma(count * clusters);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<double> score(clusters);
    for (std::size_t c = 0; c < clusters; ++c) {
      score[c] = std::log(std::max(1e-300, joint[c]));
      for (std::size_t k = 0; k < width; ++k) {
        const auto v = static_cast<double>(network_->variances()[c * width + k]);
        const double away = static_cast<double>(z[i * width + k]) -
                            static_cast<double>(network_->means()[c * width + k]);
        score[c] -= 0.5 * (std::log(v) + away * away / v);
      }
    }
    const double highest = *std::max_element(score.begin(), score.end());
    double total = 0;
    for (double& s : score) total += s = std::exp(s - highest);
    for (std::size_t c = 0; c < clusters; ++c)
      gamma[i * clusters + c] = static_cast<float>(score[c] / total);
  }
  std::vector<float> out(count * shapes_.inputs[modality].shape.size());
  network_->decode(modality, z.data(), gamma.data(), count, out.data());
  return out;
}

Encoding PimaFitted::encoding(const Model::Impl& model, const Observed& data,
                              const std::vector<std::string>& ids) const {
  const PimaCode code = encoded(*network_, with_readers(shapes_, model, data), data.participants);
  const FeatureNetwork network = feature_network(network_->outcomes(), network_->network());
  Encoding out;
  out.latents = shared_latents_table(code.mean, model.latents, ids);
  for (Table* t : {&out.private_parts, &out.exogenous, &out.predicted}) t->ids = ids;
  out.features = features_table(code.gamma, network, ids);
  out.responsibilities = responsibilities_table(code.gamma, network, ids);
  return out;
}

void PimaFitted::save(Json& json, std::vector<NamedTensor>& tensors) const {
  const std::vector<float> values = network_->values();
  tensors.push_back({kTensor, {values.size()}, values});
  json["pima"] = {{"outcomes", options_.outcomes},
                  {"latents", options_.latents},
                  {"width", options_.width},
                  {"responsibility", options_.responsibility},
                  {"decoder_variance", options_.decoder_variance}};
}

std::unique_ptr<FittedModel> PimaFitted::load(const ModelFile& file, const Json& json,
                                              const Model::Impl& model) {
  const Json& own = json.at("pima");
  PimaOptions options;
  options.outcomes = own.at("outcomes").get<std::vector<int>>();
  double joint = 1;
  for (const int c : options.outcomes) {
    file.expect(c >= 2, fmt::format("a feature of {} outcomes", c));
    joint *= c;
  }
  options.latents = file.size_from(own.at("latents"), 1);
  options.width = file.size_from(own.at("width"), 1);
  const std::size_t nodes = options.outcomes.size();
  file.expect(nodes >= 1 && nodes <= 12 && file.fits({joint, 1.0 * options.latents}) &&
                  file.fits({1.0 * options.width, 1.0 * options.width}),
              "features larger than the tensors");
  options.responsibility = own.at("responsibility");
  options.decoder_variance = own.at("decoder_variance");
  PimaShapes shapes = pima_shapes(model);
  const std::vector<float>& values = file.tensor(kTensor);
  try {
    auto network = networks().restore_pima(shapes.inputs, options, values);
    return std::make_unique<PimaFitted>(std::move(shapes), std::move(options), std::move(network));
  } catch (const ConfigError&) {
    throw;
  } catch (const std::exception&) {
    file.misfit(kTensor, "the networks of 'pima'");
  }
}

}  // namespace polycause
