#include "networks/plugin/end_to_end/network.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "networks/plugin/end_to_end/training.h"
#include "networks/plugin/flat.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr std::size_t kEncodeBatch = 512;
constexpr std::size_t kBlockBatch = 64;  // of pictures and series, whose padding costs time
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Copies a part (B, k) of the codes to rows of `to` (n, width).
void scatter(const Tensor& part, const std::vector<std::uint32_t>& rows, std::int64_t width,
             std::vector<float>& to) {
  const Tensor flat = part.contiguous();
  const float* from = flat.data_ptr<float>();
  for (const std::uint32_t row : rows) {
    std::copy(from, from + width,
              to.begin() + static_cast<std::ptrdiff_t>(static_cast<std::int64_t>(row) * width));
    from += width;
  }
}

Tensor matrix(const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
  return torch::from_blob(const_cast<float*>(values.data()), {rows, columns}).clone();
}

}  // namespace

Tensor entries(const Tensor& x, const Tensor& mask) {
  if (mask.defined()) return mask.flatten(1).sum(1);
  const std::int64_t each = x.numel() / x.size(0);
  return torch::full({x.size(0)}, static_cast<double>(each));
}

Tensor squared_error(const Tensor& x, const Tensor& mask, const Tensor& reconstruction) {
  Tensor difference = reconstruction - x;
  if (mask.defined()) difference = difference * mask;
  return difference.square().flatten(1).sum(1);
}

Tensor mean_present(const Tensor& values, const Tensor& present) {
  if (!present.defined()) return values.mean();
  return (values * present).sum() / present.sum().clamp_min(1);
}

Tensor normal_like(const Tensor& like, at::Generator& generator) {
  return torch::empty(like.sizes()).normal_(0, 1, generator);
}

TrainedNetwork::TrainedNetwork(const std::vector<EndToEndInput>& inputs,
                               const EndToEndOptions& options)
    : inputs_(inputs), options_(options) {
  for (EndToEndInput& input : inputs_) {  // nothing of the participants stays
    input.cells = nullptr;
    input.mask = nullptr;
    input.read = nullptr;
    input.present.clear();
    first_latent_.push_back(latents_);
    for (int k = 0; k < input.latents; ++k)
      modality_of_.push_back(static_cast<std::int64_t>(first_latent_.size()) - 1);
    latents_ += input.latents;
    privates_ += input.privates;
  }
  options_.labels.clear();
  options_.start.clear();
  options_.metric = nullptr;
  options_.advance = nullptr;
  weights_.assign(static_cast<std::size_t>(latents_ * latents_), 0.0);
  explained_.assign(inputs_.size(), std::numeric_limits<double>::quiet_NaN());
}

void TrainedNetwork::make_codings(std::int64_t (*outputs_of)(std::int64_t), bool decoders,
                                  int layers) {
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    const std::int64_t code = d_z(m) + d_eta(m);
    codings_.push_back(register_module(
        "coding" + std::to_string(m),
        std::make_shared<Coding>(inputs_[m], CodingShape{outputs_of(code), decoders ? code : 0,
                                                         options_.width, layers})));
  }
}

void TrainedNetwork::set_scales(const std::vector<EndToEndInput>& inputs,
                                const std::vector<std::uint32_t>& train) {
  const torch::NoGradGuard no_gradient;
  for (std::size_t m = 0; m < codings_.size(); ++m) {
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t row : train) {
      if (inputs[m].present.empty() || inputs[m].present[row] != 0) rows.push_back(row);
    }
    codings_[m]->set_scale(inputs[m], rows);
  }
}

void TrainedNetwork::prepare(Sample& sample) const {
  for (std::size_t m = 0; m < codings_.size(); ++m)
    codings_[m]->prepare(sample.x[m], sample.mask[m]);
}

void TrainedNetwork::begin(const std::vector<EndToEndInput>&, const std::vector<std::uint32_t>&,
                           const EndToEndOptions&, at::Generator&) {}

