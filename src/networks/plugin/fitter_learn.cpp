#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/folds.h"
#include "networks/plugin/canonical.h"
#include "networks/plugin/fitter.h"

namespace polycause {
namespace {

constexpr int kPatience = 8;       // epochs without a better bound
constexpr double kWarmUp = 0.1;    // share of the steps over which the rate rises
constexpr int kCriticEpochs = 40;  // of critics beside canonical outputs
constexpr double kCriticDecay = 1e-2;
constexpr double kFineRate = 0.3;  // of the networks afterwards, beside train.network_rate
constexpr int kFinePatience = 4;   // with few participants they add nothing, and soon show it
constexpr double kGain = 0.02;     // nat per modality that the networks must add
constexpr int kTries = 4;          // beginnings of streams
constexpr int kTryEpochs = 2;      // show which of them are stuck
constexpr double kTryShare = 0.2;  // of the work
constexpr double kSaid = 0.2;      // held-out correlation from which tables say enough of a latent
constexpr std::size_t kAxisRows = 2000;  // participants from whom principal components are taken
constexpr std::size_t kAxisNumbers = 100000000;  // and at most so many pixels or samples in all

}  // namespace

using torch::Tensor;

std::vector<torch::nn::Module*> Fitter::modules_of(std::size_t phase) {
  std::vector<torch::nn::Module*> modules;
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!speaks(m, phase)) continue;
    Learner& learner = learners_[m];
    Part& part = learner.model->all_parts()[phase];
    modules.push_back(learner.critics[phase].get());
    if (canonical(m)) continue;
    modules.push_back(part.bottleneck.ptr().get());
    modules.push_back(part.encoder.get());
    if (part.direct) modules.push_back(part.direct.ptr().get());
    if (learner.decoder) modules.push_back(learner.decoder.get());
  }
  return modules;
}

// Streams have no canonical start, and where one of them gets stuck is decided by its first
// weights: the most promising of a few short trainings goes on.
void Fitter::begin_streams(std::size_t phase, Stage stage, double share) {
  Pass brief;
  brief.stage = stage;
  brief.epochs = std::min(kTryEpochs, options_.epochs);
  brief.rate = options_.rate;
  double best = -std::numeric_limits<double>::infinity();
  std::vector<Tensor> kept;
  for (int t = 0; t < kTries; ++t) {
    brief.name = "try" + std::to_string(t) + "/";
    stage_ = stage;
    const std::vector<torch::nn::Module*> modules = modules_of(phase);
    for (std::size_t m = 0; m < inputs_.size() && t > 0; ++m) {
      if (!speaks(m, phase) || canonical(m)) continue;
      Part& part = learners_[m].model->all_parts()[phase];
      initialise(*part.encoder, generator_);
      initialise(*part.bottleneck.ptr(), generator_);
      initialise(*learners_[m].critics[phase], generator_);
    }
    const double bound = improve(phase, brief, -std::numeric_limits<double>::infinity(), 0);
    if (options_.advance) options_.advance(share / kTries);
    if (bound <= best) continue;
    best = bound;
    kept = snapshot(modules);
  }
  stage_ = stage;
  restore(modules_of(phase), kept);
  stage_ = Stage::kEverybody;
}

void Fitter::learn(std::size_t phase, double share) {
  double count = 0;
  double fixed = 0;  // modalities with a canonical start
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!active(m, phase)) continue;
    const Part& part = learners_[m].model->all_parts()[phase];
    learners_[m].critics.push_back(std::make_shared<Critic>(part.latents, rest_width(m, phase)));
    initialise(*learners_[m].critics.back(), generator_);
    ++count;
    if (phase == 0 && part.direct) ++fixed;
  }
  const bool tables = std::any_of(learners_.begin(), learners_.end(),
                                  [](const Learner& learner) { return !learner.model; });
  if (fixed == 1 && !tables) fixed = 0;  // nobody to begin beside
  double best = -std::numeric_limits<double>::infinity();
  double left = share;  // of the work
  Pass whole;
  whole.epochs = options_.epochs;
  whole.patience = kPatience;
  whole.rate = options_.rate;
  if (fixed > 0) {
    begin_canonically();
    Pass critics;
    critics.stage = Stage::kCritics;
    critics.name = "canonical/";
    critics.epochs = kCriticEpochs;
    critics.rate = options_.rate;
    critics.decay = kCriticDecay;
    critics.patience = kPatience;
    best = improve(phase, critics, best, 0) + kGain * count;
    if (options_.advance) options_.advance(0.2 * share);
    left -= 0.2 * share;
    if (fixed < count) {
      Pass streams = whole;
      streams.stage = Stage::kStreams;
      streams.name = "streams/";
      left *= 0.5;
      begin_streams(phase, streams.stage, kTryShare * left);
      left *= 1 - kTryShare;
      best =
          improve(phase, streams, -std::numeric_limits<double>::infinity(), left / streams.epochs) +
          kGain * count;
    }
    whole.patience = kFinePatience;
    whole.rate = kFineRate * options_.rate;
  }
  if (fixed == 0 && count > 0) {
    begin_streams(phase, whole.stage, kTryShare * left);
    left *= 1 - kTryShare;
  }
  improve(phase, whole, best, left / whole.epochs);
  const std::vector<double> bound = held_out_information(phase);
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (active(m, phase)) information_[m].push_back(bound[m]);
  }
}

