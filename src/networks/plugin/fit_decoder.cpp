#include <torch/torch.h>

#include <limits>
#include <stdexcept>

#include "networks/plugin/batches.h"
#include "networks/plugin/fit.h"

namespace polycause {
namespace {

using torch::Tensor;

/// Whitened outputs without gradient, (B, outputs).
Tensor outputs_of(const BlockModel& model, const Tensor& raw) {
  const torch::NoGradGuard no_gradient;
  const Tensor u = torch::empty({raw.size(0), model.outputs()});
  model.encode(raw.data_ptr<float>(), static_cast<std::size_t>(raw.size(0)), u.data_ptr<float>());
  return u;
}

}  // namespace

std::vector<std::uint32_t> rows_with(const NetworkInput& input,
                                     const std::vector<std::uint32_t>& rows) {
  if (input.present.empty()) return rows;
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t row : rows) {
    if (input.present[row] != 0) kept.push_back(row);
  }
  return kept;
}

std::vector<Tensor> snapshot(const std::vector<torch::nn::Module*>& modules) {
  std::vector<Tensor> kept;
  for (const torch::nn::Module* module : modules) {
    for (const Tensor& p : module->parameters()) kept.push_back(p.detach().clone());
    for (const Tensor& b : module->buffers()) kept.push_back(b.detach().clone());
  }
  return kept;
}

void restore(const std::vector<torch::nn::Module*>& modules, const std::vector<Tensor>& kept) {
  const torch::NoGradGuard no_gradient;
  std::size_t at = 0;
  for (torch::nn::Module* module : modules) {
    for (Tensor& p : module->parameters()) p.copy_(kept[at++]);
    for (Tensor& b : module->buffers()) b.copy_(kept[at++]);
  }
}

double fit_decoder(BlockModel& model, std::size_t modality, const std::vector<NetworkInput>& inputs,
                   const std::vector<std::uint32_t>& train,
                   const std::vector<std::uint32_t>& held_out, const NetworkOptions& options) {
  const std::vector<std::uint32_t> rows = rows_with(inputs[modality], train);
  const std::vector<std::uint32_t> test = rows_with(inputs[modality], held_out);
  std::vector<bool> wanted(inputs.size(), false);
  wanted[modality] = true;
  torch::optim::AdamW optimiser(model.decoder()->parameters(),
                                torch::optim::AdamWOptions(options.rate).weight_decay(1e-4));
  const std::vector<torch::nn::Module*> modules{model.decoder().get()};
  std::vector<Tensor> best = snapshot(modules);
  double best_explained = -std::numeric_limits<double>::infinity();
  const int epochs = std::max(3, options.epochs / 2);
  const auto steps = std::max<std::size_t>(1, options.max_steps / static_cast<std::size_t>(epochs));
  model.train(false);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    BatchReader reader(
        inputs, wanted,
        shuffled(rows, options.seed * 7919 + 500 + static_cast<std::uint64_t>(epoch)),
        options.batch);
    Batch batch;
    model.decoder()->train();
    for (std::size_t step = 0; step < steps && reader.next(batch); ++step) {
      if (batch.rows.size() < 2) continue;
      Tensor present;
      const Tensor x = model.normalised(batch.raw[modality], &present);
      const Tensor out = model.decoder()->forward(outputs_of(model, batch.raw[modality]));
      const Tensor loss = ((out - x).square() * present).sum() / present.sum().clamp_min(1);
      optimiser.zero_grad();
      loss.backward();
      optimiser.step();
    }
    model.decoder()->eval();
    const torch::NoGradGuard no_gradient;
    // Variance around the mean block: what a decoder that ignores its input reaches explains 0.
    Tensor left = torch::zeros({1}, torch::kDouble);
    Tensor sum;
    Tensor squares;
    Tensor counts;
    BatchReader reading(inputs, wanted, test, options.batch);
    while (reading.next(batch)) {
      Tensor present;
      const Tensor x = model.normalised(batch.raw[modality], &present);
      const Tensor out = model.decoder()->forward(outputs_of(model, batch.raw[modality]));
      left += ((out - x).square() * present).sum().to(torch::kDouble);
      const Tensor s = (x * present).sum(0).to(torch::kDouble);
      const Tensor q = (x.square() * present).sum(0).to(torch::kDouble);
      const Tensor n = present.sum(0).to(torch::kDouble);
      sum = sum.defined() ? sum + s : s;
      squares = squares.defined() ? squares + q : q;
      counts = counts.defined() ? counts + n : n;
    }
    double explained = 0;
    if (counts.defined()) {
      const double total = (squares - sum.square() / counts.clamp_min(1)).sum().item<double>();
      explained = total > 0 ? 1 - left.item<double>() / total : 0;
    }
    if (options.metric) options.metric(inputs[modality].name + "/decoder", epoch + 1, explained);
    if (explained > best_explained) {
      best_explained = explained;
      best = snapshot(modules);
    }
  }
  restore(modules, best);
  return best_explained;
}

}  // namespace polycause
