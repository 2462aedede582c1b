#include "networks/plugin/end_to_end/training.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "networks/plugin/fit.h"

namespace polycause {
namespace {

using torch::Tensor;

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kTiny = 1e-8;
constexpr double kLargestGradient = 10;
constexpr double kBetter = 1e-4;  // of the loss, that counts as an improvement
constexpr double kStepFactor = 0.5;
constexpr int kSteps = 6;  // of StepLR over all epochs
constexpr std::size_t kLeastRows = 16;

/// Those of `rows` who have every modality (`all`), or at least one.
std::vector<std::uint32_t> useful(const std::vector<EndToEndInput>& inputs,
                                  const std::vector<std::uint32_t>& rows, bool all) {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows) {
    std::size_t having = 0;
    for (const EndToEndInput& input : inputs)
      having += input.present.empty() || input.present[row] != 0 ? 1 : 0;
    if (all ? having == inputs.size() : having > 0) kept.push_back(row);
  }
  return kept;
}

/// Mean over everybody held out.
double held_out_loss(TrainedNetwork& network, const std::vector<EndToEndInput>& inputs,
                     const std::vector<std::uint32_t>& rows, const EndToEndOptions& options,
                     double share) {
  const torch::NoGradGuard no_gradient;
  network.eval();
  // The same noise in every epoch.
  at::Generator generator = at::detail::createCPUGenerator(options.seed + 1);
  double total = 0;
  double count = 0;
  // Batches of nearly equal size: what a loss by contrasts can reach depends on it.
  const std::size_t batches = (rows.size() + options.batch - 1) / options.batch;
  const std::size_t most = (rows.size() + batches - 1) / batches;
  SampleReader reader(inputs, options.participants, rows, most, false);
  for (Sample sample; reader.next(sample);) {
    network.prepare(sample);
    const auto size = static_cast<double>(sample.size());
    total += size * network.loss_of(sample, {share, false}, generator).item<double>();
    count += size;
  }
  return total / count;
}

[[noreturn]] void fail(int epoch) {
  throw std::runtime_error("the loss is no longer finite in epoch " + std::to_string(epoch) +
                           "; lower train.learning_rate, or train.network_rate with pictures or "
                           "series");
}

}  // namespace

FlatAdam::FlatAdam(torch::nn::Module& module) {
  const torch::NoGradGuard no_gradient;
  std::int64_t size = 0;
  for (const Tensor& p : module.parameters()) size += p.numel();
  values_ = torch::empty({size});
  gradient_ = torch::zeros({size});
  mean_ = torch::zeros({size});
  square_ = torch::zeros({size});
  std::int64_t at = 0;
  for (Tensor& p : module.parameters()) {
    Tensor place = values_.narrow(0, at, p.numel()).view(p.sizes());
    place.copy_(p);
    p.set_data(place);
    p.mutable_grad() = gradient_.narrow(0, at, p.numel()).view(p.sizes());
    at += p.numel();
  }
}

void FlatAdam::zero_gradient() { gradient_.zero_(); }

bool FlatAdam::step(double rate, double most) {
  const torch::NoGradGuard no_gradient;
  const auto norm = gradient_.norm().item<double>();
  if (!std::isfinite(norm)) return false;
  if (norm > most) gradient_.mul_(most / norm);
  ++steps_;
  mean_.mul_(kBeta1).add_(gradient_, 1 - kBeta1);
  square_.mul_(kBeta2).addcmul_(gradient_, gradient_, 1 - kBeta2);
  const double bias1 = 1 - std::pow(kBeta1, static_cast<double>(steps_));
  const double bias2 = 1 - std::pow(kBeta2, static_cast<double>(steps_));
  const Tensor scale = square_.sqrt().mul_(1 / std::sqrt(bias2)).add_(kTiny);
  values_.addcdiv_(mean_, scale, -rate / bias1);
  return true;
}

double train_network(TrainedNetwork& network, const std::vector<EndToEndInput>& inputs,
                     const std::vector<std::uint32_t>& train,
                     const std::vector<std::uint32_t>& held_out, const EndToEndOptions& options) {
  const std::vector<std::uint32_t> rows = useful(inputs, train, network.complete_only());
  const std::vector<std::uint32_t> judges = useful(inputs, held_out, network.complete_only());
  if (rows.size() < kLeastRows || judges.empty()) {
    throw std::invalid_argument("found " + std::to_string(rows.size()) +
                                " participants to train on and " + std::to_string(judges.size()) +
                                " held out; expected at least " + std::to_string(kLeastRows) +
                                " and 1; add participants or change study.validation");
  }
  at::Generator generator = at::detail::createCPUGenerator(options.seed);
  initialise(network, generator);
  network.set_scales(inputs, rows);
  network.begin(inputs, rows, options, generator);
  FlatAdam adam(network);
  const std::vector<torch::nn::Module*> all{&network};
  std::vector<Tensor> kept = snapshot(all);
  double best = std::numeric_limits<double>::infinity();
  double first = best;
  int stale = 0;
  const int period = std::max(1, options.epochs / kSteps);
  int epoch = 0;
  for (; epoch < options.epochs && stale < options.patience; ++epoch) {
    network.train();
    const double share = static_cast<double>(epoch) / options.epochs;
    const double rate = options.rate * std::pow(kStepFactor, epoch / period);
    double total = 0;
    double count = 0;
    SampleReader reader(inputs, options.participants,
                        shuffled(rows, options.seed * 1000003 + static_cast<std::uint64_t>(epoch)),
                        options.batch, true);
    for (Sample sample; reader.next(sample);) {
      network.prepare(sample);
      adam.zero_gradient();
      const Tensor loss = network.loss_of(sample, {share, true}, generator);
      loss.backward();
      total += loss.item<double>();
      count += 1;
      if (!adam.step(rate, kLargestGradient) || !std::isfinite(total)) fail(epoch);
      network.constrain();
    }
    const double judged = held_out_loss(network, inputs, judges, options, share);
    if (!std::isfinite(judged)) fail(epoch);
    if (options.metric) {
      options.metric("train", epoch, total / count);
      options.metric("validation", epoch, judged);
    }
    if (epoch == 0) first = judged;
    if (judged < best - kBetter * std::fabs(first) || epoch == 0) {
      best = judged;
      kept = snapshot(all);
      stale = 0;
    } else {
      ++stale;
    }
    if (options.advance) options.advance(1.0 / options.epochs);
  }
  restore(all, kept);
  network.eval();
  return best;
}

}  // namespace polycause
