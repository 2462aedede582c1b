#include "networks/plugin/fit.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "networks/plugin/batches.h"
#include "networks/plugin/contrast.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr std::size_t kScaleRows = 1000;    // blocks from which means and deviations are taken
constexpr std::size_t kHeldOutRows = 2048;  // of the bound that decides when to stop
constexpr int kPatience = 6;                // epochs without a better bound
constexpr double kWarmUp = 0.1;             // share of the steps over which the rate rises

/// Everything of one modality while its network is trained.
struct Learner {
  std::unique_ptr<BlockModel> model;             // null: a table
  std::shared_ptr<Decoder> decoder;              // features -> block, beside the contrast
  std::vector<std::shared_ptr<Critic>> critics;  // per part
  std::vector<Tensor> known;                     // per part learned: (n, latents); a table's code
};

std::size_t parts_of(const Learner& learner) {
  return learner.model ? learner.model->all_parts().size() : 1;
}

class Fitter {
 public:
  Fitter(const std::vector<NetworkInput>& inputs, const std::vector<std::uint32_t>& train,
         const std::vector<std::uint32_t>& held_out, const NetworkOptions& options)
      : inputs_(inputs), train_(train), held_out_(held_out), options_(options) {
    generator_ = torch::make_generator<at::CPUGeneratorImpl>(options.seed);
    if (held_out_.size() > kHeldOutRows) held_out_.resize(kHeldOutRows);
    for (const NetworkInput& input : inputs) {
      participants_ = std::max(participants_, input.present.size());
      gaps_ = gaps_ || !input.present.empty();
    }
    for (const auto* rows : {&train, &held_out}) {
      for (const std::uint32_t row : *rows)
        participants_ = std::max<std::size_t>(participants_, row + std::size_t{1});
    }
    for (std::size_t m = 0; m < inputs.size(); ++m) learners_.push_back(make(m));
  }

  std::vector<std::unique_ptr<BlockNetwork>> run() {
    std::size_t phases = 0;
    for (const Learner& learner : learners_) phases = std::max(phases, parts_of(learner));
    for (std::size_t phase = 0; phase < phases; ++phase) {
      learn(phase, phases);
      settle(phase);
    }
    std::vector<std::unique_ptr<BlockNetwork>> result(inputs_.size());
    for (std::size_t m = 0; m < inputs_.size(); ++m) {
      BlockModel* model = learners_[m].model.get();
      if (model == nullptr) continue;
      const double explained = fit_decoder(*model, m, inputs_, train_, held_out_, options_);
      model->set_quality(information_[m], explained);
      model->train(false);
      result[m] = std::move(learners_[m].model);
    }
    return result;
  }

 private:
  Learner make(std::size_t m);
  void learn(std::size_t phase, std::size_t phases);
  void settle(std::size_t phase);
  bool active(std::size_t m, std::size_t phase) const {
    return learners_[m].model && phase < parts_of(learners_[m]);
  }
  std::int64_t rest_width(std::size_t m, std::size_t phase) const;
  struct Step {
    std::vector<Tensor> outputs;         // per modality, of the phase's part
    std::vector<Tensor> reconstruction;  // per modality, mean squared error
  };
  Step forward(const Batch& batch, std::size_t phase, bool reconstruct);
  Tensor rest_of(std::size_t m, std::size_t phase, const Batch& batch, const Step& step) const;
  Tensor present_of(std::size_t m, const Batch& batch) const;
  Tensor contrast(std::size_t m, std::size_t phase, const Batch& batch, const Step& step,
                  std::int64_t* count) const;
  std::vector<double> held_out_information(std::size_t phase);
  std::vector<bool> wanted(std::size_t phase) const;

  const std::vector<NetworkInput>& inputs_;
  std::vector<std::uint32_t> train_;
  std::vector<std::uint32_t> held_out_;
  const NetworkOptions& options_;
  std::size_t participants_ = 0;
  bool gaps_ = false;
  at::Generator generator_;
  std::vector<Learner> learners_;
  std::vector<std::vector<double>> information_{};
};

