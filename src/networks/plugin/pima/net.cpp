#include "networks/plugin/pima/net.h"

#include <torch/torch.h>

#include <cstring>
#include <limits>
#include <stdexcept>

#include "networks/plugin/flat.h"

namespace polycause {
namespace {

using torch::Tensor;

std::vector<std::int64_t> sizes_of(const BlockShape& shape, std::size_t count) {
  return {static_cast<std::int64_t>(count), static_cast<std::int64_t>(shape.channels),
          static_cast<std::int64_t>(shape.height), static_cast<std::int64_t>(shape.width)};
}

}  // namespace

PimaNet::PimaNet(const std::vector<PimaInput>& inputs, const PimaOptions& options)
    : nodes_(options.outcomes), latents_(options.latents), responsibility_(options.responsibility) {
  for (const PimaInput& input : inputs) channels_.emplace_back(input, options, nodes_.joint);
  mixture_.mean = torch::zeros({nodes_.joint, latents_});
  mixture_.variance = torch::ones({nodes_.joint, latents_});
  mixture_.log_joint =
      torch::full({nodes_.joint}, -std::log(static_cast<double>(nodes_.joint)), torch::kFloat);
  const std::size_t size = nodes_.outcomes.size();
  network_.edges.assign(size * size, 0);
  network_.parents.assign(size * size, false);
  network_.margins.assign(size * size, 0);
  network_.joint.assign(static_cast<std::size_t>(nodes_.joint), 0);
  quality_.explained.assign(inputs.size(), 0);
  quality_.predicted.assign(inputs.size(), 0);
  quality_.occupation.assign(static_cast<std::size_t>(nodes_.joint), 0);
  publish();
}

void PimaNet::publish() {
  means_ = flat(mixture_.mean);
  variances_ = flat(mixture_.variance);
  const Tensor joint = mixture_.log_joint.to(torch::kDouble).exp();
  const double* a = joint.data_ptr<double>();
  network_.joint.assign(a, a + joint.numel());
}

bool PimaNet::has_expert() const {
  for (const PimaChannel& channel : channels_) {
    if (channel.expert()) return true;
  }
  return false;
}

void PimaNet::train(bool on) {
  for (PimaChannel& channel : channels_) channel.train(on);
}

std::vector<Seen> PimaNet::standardised(const std::vector<Tensor>& raw) const {
  std::vector<Seen> batch;
  for (std::size_t m = 0; m < channels_.size(); ++m)
    batch.push_back(channels_[m].standardised(raw[m]));
  return batch;
}

Tensor PimaNet::presence(const std::vector<Seen>& batch) {
  std::vector<Tensor> there;
  for (const Seen& one : batch) there.push_back(one.there);
  return torch::stack(there);
}

ModalityCodes PimaNet::codes(const std::vector<Seen>& batch) const {
  std::vector<Tensor> means(channels_.size());
  std::vector<Tensor> log_variances(channels_.size());
  for (std::size_t m = 0; m < channels_.size(); ++m)
    channels_[m].posterior(batch[m], means[m], log_variances[m]);
  return {torch::stack(means), torch::stack(log_variances)};
}

Posterior PimaNet::posterior(const std::vector<Seen>& batch, const Tensor& keep) const {
  return product_of_experts(codes(batch), keep.defined() ? keep : presence(batch));
}

Tensor PimaNet::latent_scores(const Posterior& q) const {
  return mixture_.log_joint - divergences(q, mixture_);
}

Tensor PimaNet::expert_scores(const std::vector<Seen>& batch, const Tensor& keep) const {
  Tensor sum;
  for (std::size_t m = 0; m < channels_.size(); ++m) {
    if (!channels_[m].expert()) continue;
    Tensor scores = channels_[m].expert_scores(batch[m]);
    if (keep.defined()) scores = scores * keep[static_cast<std::int64_t>(m)];
    sum = sum.defined() ? sum + scores : scores;
  }
  return sum;
}

Tensor PimaNet::responsibilities(const Tensor& latent, const Tensor& expert,
                                 const Tensor& z) const {
  if (responsibility_ == "sample")
    return (mixture_.log_joint + log_densities(z, mixture_)).softmax(1);
  if (responsibility_ == "latent" || !expert.defined()) return latent.softmax(1);
  return (latent + expert).softmax(1);
}

Tensor PimaNet::log_likelihood(const std::vector<Seen>& batch, const Tensor& z, bool all) const {
  Tensor sum = torch::zeros({z.size(0)});
  for (std::size_t m = 0; m < channels_.size(); ++m) {
    if (all || !channels_[m].expert()) sum = sum + channels_[m].log_likelihood(batch[m], z);
  }
  return sum;
}

Tensor PimaNet::bound(const std::vector<Seen>& batch, const Posterior& q,
                      const Tensor& noise) const {
  const Tensor z = q.mean + q.variance.sqrt() * noise;
  const Tensor latent = latent_scores(q);
  const Tensor expert = expert_scores(batch);
  const Tensor scores = expert.defined() ? latent + expert : latent;
  // At the maximising responsibilities their own gradient is zero.
  const bool exact =
      responsibility_ == "exact" || (responsibility_ == "latent" && !expert.defined());
  const Tensor clusters =
      exact ? scores.logsumexp(1) : mixture_bound(responsibilities(latent, expert, z), scores);
  return log_likelihood(batch, z) + clusters;
}

PimaCode PimaNet::encode(const std::vector<const float*>& values, std::size_t count) const {
  const torch::NoGradGuard no_gradient;
  std::vector<Tensor> raw;
  for (std::size_t m = 0; m < channels_.size(); ++m) {
    const std::vector<std::int64_t> sizes = sizes_of(channels_[m].shape(), count);
    raw.push_back(values[m] == nullptr ? torch::full(sizes, std::numeric_limits<float>::quiet_NaN())
                                       : torch::from_blob(const_cast<float*>(values[m]), sizes));
  }
  const std::vector<Seen> batch = standardised(raw);
  const Posterior q = posterior(batch);
  const Tensor latent = latent_scores(q);
  const Tensor gamma = responsibilities(latent, expert_scores(batch), q.mean);
  const Tensor nobody = presence(batch).sum(0).eq(0);  // (B, 1)
  const double nan = std::numeric_limits<double>::quiet_NaN();
  PimaCode code;
  code.mean = flat(q.mean.masked_fill(nobody, nan));
  code.variance = flat(q.variance.masked_fill(nobody, nan));
  code.gamma = flat(gamma.masked_fill(nobody, nan));
  return code;
}

void PimaNet::decode(std::size_t modality, const float* z, const float* gamma, std::size_t count,
                     float* out) const {
  const torch::NoGradGuard no_gradient;
  const auto rows = static_cast<std::int64_t>(count);
  const Tensor from = torch::from_blob(const_cast<float*>(z), {rows, latents_});
  Tensor weights;
  if (channels_[modality].expert())
    weights = torch::from_blob(const_cast<float*>(gamma), {rows, nodes_.joint});
  const Tensor blocks = channels_[modality].expected(from, weights).contiguous();
  std::memcpy(out, blocks.data_ptr<float>(),
              static_cast<std::size_t>(blocks.numel()) * sizeof(float));
}

std::vector<Tensor> PimaNet::tensors() const {
  std::vector<Tensor> all{mixture_.mean, mixture_.variance, mixture_.log_joint};
  for (const PimaChannel& channel : channels_) {
    for (const Tensor& t : channel.tensors()) all.push_back(t);
  }
  return all;
}

// What is told about the fit, in a fixed order.
std::vector<float> PimaNet::facts() const {
  std::vector<float> all;
  const auto put = [&all](const auto& some) {
    for (const auto v : some) all.push_back(static_cast<float>(v));
  };
  put(network_.edges);
  put(network_.parents);
  put(network_.margins);
  put(quality_.explained);
  put(quality_.predicted);
  put(quality_.occupation);
  put(std::vector<double>{quality_.bound, quality_.objective, quality_.information,
                          quality_.latent_share, quality_.divergence});
  for (const PimaChannel& channel : channels_) put(channel.parameters());
  return all;
}

void PimaNet::set_facts(const std::vector<float>& facts) {
  std::size_t at = 0;
  const auto take = [&](auto& to) {
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<typename std::decay_t<decltype(to)>::value_type>(facts[at++]);
  };
  take(network_.edges);
  for (std::size_t i = 0; i < network_.parents.size(); ++i) network_.parents[i] = facts[at++] != 0;
  take(network_.margins);
  take(quality_.explained);
  take(quality_.predicted);
  take(quality_.occupation);
  for (double* to : {&quality_.bound, &quality_.objective, &quality_.information,
                     &quality_.latent_share, &quality_.divergence})
    *to = static_cast<double>(facts[at++]);
  for (PimaChannel& channel : channels_) {
    const auto begin = facts.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = static_cast<std::ptrdiff_t>(channel.number_count());
    channel.set_numbers({begin, begin + count});
    at += channel.number_count();
  }
}

std::vector<float> PimaNet::values() const {
  std::vector<float> out = facts();
  for (const Tensor& tensor : tensors()) {
    const std::vector<float> some = flat(tensor);
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

void PimaNet::load(const std::vector<float>& values) {
  const torch::NoGradGuard no_gradient;
  std::size_t at = facts().size();
  std::size_t expected = at;
  for (const Tensor& tensor : tensors()) expected += static_cast<std::size_t>(tensor.numel());
  if (values.size() != expected) throw std::invalid_argument("a model of another size");
  set_facts({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at)});
  for (const Tensor& tensor : tensors()) {
    Tensor to = tensor;
    to.copy_(torch::from_blob(const_cast<float*>(values.data() + at), tensor.sizes()));
    at += static_cast<std::size_t>(tensor.numel());
  }
  train(false);
  publish();
}

}  // namespace polycause