void TrainedNetwork::finish(const std::vector<EndToEndInput>& inputs,
                            const std::vector<std::uint32_t>& held_out,
                            const EndToEndOptions& options) {
  const torch::NoGradGuard no_gradient;
  eval();
  std::vector<double> rest(inputs.size(), 0);
  std::vector<double> total(inputs.size(), 0);
  SampleReader reader(inputs, options.participants, held_out, kEncodeBatch, false);
  for (Sample sample; reader.next(sample);) {
    prepare(sample);
    const Parts parts = parts_of(sample);
    std::int64_t z = 0;
    std::int64_t eta = 0;
    for (std::size_t m = 0; m < inputs.size(); ++m) {
      const Tensor u =
          torch::cat({parts.z.narrow(1, z, d_z(m)), parts.eta.narrow(1, eta, d_eta(m))}, 1);
      z += d_z(m);
      eta += d_eta(m);
      const Tensor weight =
          sample.present[m].defined() ? sample.present[m] : torch::ones({sample.size()});
      const Tensor x = codings_[m]->decode(decoder_input(m, u));
      rest[m] += (squared_error(sample.x[m], sample.mask[m], x) * weight).sum().item<double>();
      // Prepared data have mean 0 over the training participants.
      total[m] += (squared_error(sample.x[m], sample.mask[m], torch::zeros_like(x)) * weight)
                      .sum()
                      .item<double>();
    }
  }
  for (std::size_t m = 0; m < inputs.size(); ++m) explained_[m] = 1 - rest[m] / total[m];
}

EndToEndCodes TrainedNetwork::encode(const std::vector<EndToEndInput>& data,
                                     std::size_t participants) const {
  const torch::NoGradGuard no_gradient;
  auto& self = const_cast<TrainedNetwork&>(*this);  // a forward pass of torch modules is not const
  self.eval();
  EndToEndCodes codes;
  codes.z.assign(participants * static_cast<std::size_t>(latents_), kNaN);
  codes.eta.assign(participants * static_cast<std::size_t>(privates_), kNaN);
  codes.eps = codes.z;
  // Always batches of one size, the last filled up with the last participant: products of another
  // size are summed in another order, and a code would depend on who else is encoded.
  const bool blocks = std::any_of(inputs_.begin(), inputs_.end(),
                                  [](const EndToEndInput& input) { return input.width == 0; });
  const std::size_t batch = blocks ? kBlockBatch : kEncodeBatch;
  std::vector<std::uint32_t> rows((participants + batch - 1) / batch * batch);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<std::uint32_t>(std::min(i, participants - 1));
  std::vector<EndToEndInput> inputs = data;
  for (EndToEndInput& input : inputs) {
    if (input.width > 0 || input.present.empty()) continue;
    // Blocks that are not there cannot be read.
    input.read = [read = input.read, size = input.shape.size(), present = input.present](
                     const std::uint32_t* picked, std::size_t count, float* out) {
      for (std::size_t i = 0; i < count; ++i) {
        if (present[picked[i]] != 0) {
          read(picked + i, 1, out + i * size);
        } else {
          std::fill_n(out + i * size, size, 0.0f);
        }
      }
    };
  }
  SampleReader reader(inputs, participants, rows, batch, false);
  for (Sample sample; reader.next(sample);) {
    prepare(sample);
    Parts parts = self.parts_of(sample);
    std::vector<Tensor> z_there;
    std::vector<Tensor> eta_there;
    for (std::size_t m = 0; m < inputs_.size(); ++m) {
      const Tensor there =
          (sample.present[m].defined() ? sample.present[m] : torch::ones({sample.size()}))
              .unsqueeze(1);
      z_there.push_back(there.expand({sample.size(), d_z(m)}));
      eta_there.push_back(there.expand({sample.size(), d_eta(m)}));
    }
    const Tensor z_present = torch::cat(z_there, 1);
    scatter(parts.z.masked_fill(z_present == 0, kNaN), sample.rows, latents_, codes.z);
    if (privates_ > 0) {
      scatter(parts.eta.masked_fill(torch::cat(eta_there, 1) == 0, kNaN), sample.rows, privates_,
              codes.eta);
    }
    if (!parts.eps.defined()) continue;
    Tensor known = z_present.clone();
    for (const EndToEndEdge& edge : edges_)
      known.select(1, edge.target).mul_(z_present.select(1, edge.source));
    scatter(parts.eps.masked_fill(known == 0, kNaN), sample.rows, latents_, codes.eps);
  }
  return codes;
}

std::vector<float> TrainedNetwork::decode(std::size_t modality, const std::vector<float>& z,
                                          const std::vector<float>& eta) const {
  if (std::isnan(explained_[modality])) return {};  // no decoder
  const torch::NoGradGuard no_gradient;
  auto& self = const_cast<TrainedNetwork&>(*this);
  self.eval();
  const auto count = static_cast<std::int64_t>(z.size()) / d_z(modality);
  Tensor u = matrix(z, count, d_z(modality));
  if (d_eta(modality) > 0) u = torch::cat({u, matrix(eta, count, d_eta(modality))}, 1);
  Coding& coding = *codings_[modality];
  return flat(coding.unscaled(coding.decode(self.decoder_input(modality, u))));
}

Tensor TrainedNetwork::expected_latent(int, const Tensor& z) { return torch::zeros({z.size(0)}); }