Learner Fitter::make(std::size_t m) {
  Learner learner;
  const NetworkInput& input = inputs_[m];
  information_.emplace_back();
  if (!input.read) {
    learner.known.push_back(torch::from_blob(
        const_cast<float*>(input.code),
        {static_cast<std::int64_t>(participants_), static_cast<std::int64_t>(input.code_width)}));
    return learner;
  }
  std::vector<std::uint32_t> some = shuffled(rows_with(input, train_), options_.seed + 17);
  if (some.size() > kScaleRows) some.resize(kScaleRows);
  std::vector<bool> only(inputs_.size(), false);
  only[m] = true;
  BatchReader reader(inputs_, only, some, options_.batch);
  Batch batch;
  Tensor sum = torch::zeros({static_cast<std::int64_t>(input.shape.channels)}, torch::kDouble);
  Tensor squares = sum.clone();
  Tensor counts = sum.clone();
  bool masked = false;
  while (reader.next(batch)) {
    const Tensor there = batch.raw[m].isnan().logical_not().to(torch::kDouble);
    const Tensor x = torch::nan_to_num(batch.raw[m]).to(torch::kDouble);
    masked = masked || there.min().item<double>() < 1;
    sum += x.sum({0, 2, 3});
    squares += x.square().sum({0, 2, 3});
    counts += there.sum({0, 2, 3});
  }
  const Tensor mean = sum / counts.clamp_min(1);
  const Tensor sd = (squares / counts.clamp_min(1) - mean.square()).clamp_min(1e-12).sqrt();
  const std::string network = resolved_network(input.shape, input.network);
  learner.model = std::make_unique<BlockModel>(input.shape, network, input.latents, masked);
  learner.model->initialise(generator_);
  learner.model->set_scale(mean.to(torch::kFloat).view({-1, 1, 1}),
                           sd.to(torch::kFloat).view({-1, 1, 1}));
  if (options_.reconstruction > 0 && parts_of(learner) == 1) {
    learner.decoder = make_decoder(input.shape, network, kFeatures);
    initialise(*learner.decoder, generator_);
  }
  return learner;
}

std::vector<bool> Fitter::wanted(std::size_t phase) const {
  std::vector<bool> some;
  for (std::size_t m = 0; m < inputs_.size(); ++m) some.push_back(active(m, phase));
  return some;
}

// What a critic of modality m sees beside it: codes of tables, the same phase's and earlier outputs
// of the other networks, earlier outputs of its own; with gaps, who is there.
std::int64_t Fitter::rest_width(std::size_t m, std::size_t phase) const {
  std::int64_t width = gaps_ ? static_cast<std::int64_t>(inputs_.size()) : 0;
  for (std::size_t o = 0; o < inputs_.size(); ++o) {
    if (!learners_[o].model) {
      width += inputs_[o].code_width;
      continue;
    }
    const std::vector<Part>& parts = learners_[o].model->all_parts();
    for (std::size_t q = 0; q < parts.size() && q <= phase; ++q) {
      if (o != m || q < phase) width += parts[q].latents;
    }
  }
  return width;
}

Tensor Fitter::present_of(std::size_t m, const Batch& batch) const {
  const Tensor there = torch::ones({static_cast<std::int64_t>(batch.rows.size()), 1});
  if (inputs_[m].present.empty()) return there;
  float* to = there.data_ptr<float>();
  for (std::size_t i = 0; i < batch.rows.size(); ++i)
    to[i] = static_cast<float>(inputs_[m].present[batch.rows[i]]);
  return there;
}

Tensor Fitter::rest_of(std::size_t m, std::size_t phase, const Batch& batch,
                       const Step& step) const {
  std::vector<std::int64_t> index(batch.rows.begin(), batch.rows.end());
  const Tensor rows = torch::tensor(index);
  std::vector<Tensor> all;
  for (std::size_t o = 0; o < inputs_.size(); ++o) {
    const Tensor there = present_of(o, batch);
    if (gaps_) all.push_back(o == m ? torch::zeros_like(there) : there);
    for (std::size_t q = 0; q < parts_of(learners_[o]) && q <= phase; ++q) {
      if (o == m && q == phase) continue;
      if (o == m && !learners_[o].model) continue;
      const bool live = q == phase && learners_[o].model;
      const Tensor part = live ? step.outputs[o] : learners_[o].known[q].index_select(0, rows);
      all.push_back(part * there);
    }
  }
  return torch::cat(all, 1);  // (B, rest_width)
}

