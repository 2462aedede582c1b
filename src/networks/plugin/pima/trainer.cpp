#include "networks/plugin/pima/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "networks/plugin/flat.h"
#include "networks/plugin/pima/judge.h"

namespace polycause {
namespace {

using torch::Tensor;
constexpr std::size_t kScaleRows = 2000;
constexpr std::size_t kScaleNumbers = std::size_t{1} << 25U;
constexpr std::size_t kBoundRows = 2048;
constexpr double kVarianceRate = 10;  // times the rate, for the logarithms of decoder variances
constexpr double kWarmUp = 0.3;       // share of pre-training in which the divergence comes in
constexpr double kLongestGradient = 1;
constexpr std::int64_t kStarts = 24;
constexpr int kStartRounds = 10;
constexpr int kRounds = 2;
constexpr int kDraws = 2;  // of the latents, of a held-out bound

}  // namespace

PimaTrainer::PimaTrainer(const std::vector<PimaInput>& inputs,
                         const std::vector<std::uint32_t>& train,
                         const std::vector<std::uint32_t>& held_out, const PimaOptions& options)
    : train_(train), held_out_(held_out), options_(options) {
  generator_ = torch::make_generator<at::CPUGeneratorImpl>(options.seed);
  if (held_out_.size() > kBoundRows) held_out_.resize(kBoundRows);
  numbers_ = 0;
  for (const PimaInput& input : inputs) {
    NetworkInput reader;
    reader.name = input.name;
    reader.shape = input.shape;
    reader.read = input.read;
    readers_.push_back(std::move(reader));
    numbers_ += static_cast<double>(input.shape.size());
  }
  net_ = std::make_unique<PimaNet>(inputs, options);
  GraphOptions graph;
  graph.kind = options.graph;
  graph.price = options.network_price;
  graph.orders = options.node_orders;
  learner_ = make_graph_learner(net_->nodes(), graph, generator_);
  for (PimaChannel& channel : net_->channels()) channel.initialise(generator_);
}

int PimaTrainer::epochs_of(int wanted) const {
  const std::size_t steps = (train_.size() + options_.batch - 1) / options_.batch;
  return std::clamp(static_cast<int>(options_.max_steps / std::max<std::size_t>(1, steps)), 1,
                    std::max(1, wanted));
}

double PimaTrainer::price_of(double people) const {
  return options_.network_price * 0.5 * std::log(std::max(2.0, people));
}

BatchReader PimaTrainer::reader(const std::vector<std::uint32_t>& rows) const {
  return BatchReader(readers_, std::vector<bool>(readers_.size(), true), rows, options_.batch);
}

void PimaTrainer::scale() {
  std::vector<std::uint32_t> some = shuffled(train_, options_.seed + 17);
  for (std::size_t m = 0; m < readers_.size(); ++m) {
    const std::size_t size = readers_[m].shape.size();
    const std::size_t most =
        std::min({some.size(), kScaleRows, std::max<std::size_t>(64, kScaleNumbers / size)});
    std::vector<std::uint32_t> rows(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(most));
    std::vector<bool> only(readers_.size(), false);
    only[m] = true;
    BatchReader blocks(readers_, only, rows, options_.batch);
    std::vector<Tensor> raw;
    Batch batch;
    while (blocks.next(batch)) raw.push_back(batch.raw[m]);
    net_->channels()[m].set_scale(torch::cat(raw));
  }
}

std::vector<Seen> PimaTrainer::usable(Batch& batch) const {
  std::vector<Seen> seen = net_->standardised(batch.raw);
  const Tensor rows = PimaNet::presence(seen).sum(0).squeeze(1).nonzero().squeeze(1);
  if (rows.size(0) == seen[0].x.size(0)) return seen;
  for (Seen& one : seen) {
    for (Tensor* t : {&one.x, &one.seen, &one.there}) *t = t->index_select(0, rows);
  }
  std::vector<std::uint32_t> left;
  for (std::int64_t i = 0; i < rows.size(0); ++i)
    left.push_back(batch.rows[static_cast<std::size_t>(rows[i].item<std::int64_t>())]);
  batch.rows = std::move(left);
  return seen;
}

Tensor PimaTrainer::keep(const std::vector<Seen>& batch) {
  const Tensor there = PimaNet::presence(batch);  // (M, B, 1)
  if (batch.size() < 2 || options_.dropout <= 0) return there;
  const Tensor draws = torch::rand(there.sizes(), generator_);
  const Tensor kept = there * (draws >= options_.dropout);
  const Tensor luck = torch::rand(there.sizes(), generator_) * there;
  const Tensor one = luck.eq(luck.amax(0, true)) * there;  // any modality that is there
  return torch::where(kept.sum(0, true) > 0, kept, one);
}

/// Encoders learn at `encoder_share` of the rate.
void PimaTrainer::make_optimiser(double encoder_share) {
  std::vector<Tensor> encoders;
  std::vector<Tensor> decoders;
  std::vector<Tensor> variances;
  for (PimaChannel& channel : net_->channels()) {
    for (const Tensor& p : channel.encoder_weights()) encoders.push_back(p);
    for (const Tensor& p : channel.decoder_weights()) decoders.push_back(p);
    if (channel.log_variance().requires_grad()) variances.push_back(channel.log_variance());
  }
  std::vector<torch::optim::OptimizerParamGroup> groups;
  shares_.clear();
  const auto add = [&](const std::vector<Tensor>& weights, double share) {
    if (weights.empty() || share <= 0) return;
    groups.emplace_back(weights, std::make_unique<torch::optim::AdamOptions>(options_.rate));
    shares_.push_back(share);
  };
  add(encoders, encoder_share);
  add(decoders, 1);
  add(variances, kVarianceRate);
  optimiser_ = std::make_unique<torch::optim::Adam>(groups);
}

void PimaTrainer::step(const Tensor& loss, double progress, const char* stage, int epoch) {
  if (!std::isfinite(loss.item<double>())) {
    throw std::runtime_error("pima: the training diverged in epoch " + std::to_string(epoch) +
                             " of " + stage +
                             "; expected a finite bound; lower train.network_rate or look for "
                             "columns with extreme values");
  }
  const double share = 0.5 * (1 + std::cos(std::acos(-1.0) * progress));
  for (std::size_t g = 0; g < optimiser_->param_groups().size(); ++g) {
    auto& group = static_cast<torch::optim::AdamOptions&>(optimiser_->param_groups()[g].options());
    group.lr(options_.rate * shares_[g] * std::max(0.02, share));
  }
  optimiser_->zero_grad();
  loss.backward();
  std::vector<Tensor> networks;  // together, as one gradient; variances are not clipped
  for (std::size_t g = 0; g < shares_.size(); ++g) {
    if (shares_[g] > 1) continue;
    for (const Tensor& p : optimiser_->param_groups()[g].params()) networks.push_back(p);
  }
  torch::nn::utils::clip_grad_norm_(networks, kLongestGradient);
  optimiser_->step();
}

void PimaTrainer::pretrain_epoch(int epoch, int epochs) {
  net_->train(true);
  BatchReader batches =
      reader(shuffled(train_, options_.seed * 7919 + static_cast<unsigned>(epoch)));
  const auto count = static_cast<double>(batches.batches());
  Batch batch;
  double sum = 0;
  for (double at = 0; batches.next(batch); ++at) {
    const std::vector<Seen> seen = usable(batch);
    if (seen[0].x.size(0) < 2) continue;
    const double progress = (epoch + at / count) / epochs;
    const Posterior q = net_->posterior(seen, keep(seen));
    const Tensor noise = torch::randn(q.mean.sizes(), generator_);
    const Tensor likelihood = net_->log_likelihood(seen, q.mean + q.variance.sqrt() * noise, true);
    const Tensor divergence = 0.5 * (q.mean.square() + q.variance - q.variance.log() - 1).sum(1);
    const double weight = std::min(1.0, 0.1 + 0.9 * progress / kWarmUp);
    const Tensor loss = (weight * divergence - likelihood).mean() / numbers_;
    step(loss, progress, "pre-training", epoch);
    sum += loss.item<double>();
  }
  if (options_.metric) options_.metric("pima/pretraining", epoch, -sum / count * numbers_);
}

void PimaTrainer::pretrain() {
  make_optimiser(1);
  const int epochs = epochs_of(options_.pretrain_epochs);
  const double all = epochs + epochs_of(options_.epochs);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    pretrain_epoch(epoch, epochs);
    if (options_.advance) options_.advance(1 / all);
  }
}

