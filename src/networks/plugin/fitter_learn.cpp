#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "networks/plugin/fitter.h"

namespace polycause {
namespace {

static const double kCodeWeight = getenv("CW") ? atof(getenv("CW")) : 10;  // reconstruction of a whole code beside that of features
constexpr int kPatience = 8;     // epochs without a better bound
constexpr double kWarmUp = 0.1;  // share of the steps over which the rate rises
constexpr int kHeadEpochs = 60;  // of bottlenecks and critics on frozen features
constexpr double kHeadDecay = 1e-2;
constexpr double kFineRate = 0.3;  // of the whole network afterwards, beside train.network_rate

}  // namespace

using torch::Tensor;

std::vector<torch::nn::Module*> Fitter::modules_of(std::size_t phase, bool with_encoders) {
  std::vector<torch::nn::Module*> modules;
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    Learner& learner = learners_[m];
    Part& part = learner.model->all_parts()[phase];
    modules.push_back(part.bottleneck.ptr().get());
    modules.push_back(learner.critics[phase].get());
    if (!with_encoders) continue;
    modules.push_back(part.encoder.get());
    if (learner.decoder) modules.push_back(learner.decoder.get());
    if (learner.whole_code) modules.push_back(learner.model->decoder().get());
  }
  return modules;
}

void Fitter::learn(std::size_t phase, double share) {
  bool frozen = false;
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    Learner& learner = learners_[m];
    const int latents = learner.model->all_parts()[phase].latents;
    learner.critics.push_back(std::make_shared<Critic>(latents, rest_width(m, phase)));
    initialise(*learner.critics.back(), generator_);
    if (learner.whole_code)
      fit_code(*learner.model, m, inputs_, train_, held_out_, options_);
    if (!learner.decoder || getenv("NOPRE")) continue;
    learner.features = pretrained_features(m);
    frozen = true;
  }
  double best = -std::numeric_limits<double>::infinity();
  if (frozen) {
    Pass heads;
    heads.name = "head/";
    heads.epochs = kHeadEpochs;
    heads.rate = options_.rate;
    heads.decay = kHeadDecay;
    best = improve(phase, heads, best, 0);
    for (Learner& learner : learners_) learner.features = Tensor();
    if (options_.advance) options_.advance(0.5 * share);
  }
  Pass whole;
  whole.encoders = true;
  whole.epochs = frozen ? std::max(1, options_.epochs / 2) : options_.epochs;
  whole.rate = options_.rate * (frozen ? kFineRate : 1.0);
  improve(phase, whole, best, (frozen ? 0.5 : 1.0) * share / whole.epochs);
  const std::vector<double> bound = held_out_information(phase);
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (active(m, phase)) information_[m].push_back(bound[m]);
  }
}

// Epochs of contrast; the modules end in the state with the best held-out bound, or as they were
// when none is above `best`. Returns the best bound.
double Fitter::improve(std::size_t phase, const Pass& pass, double best, double share) {
  const std::vector<torch::nn::Module*> modules = modules_of(phase, pass.encoders);
  std::vector<Tensor> parameters;
  for (const torch::nn::Module* module : modules) {
    for (const Tensor& p : module->parameters()) parameters.push_back(p);
  }
  const std::size_t per_epoch =
      std::max<std::size_t>(1, train_.size() / std::min(options_.batch, train_.size()));
  const std::size_t all_steps =
      std::min(options_.max_steps, per_epoch * static_cast<std::size_t>(pass.epochs));
  torch::optim::AdamW optimiser(parameters,
                                torch::optim::AdamWOptions(pass.rate).weight_decay(pass.decay));
  std::vector<Tensor> kept = snapshot(modules);
  int since = 0;
  std::size_t step = 0;
  for (long epoch = 0; step < all_steps && since < kPatience; ++epoch) {
    for (torch::nn::Module* module : modules) module->train();
    const std::uint64_t key = options_.seed * 1000003 + phase * 1009 + (pass.encoders ? 500 : 0) +
                              static_cast<std::uint64_t>(epoch);
    BatchReader reader(inputs_, wanted(phase), shuffled(train_, key), options_.batch,
                       options_.augment, key);
    Batch batch;
    for (std::size_t b = 0; b < per_epoch && step < all_steps && reader.next(batch); ++b, ++step) {
      const double done = static_cast<double>(step) / static_cast<double>(all_steps);
      const double warm = std::min(1.0, done / kWarmUp + 0.02);
      const double rate = pass.rate * warm * (0.5 * (1 + std::cos(M_PI * done)) + 0.02);
      for (auto& group : optimiser.param_groups())
        static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
      const Tensor loss = loss_of(batch, phase);
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
        options_.metric(
            inputs_[m].name + "/" + (part.empty() ? "" : part + "/") + pass.name + "information",
            epoch + 1, bound[m]);
      }
    }
    if (options_.advance && share > 0) options_.advance(share);
    ++since;
    if (total > best) {
      best = total;
      kept = snapshot(modules);
      since = 0;
    }
  }
  restore(modules, kept);
  return best;
}

Tensor Fitter::loss_of(const Batch& batch, std::size_t phase) {
  const Step now = forward(batch, phase, true);
  Tensor loss = torch::zeros({});
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    std::int64_t count = 0;
    const Tensor each = contrast(m, phase, batch, now, &count);
    if (each.defined()) loss = loss + each;
    if (!now.reconstruction[m].defined()) continue;
    const double weight = options_.reconstruction * (learners_[m].whole_code ? kCodeWeight : 1);
    loss = loss + weight * now.reconstruction[m];
  }
  if (!std::isfinite(loss.item<double>())) {
    throw std::runtime_error("the loss of the networks is not a number; lower train.network_rate");
  }
  return loss;
}

// Features of an encoder that has learned to reconstruct: with few participants they say more than
// what the contrast alone can teach it.
Tensor Fitter::pretrained_features(std::size_t m) {
  BlockModel& model = *learners_[m].model;
  Encoder& encoder = *model.all_parts()[0].encoder;
  fit_autoencoder(model, encoder, *learners_[m].decoder, m, inputs_, train_, held_out_, options_);
  const torch::NoGradGuard no_gradient;
  encoder.eval();
  std::vector<bool> only(inputs_.size(), false);
  only[m] = true;
  std::vector<std::uint32_t> rows = rows_with(inputs_[m], train_);
  const std::vector<std::uint32_t> rest = rows_with(inputs_[m], held_out_);
  rows.insert(rows.end(), rest.begin(), rest.end());
  const Tensor all = torch::zeros({static_cast<std::int64_t>(participants_), kFeatures});
  BatchReader reader(inputs_, only, rows, options_.batch);
  Batch batch;
  while (reader.next(batch)) {
    Tensor present;
    const Tensor x = model.normalised(batch.raw[m], &present);
    const std::vector<std::int64_t> index(batch.rows.begin(), batch.rows.end());
    all.index_copy_(0, torch::tensor(index), encoder.forward(model.inputs(x, present)));
  }
  return all;
}

}  // namespace polycause