Fitter::Step Fitter::forward(const Batch& batch, std::size_t phase, bool reconstruct) {
  Step step;
  step.outputs.resize(inputs_.size());
  step.reconstruction.resize(inputs_.size());
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    Learner& learner = learners_[m];
    Tensor present;
    const Tensor x = learner.model->normalised(batch.raw[m], &present);
    Part& part = learner.model->all_parts()[phase];
    const Tensor features = part.encoder->forward(learner.model->inputs(x, present));
    step.outputs[m] = part.bottleneck->forward(features);
    if (!reconstruct || !learner.decoder) continue;
    const Tensor wrong = (learner.decoder->forward(features) - x).square() * present;
    step.reconstruction[m] = wrong.sum() / present.sum().clamp_min(1);
  }
  return step;
}

Tensor Fitter::contrast(std::size_t m, std::size_t phase, const Batch& batch, const Step& step,
                        std::int64_t* count) const {
  Tensor u = step.outputs[m];
  Tensor rest = rest_of(m, phase, batch, step);
  *count = u.size(0);
  if (gaps_) {
    Tensor others = torch::zeros({u.size(0), 1});
    for (std::size_t o = 0; o < inputs_.size(); ++o) {
      if (o != m) others = others + present_of(o, batch);
    }
    const Tensor use = ((others * present_of(m, batch)).squeeze(1) > 0).nonzero().squeeze(1);
    *count = use.size(0);
    u = u.index_select(0, use);
    rest = rest.index_select(0, use);
  }
  if (*count < 2) return Tensor();
  return learners_[m].critics[phase]->loss(u, rest);
}

std::vector<double> Fitter::held_out_information(std::size_t phase) {
  const torch::NoGradGuard no_gradient;
  std::vector<double> bound(inputs_.size(), 0.0);
  std::vector<double> weight(inputs_.size(), 0.0);
  BatchReader reader(inputs_, wanted(phase), held_out_, options_.batch);
  Batch batch;
  while (reader.next(batch)) {
    const Step step = forward(batch, phase, false);
    for (std::size_t m = 0; m < inputs_.size(); ++m) {
      if (!active(m, phase)) continue;
      std::int64_t count = 0;
      const Tensor loss = contrast(m, phase, batch, step, &count);
      if (!loss.defined()) continue;
      const auto n = static_cast<double>(count);
      bound[m] += n * (std::log(n) - loss.item<double>());
      weight[m] += n;
    }
  }
  for (std::size_t m = 0; m < bound.size(); ++m) {
    if (weight[m] > 0) bound[m] /= weight[m];
  }
  return bound;
}

void Fitter::learn(std::size_t phase, std::size_t phases) {
  std::vector<torch::nn::Module*> modules;
  std::vector<Tensor> parameters;
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    Learner& learner = learners_[m];
    Part& part = learner.model->all_parts()[phase];
    learner.critics.push_back(std::make_shared<Critic>(part.latents, rest_width(m, phase)));
    initialise(*learner.critics.back(), generator_);
    modules.push_back(part.encoder.get());
    modules.push_back(part.bottleneck.ptr().get());
    modules.push_back(learner.critics.back().get());
    if (learner.decoder) modules.push_back(learner.decoder.get());
  }
  for (const torch::nn::Module* module : modules) {
    for (const Tensor& p : module->parameters()) parameters.push_back(p);
  }
  const std::size_t per_epoch =
      std::max<std::size_t>(1, train_.size() / std::min(options_.batch, train_.size()));
  const std::size_t all_steps =
      std::min(options_.max_steps, per_epoch * static_cast<std::size_t>(options_.epochs));
  torch::optim::AdamW optimiser(parameters,
                                torch::optim::AdamWOptions(options_.rate).weight_decay(1e-4));
  std::vector<Tensor> best = snapshot(modules);
  double best_total = -std::numeric_limits<double>::infinity();
  int since = 0;
  std::size_t step = 0;
  for (long epoch = 0; step < all_steps && since < kPatience; ++epoch) {
    for (torch::nn::Module* module : modules) module->train();
    const std::uint64_t key =
        options_.seed * 1000003 + phase * 1009 + static_cast<std::uint64_t>(epoch);
    BatchReader reader(inputs_, wanted(phase), shuffled(train_, key), options_.batch,
                       options_.augment, key);
    Batch batch;
    for (std::size_t b = 0; b < per_epoch && step < all_steps && reader.next(batch); ++b, ++step) {
      const double done = static_cast<double>(step) / static_cast<double>(all_steps);
      const double warm = std::min(1.0, done / kWarmUp + 0.02);
      const double rate = options_.rate * warm * (0.5 * (1 + std::cos(M_PI * done)) + 0.02);
      for (auto& group : optimiser.param_groups())
        static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
      const Step now = forward(batch, phase, true);
      Tensor loss = torch::zeros({});
      for (std::size_t m = 0; m < inputs_.size(); ++m) {
        if (!active(m, phase)) continue;
        std::int64_t count = 0;
        const Tensor each = contrast(m, phase, batch, now, &count);
        if (each.defined()) loss = loss + each;
        if (now.reconstruction[m].defined())
          loss = loss + options_.reconstruction * now.reconstruction[m];
      }
      if (!std::isfinite(loss.item<double>())) {
        throw std::runtime_error("the loss of the networks is not a number in epoch " +
                                 std::to_string(epoch + 1) + "; lower train.network_rate");
      }
      if (!loss.requires_grad()) continue;
      optimiser.zero_grad();
      loss.backward();
      torch::nn::utils::clip_grad_norm_(parameters, 5.0);
      optimiser.step();
    }
    for (torch::nn::Module* module : modules) module->eval();
    const std::vector<double> bound = held_out_information(phase);
    double total = 0;
    for (std::size_t m = 0; m < inputs_.size(); ++m) {
      if (!active(m, phase)) continue;
      total += bound[m];
      const std::string& part = learners_[m].model->all_parts()[phase].name;
      if (options_.metric) {
        options_.metric(inputs_[m].name + "/" + (part.empty() ? "" : part + "/") + "information",
                        epoch + 1, bound[m]);
      }
    }
    if (options_.advance) {
      options_.advance(1.0 / (static_cast<double>(phases) * static_cast<double>(options_.epochs)));
    }
    ++since;
    if (total > best_total) {
      best_total = total;
      best = snapshot(modules);
      since = 0;
    }
  }
  restore(modules, best);
  const std::vector<double> bound = held_out_information(phase);
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (active(m, phase)) information_[m].push_back(bound[m]);
  }
}