void PimaTrainer::start() {
  const torch::NoGradGuard no_gradient;
  const Cached cached = cache();
  if (options_.start == "grid") {
    start_on_grid(cached);
    if (options_.encoders_held) hold_encoders();
    counts_ = Tensor();
    const Cached aligned = everybody();
    for (int r = 0; r < kRounds; ++r) counts_ = round(aligned, true);
    return;
  }
  if (options_.encoders_held) hold_encoders();
  net_->mixture() = options_.start == "published"
                        ? published_start(net_->nodes(), cached.q, generator_)
                        : additive_start(net_->nodes(), cached.q, kStarts, generator_);
  counts_ = Tensor();
  for (int r = 0; r < kStartRounds; ++r) counts_ = round(cached, true);
  split_and_merge();
}

void PimaTrainer::gradient_epoch(int epoch) {
  net_->train(true);
  BatchReader batches =
      reader(shuffled(train_, options_.seed * 7919 + 1000003 + static_cast<unsigned>(epoch)));
  const auto count = static_cast<double>(batches.batches());
  Batch batch;
  for (double at = 0; batches.next(batch); ++at) {
    const std::vector<Seen> seen = usable(batch);
    if (seen[0].x.size(0) < 2) continue;
    const Tensor kept = keep(seen);
    const Tensor noise = torch::randn({kept.size(1), net_->latents()}, generator_);
    const Posterior q = posterior(batch, seen, kept);
    const Tensor loss = -net_->bound(seen, q, noise).mean() / numbers_;
    step(loss, (epoch + at / count) / epochs_, "training", epoch);
  }
}