// Epochs of contrast; the modules end in the state with the best held-out bound, or as they were
// when none is above `best`. Returns the best bound.
double Fitter::improve(std::size_t phase, const Pass& pass, double best, double share) {
  stage_ = pass.stage;
  const std::vector<torch::nn::Module*> modules = modules_of(phase);
  const std::vector<Tensor> parameters = parameters_of(modules);
  const std::size_t per_epoch =
      std::max<std::size_t>(1, train_.size() / std::min(options_.batch, train_.size()));
  const std::size_t all_steps =
      std::min(options_.max_steps, per_epoch * static_cast<std::size_t>(pass.epochs));
  torch::optim::AdamW optimiser(parameters,
                                torch::optim::AdamWOptions(pass.rate).weight_decay(pass.decay));
  std::vector<Tensor> kept = snapshot(modules);
  int since = 0;
  std::size_t step = 0;
  for (long epoch = 0; step < all_steps && since < pass.patience; ++epoch) {
    for (torch::nn::Module* module : modules) module->train();
    const std::uint64_t key = options_.seed * 1000003 + phase * 1009 +
                              (pass.stage == Stage::kCritics ? 0 : 500) +
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
      if (!speaks(m, phase)) continue;
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
  stage_ = Stage::kEverybody;
  return best;
}

Tensor Fitter::loss_of(const Batch& batch, std::size_t phase) {
  const Step now = forward(batch, phase, true);
  Tensor loss = torch::zeros({});
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (!speaks(m, phase)) continue;
    std::int64_t count = 0;
    const Tensor each = contrast(m, phase, batch, now, &count);
    if (each.defined()) loss = loss + each;
    if (now.reconstruction[m].defined())
      loss = loss + options_.reconstruction * now.reconstruction[m];
  }
  if (!std::isfinite(loss.item<double>())) {
    throw std::runtime_error("the loss of the networks is not a number; lower train.network_rate");
  }
  return loss;
}

// Networks begin at the linear maps of their fixed features that the other modalities say most
// about: first against the tables (or, without any, all others' features). Where the tables do not
// say as much as there are latents, then twice against tables and the others' outputs. Only there:
// outputs are curved in their latents, and two blocks with the same causes show each other the
// curves as if they were latents.
void Fitter::begin_canonically() {
  const torch::NoGradGuard no_gradient;
  std::vector<std::int64_t> rows;
  for (const std::uint32_t row : train_) {
    const bool complete = std::all_of(inputs_.begin(), inputs_.end(), [&](const NetworkInput& i) {
      return i.present.empty() || i.present[row] != 0;
    });
    if (complete) rows.push_back(row);
  }
  const Tensor index = torch::tensor(rows);
  std::vector<std::int64_t> turns;
  for (const std::size_t fold : folds_by_turns(rows, options_.groups, kCanonicalFolds))
    turns.push_back(static_cast<std::int64_t>(fold));
  const Tensor folds = torch::tensor(turns);
  std::vector<Tensor> tables;
  std::vector<Tensor> own(inputs_.size());
  const auto starts = [&](std::size_t m) {
    return learners_[m].model && learners_[m].model->all_parts()[0].direct;
  };
  for (std::size_t m = 0; m < inputs_.size(); ++m) {
    if (starts(m)) {
      learners_[m].fixed = fixed_features(m);
      own[m] = learners_[m].fixed.index_select(0, index);
    } else if (!learners_[m].model) {
      tables.push_back(learners_[m].known[0].index_select(0, index));
    }
  }
  std::vector<Tensor> outputs(inputs_.size());
  std::vector<bool> settled(inputs_.size(), false);
  for (int round = 0; round < 3; ++round) {
    std::vector<Tensor> next = outputs;
    for (std::size_t m = 0; m < inputs_.size(); ++m) {
      if (!starts(m) || settled[m]) continue;
      std::vector<Tensor> rest = tables;
      for (std::size_t o = 0; o < inputs_.size(); ++o) {
        if (o == m || !starts(o)) continue;
        if (round > 0) rest.push_back(outputs[o]);
        if (round == 0 && tables.empty()) rest.push_back(own[o]);
      }
      Part& part = learners_[m].model->all_parts()[0];
      const Canonical found =
          canonical_directions(own[m], torch::cat(rest, 1), part.latents, folds);
      part.direct->weight.copy_(found.directions.t());
      next[m] = own[m].mm(found.directions);
      settled[m] = !tables.empty() && found.least > kSaid;
    }
    outputs = next;
  }
}

Tensor Fitter::fixed_features(std::size_t m) {
  BlockModel& model = *learners_[m].model;
  const std::size_t most =
      std::min(kAxisRows, std::max<std::size_t>(64, kAxisNumbers / inputs_[m].shape.size()));
  std::vector<std::uint32_t> some = shuffled(rows_with(inputs_[m], train_), options_.seed + 23);
  if (some.size() > most) some.resize(most);
  {
    std::vector<Tensor> blocks;
    for_each_batch(m, some,
                   [&](const Batch& batch) { blocks.push_back(model.normalised(batch.raw[m])); });
    model.fixed().fit(torch::cat(blocks, 0));
  }
  const Tensor all =
      torch::zeros({static_cast<std::int64_t>(participants_), model.fixed().count()});
  for_each_batch(m, everybody_with(m), [&](const Batch& batch) {
    all.index_copy_(0, index_of(batch.rows), model.fixed().of(model.normalised(batch.raw[m])));
  });
  return all;
}

}  // namespace polycause