std::vector<float> TrainedNetwork::conditional_mean(int latent, const std::vector<float>& z) const {
  const torch::NoGradGuard no_gradient;
  auto& self = const_cast<TrainedNetwork&>(*this);
  self.eval();
  return flat(self.expected_latent(
      latent, matrix(z, static_cast<std::int64_t>(z.size()) / latents_, latents_)));
}

void TrainedNetwork::report_edges(double least, bool directed) {
  edges_.clear();
  for (std::int64_t target = 0; target < latents_; ++target) {
    for (std::int64_t source = 0; source < latents_; ++source) {
      const double strength = weights_[static_cast<std::size_t>(target * latents_ + source)];
      if (strength < least) continue;
      edges_.push_back({static_cast<int>(source), static_cast<int>(target), strength, directed});
    }
  }
}

std::vector<Tensor> TrainedNetwork::tensors() const {
  std::vector<Tensor> all;
  for (const Tensor& p : parameters()) all.push_back(p);
  for (const Tensor& b : buffers()) {
    if (b.is_floating_point()) all.push_back(b);  // not the counters of batch normalisation
  }
  return all;
}

std::vector<float> TrainedNetwork::values() const {
  std::vector<float> out{static_cast<float>(loss_)};
  for (const double r2 : explained_) out.push_back(static_cast<float>(r2));
  for (const double weight : weights_) out.push_back(static_cast<float>(weight));
  out.push_back(static_cast<float>(edges_.size()));
  for (const EndToEndEdge& edge : edges_) {
    for (const double v :
         {edge.source * 1.0, edge.target * 1.0, edge.strength, edge.directed ? 1.0 : 0.0})
      out.push_back(static_cast<float>(v));
  }
  for (const Tensor& tensor : tensors()) {
    const std::vector<float> numbers = flat(tensor.detach());
    out.insert(out.end(), numbers.begin(), numbers.end());
  }
  return out;
}

void TrainedNetwork::load_values(const std::vector<float>& values) {
  const torch::NoGradGuard no_gradient;
  std::size_t at = 0;
  const auto next = [&] {
    if (at >= values.size()) throw std::invalid_argument("a network of another size");
    return static_cast<double>(values[at++]);
  };
  loss_ = next();
  for (double& r2 : explained_) r2 = next();
  for (double& weight : weights_) weight = next();
  const double edges = next();
  if (!(edges >= 0 && edges <= static_cast<double>(weights_.size())))
    throw std::invalid_argument("more edges than pairs of latents");
  for (int e = 0; e < static_cast<int>(edges); ++e) {
    const double source = next();
    const double target = next();
    const auto most = static_cast<double>(latents_);
    if (!(source >= 0 && source < most && target >= 0 && target < most))
      throw std::invalid_argument("an edge between latents that are not there");
    const double strength = next();
    edges_.push_back({static_cast<int>(source), static_cast<int>(target), strength, next() != 0});
  }
  for (const Tensor& tensor : tensors()) {
    const auto count = static_cast<std::size_t>(tensor.numel());
    if (at + count > values.size()) throw std::invalid_argument("a network of another size");
    Tensor to = tensor;
    to.copy_(torch::from_blob(const_cast<float*>(values.data() + at), tensor.sizes()));
    at += count;
  }
  if (at != values.size()) throw std::invalid_argument("a network of another size");
  eval();
}

namespace {

std::unique_ptr<TrainedNetwork> make_network(const std::vector<EndToEndInput>& inputs,
                                             const EndToEndOptions& options) {
  if (options.method == "beta_vae") return make_beta_vae(inputs, options);
  if (options.method == "joint") return make_joint(inputs, options);
  if (options.method == "causal_vae") return make_causal_vae(inputs, options);
  if (options.method == "contrastive") return make_contrastive(inputs, options);
  if (options.method == "gcarl") return make_gcarl(inputs, options);
  throw std::invalid_argument("no end-to-end method '" + options.method + "'");
}

}  // namespace

std::unique_ptr<EndToEndModel> fit_network(const std::vector<EndToEndInput>& inputs,
                                           const std::vector<std::uint32_t>& train,
                                           const std::vector<std::uint32_t>& held_out,
                                           const EndToEndOptions& options) {
  auto network = make_network(inputs, options);
  network->set_loss(train_network(*network, inputs, train, held_out, options));
  network->finish(inputs, held_out, options);
  // As a checkpoint gives it back, so that a run that goes on from one ends with the same bytes.
  return restore_network(inputs, options, network->values());
}

std::unique_ptr<EndToEndModel> restore_network(const std::vector<EndToEndInput>& inputs,
                                               const EndToEndOptions& options,
                                               const std::vector<float>& values) {
  auto network = make_network(inputs, options);
  network->load_values(values);
  return network;
}

}  // namespace polycause