double PimaTrainer::bound(const std::vector<std::uint32_t>& rows) const {
  const torch::NoGradGuard no_gradient;
  net_->train(false);
  at::Generator generator = torch::make_generator<at::CPUGeneratorImpl>(options_.seed + 5);
  BatchReader batches = reader(rows);
  Batch batch;
  double sum = 0;
  double people = 0;
  while (batches.next(batch)) {
    const std::vector<Seen> seen = usable(batch);
    const auto count = static_cast<std::int64_t>(batch.rows.size());
    if (count == 0) continue;
    const Posterior q = posterior(batch, seen);
    for (int draw = 0; draw < kDraws; ++draw) {
      const Tensor noise = torch::randn({count, net_->latents()}, generator);
      sum += net_->bound(seen, q, noise).sum().item<double>() / kDraws;
    }
    people += static_cast<double>(count);
  }
  return sum / std::max(1.0, people);
}

void PimaTrainer::finish() {
  const torch::NoGradGuard no_gradient;
  LearnedNetwork network = learner_->finish(counts_);
  const Cached cached = everybody();
  for (int r = 0; r < kRounds; ++r) {
    net_->mixture().log_joint = network.log_joint.to(torch::kFloat);
    round(cached, true);
    counts_ = round(cached, false);
    network.log_joint = fitted_log_joint(net_->nodes(), network.parents, counts_, 1e-3);
  }
  net_->mixture().log_joint = network.log_joint.to(torch::kFloat);
  if (network.edges.defined()) edges_ = network.edges;
  PimaNetwork result;
  const Tensor edges = edges_.contiguous();
  result.edges.assign(edges.data_ptr<double>(), edges.data_ptr<double>() + edges.numel());
  result.parents = network.parents;
  const double people = std::max(1.0, counts_.sum().item<double>());
  const double price = price_of(people);
  const double score = network_score(net_->nodes(), network.parents, counts_, price);
  for (std::size_t k = 0; k < network.parents.size(); ++k) {
    std::vector<bool> without = network.parents;
    without[k] = false;
    result.margins.push_back(network.parents[k]
                                 ? (score - network_score(net_->nodes(), without, counts_, price)) /
                                       people
                                 : 0);
  }
  net_->set_network(std::move(result));
  net_->publish();
}

std::unique_ptr<PimaNet> PimaTrainer::run() {
  scale();
  pretrain();
  start();
  make_optimiser(options_.encoders_held ? 0 : 1);
  epochs_ = epochs_of(options_.epochs);
  const double all = epochs_ + epochs_of(options_.pretrain_epochs);
  block_update(1, options_.first_temperature);
  for (int epoch = 0; epoch < epochs_; ++epoch) {
    const double share = epochs_ > 1 ? static_cast<double>(epoch) / (epochs_ - 1) : 1;
    const double beta = options_.first_temperature *
                        std::pow(options_.last_temperature / options_.first_temperature, share);
    gradient_epoch(epoch);
    block_update(kRounds, beta);
    if (options_.metric) {
      options_.metric("pima/bound", epoch, bound(held_out_));
      options_.metric("pima/network", epoch, network_objective_);
    }
    if (options_.advance) options_.advance(1 / all);
  }
  finish();
  const double people = std::max(1.0, counts_.sum().item<double>());
  PimaQuality quality = judged(*net_, readers_, held_out_, options_.batch, counts_);
  quality.bound = bound(held_out_);
  quality.divergence = divergence_;
  const double price = price_of(people) / people;
  Tensor parents = torch::zeros({1, net_->nodes().count(), net_->nodes().count()}, torch::kDouble);
  for (std::size_t k = 0; k < net_->network().parents.size(); ++k)
    parents.view({-1})[static_cast<std::int64_t>(k)] = net_->network().parents[k] ? 1.0 : 0.0;
  quality.objective =
      quality.bound - price * free_probabilities(net_->nodes(), parents).item<double>();
  net_->set_quality(std::move(quality));
  net_->train(false);
  return std::move(net_);
}

std::vector<float> PimaTrainer::pretrained() {
  scale();
  pretrain();
  return flat(cache().q.mean);
}

std::unique_ptr<PimaModel> fit_pima_networks(const std::vector<PimaInput>& inputs,
                                             const std::vector<std::uint32_t>& train,
                                             const std::vector<std::uint32_t>& held_out,
                                             const PimaOptions& options) {
  return PimaTrainer(inputs, train, held_out, options).run();
}

}  // namespace polycause