// Outputs of everybody, whitened over the training participants: later parts and the density rest
// on them.
void Fitter::settle(std::size_t phase) {
  const torch::NoGradGuard no_gradient;
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    BlockModel& model = *learners_[m].model;
    Part& part = model.all_parts()[phase];
    std::vector<bool> only(inputs_.size(), false);
    only[m] = true;
    std::vector<std::uint32_t> rows = rows_with(inputs_[m], train_);
    const auto training = static_cast<std::int64_t>(rows.size());
    const std::vector<std::uint32_t> rest = rows_with(inputs_[m], held_out_);
    rows.insert(rows.end(), rest.begin(), rest.end());
    std::vector<Tensor> pieces;
    BatchReader reader(inputs_, only, rows, options_.batch);
    Batch batch;
    while (reader.next(batch)) {
      Tensor present;
      const Tensor x = model.normalised(batch.raw[m], &present);
      pieces.push_back(model.raw_outputs(phase, model.inputs(x, present)));
    }
    const Tensor raw = torch::cat(pieces, 0);  // (rows, latents)
    const Tensor fitted = raw.slice(0, 0, training).to(torch::kDouble);
    const Tensor mean = fitted.mean(0);
    const Tensor centred = fitted - mean;
    const Tensor covariance = centred.t().mm(centred) / static_cast<double>(training);
    const auto [values, vectors] = torch::linalg_eigh(covariance);
    if (values.min().item<double>() < 1e-8 * std::max(1e-12, values.max().item<double>())) {
      throw std::runtime_error("the network of modality '" + inputs_[m].name +
                               "' has collapsed: its outputs are " + std::to_string(part.latents) +
                               " but vary in fewer directions; give it fewer latents");
    }
    const Tensor map = vectors.mm(torch::diag(values.rsqrt())).mm(vectors.t());
    part.mean.copy_(mean.to(torch::kFloat));
    part.map.copy_(map.to(torch::kFloat));
    const Tensor all = torch::zeros({static_cast<std::int64_t>(participants_), part.latents});
    const std::vector<std::int64_t> index(rows.begin(), rows.end());
    all.index_copy_(0, torch::tensor(index), (raw - part.mean).mm(part.map));
    learners_[m].known.push_back(all);
  }
}

}  // namespace

std::vector<std::unique_ptr<BlockNetwork>> fit_networks(const std::vector<NetworkInput>& inputs,
                                                        const std::vector<std::uint32_t>& train,
                                                        const std::vector<std::uint32_t>& held_out,
                                                        const NetworkOptions& options) {
  return Fitter(inputs, train, held_out, options).run();
}

}  // namespace polycause
